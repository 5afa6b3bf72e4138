package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// wideView is a BFloat16 operand in float32, at floats into the scratch of
// widened operands.
type wideView struct {
	v  *view
	at int
}

// widened lowers an instruction. The kernels of products read float32, but for
// those of pairs, so factors in BFloat16 are first converted into scratch, which
// all instructions share.
func (c *call) widened(op chip.Op) (kernel, error) {
	switch op := op.(type) {
	case *chip.Gemm:
		if c.inPairs(op) {
			return c.lower(op)
		}
	case *chip.Conv, *chip.ConvGradInput, *chip.ConvGradWeight:
	default:
		return c.lower(op)
	}
	var ks []kernel
	at := 0
	for i := range c.ins {
		if c.ins[i].DType != chip.BFloat16 {
			continue
		}
		const lineFloats = 16
		n := c.ins[i].Len()
		from, to := c.in[i], &view{n: n}
		c.wide = append(c.wide, wideView{to, at})
		at += (n + lineFloats - 1) / lineFloats * lineFloats
		ks = append(ks, c.each(n, 16*1024, func(lo, hi, _ int) {
			c.tier.widen(to.f32()[lo:hi], of[chip.BFloat](from)[lo:hi])
		}))
		c.ins[i].DType = chip.Float32
		c.in[i] = to
	}
	c.wideLen = max(c.wideLen, at)
	k, err := c.lower(op)
	if err != nil || len(ks) == 0 {
		return k, err
	}
	return inOrder(append(ks, k)...), nil
}

// placeWide allocates the scratch of widened operands.
func (x *executable) placeWide() {
	scratch := alignedFloats(x.wideLen)
	for _, w := range x.wide {
		if w.v.n > 0 {
			w.v.p = unsafe.Pointer(unsafe.SliceData(scratch[w.at:]))
		}
	}
}

// castBFloat converts to or from BFloat16, by way of float32.
func (c *call) castBFloat(from, to chip.DType) kernel {
	if from == chip.BFloat16 && to == chip.Float32 {
		return c.each(c.ins[0].Len(), 16*1024, func(lo, hi, _ int) {
			c.tier.widen(c.out[0].f32()[lo:hi], of[chip.BFloat](c.in[0])[lo:hi])
		})
	}
	if from == chip.Float32 {
		return c.each(c.ins[0].Len(), 16*1024, func(lo, hi, _ int) {
			c.tier.shorten(of[chip.BFloat](c.out[0])[lo:hi], c.in[0].f32()[lo:hi])
		})
	}
	scratch := make([]float32, c.ins[0].Len())
	middle := &view{p: unsafe.Pointer(unsafe.SliceData(scratch)), n: len(scratch)}
	value := chip.Value{DType: chip.Float32, Shape: c.ins[0].Shape}
	first, second := *c, *c
	first.outs, first.out = []chip.Value{value}, []*view{middle}
	second.ins, second.in = []chip.Value{value}, []*view{middle}
	return inOrder(first.cast(), second.cast())
}

// bfloats convert to and from BFloat16.
type bfloats struct {
	widen   func(dst []float32, src []chip.BFloat)
	shorten func(dst []chip.BFloat, src []float32) // to nearest, ties to even
}

var goBFloats = bfloats{goWiden, goShorten}

func goWiden(dst []float32, src []chip.BFloat) {
	for i, h := range src {
		dst[i] = h.Float32()
	}
}

func goShorten(dst []chip.BFloat, src []float32) {
	for i, v := range src {
		dst[i] = chip.RoundBFloat(v)
	}
}

func spreadBFloat[T float32 | int64](dst []T, src []chip.BFloat, stride int) {
	for i := range dst {
		dst[i] = T(src[i*stride].Float32())
	}
}
