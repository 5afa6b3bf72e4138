package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of cpu.patch; a test compares them with the Go struct.
const (
	patchAt    = 0   // addresses of the pixels, up to 36
	patchAll   = 288 // address of the transformed patch
	patchStep  = 296 // bytes from one of its elements to the next
	patchN     = 304 // channels, at least 8
	patchTemp  = 312 // address of scratch for 36 vectors
	patchBias  = 320 // address of the bias, or 0
	patchAhead = 328 // bytes to the pixels of the next patch
	patchFloor = 336 // float32: 0 for ReLU, else -Inf
)

// storeAhead is how many bytes before it is written memory is fetched: as many
// streams as there are elements are more than a processor recognises.
const storeAhead = 128

// along is a transform along one axis: it may use up its arguments.
type along struct {
	in, out int
	apply   func(w winograd, x []vec) []vec
	consts  []float32
}

// winograd emits the arithmetic of the transforms.
type winograd struct {
	gen
}

// The interpolation points of F(4×4, 3×3) are 0, ±root, ±1/root and infinity.
const (
	root  = math.Sqrt2
	near  = -2. / 3 // of the weights at ±1/root
	far   = 1. / 6  // and at ±root
	cube  = root * root * root
	small = 1 / root
)

var (
	input2       = along{4, 4, winograd.input2, nil}
	input4       = along{6, 6, winograd.input4, []float32{0.5, 2, 2.5, small, root}}
	output2      = along{4, 2, winograd.output2, nil}
	output4      = along{6, 4, winograd.output4, []float32{0.5, 2, small, root, 1 / cube, cube}}
	weights2     = along{3, 4, winograd.weights2, []float32{0.5}}
	weights4     = along{3, 6, winograd.weights4, []float32{near, near / 2, near * small, far, far * 2, far * root}}
	outputGrad2  = along{2, 4, winograd.outputGrad2, []float32{0}}
	outputGrad4  = along{4, 6, winograd.outputGrad4, []float32{0.5, 2, small, root, 1 / cube, cube}}
	weightsGrad2 = along{4, 3, winograd.weightsGrad2, []float32{0.5}}
	weightsGrad4 = along{6, 3, winograd.weightsGrad4, []float32{near, near / 2, near * small, far, far * 2, far * root}}
)

// winograds writes the transforms of F(2×2, 3×3) and F(4×4, 3×3).
func winograds(g gen) {
	g.spread("winogradInput2", input2)
	g.spread("winogradInput4", input4)
	g.spread("winogradWeights2", weights2)
	g.spread("winogradWeights4", weights4)
	g.spread("winogradOutputGrad2", outputGrad2)
	g.spread("winogradOutputGrad4", outputGrad4)
	g.collect("winogradOutput2", output2, true)
	g.collect("winogradOutput4", output4, true)
	g.collect("winogradWeightsGrad2", weightsGrad2, false)
	g.collect("winogradWeightsGrad4", weightsGrad4, false)
}

// spread transforms in×in pixels, found by their addresses, to out×out elements
// at even distances: first the columns, into scratch, then the rows. The next
// patch's pixels are on their way meanwhile.
func (g gen) spread(name string, a along) {
	w, p, idx := g.beginWinograd(name, a, "transforms pixels of 8 channels and more to a patch")
	temp := g.field(p, patchTemp)
	ptr, ahead := g.GP64(), g.ahead(p, idx)
	for j := range a.in {
		var x []vec
		for i := range a.in {
			g.MOVQ(Mem{Base: p, Disp: patchAt + 8*(i*a.in+j)}, ptr)
			x = append(x, g.loaded(Mem{Base: ptr, Index: idx, Scale: 1}))
			if a.in != a.out || j >= 2 { // input patches overlap by two columns
				g.PREFETCHT0(Mem{Base: ptr, Index: ahead, Scale: 1})
			}
		}
		for u, y := range a.apply(w, x) {
			g.VMOVUPS(y, Mem{Base: temp, Disp: 32 * (u*a.in + j)})
		}
	}
	s := g.startPatch(p, idx, a.out)
	for u := range a.out {
		var x []vec
		for j := range a.in {
			x = append(x, g.loaded(Mem{Base: temp, Disp: 32 * (u*a.in + j)}))
		}
		for v, y := range a.apply(w, x) {
			g.VMOVUPS(y, s.at(v))
			g.PREFETCHT0(s.at(v).Offset(storeAhead))
		}
		s.next(g)
	}
	g.endWinograd(p, idx)
}

// collect transforms in×in elements at even distances to out×out pixels: first
// the rows, into scratch, then the columns.
func (g gen) collect(name string, a along, epilogue bool) {
	w, p, idx := g.beginWinograd(name, a, "transforms a patch to pixels of 8 channels and more")
	temp := g.field(p, patchTemp)
	s := g.startPatch(p, idx, a.in)
	for u := range a.in {
		var x []vec
		for v := range a.in {
			x = append(x, g.loaded(s.at(v)))
		}
		s.next(g)
		for q, y := range a.apply(w, x) {
			g.VMOVUPS(y, Mem{Base: temp, Disp: 32 * (u*a.out + q)})
		}
	}
	var bias, floor vec
	ptr, ahead := g.GP64(), g.ahead(p, idx)
	if epilogue {
		bias, floor = g.YMM(), g.YMM()
		g.VXORPS(bias, bias, bias)
		g.MOVQ(Mem{Base: p, Disp: patchBias}, ptr)
		g.TESTQ(ptr, ptr)
		g.JZ(LabelRef("noBias"))
		g.VMOVUPS(Mem{Base: ptr, Index: idx, Scale: 1}, bias)
		g.Label("noBias")
		g.VBROADCASTSS(Mem{Base: p, Disp: patchFloor}, floor)
	}
	for q := range a.out {
		var x []vec
		for u := range a.in {
			x = append(x, g.loaded(Mem{Base: temp, Disp: 32 * (u*a.out + q)}))
		}
		for r, y := range a.apply(w, x) {
			if epilogue {
				g.VADDPS(bias, y, y)
				g.VMAXPS(y, floor, y)
			}
			g.MOVQ(Mem{Base: p, Disp: patchAt + 8*(r*a.out+q)}, ptr)
			g.VMOVUPS(y, Mem{Base: ptr, Index: idx, Scale: 1})
			g.PREFETCHT0(Mem{Base: ptr, Index: ahead, Scale: 1})
		}
	}
	g.endWinograd(p, idx)
}

// beginWinograd opens the loop over groups of eight channels; idx is their
// byte offset.
func (g gen) beginWinograd(name string, a along, doc string) (w winograd, p, idx reg.GPVirtual) {
	g.Doc(fmt.Sprintf("%s %s, %d×%d to %d×%d; see patch.", g.function(name), doc, a.in, a.in, a.out, a.out))
	g.SignatureExpr("func(p *byte)")
	p = g.Load(g.Param("p"), g.GP64()).(reg.GPVirtual)
	w = winograd{g}
	g.holdAll(a.consts...)
	idx = g.GP64()
	g.XORQ(idx, idx)
	g.Label("group")
	return w, p, idx
}

// endWinograd goes on with the next group. The last one may begin inside the
// one before: equal results are written twice.
func (g gen) endWinograd(p, idx reg.GPVirtual) {
	last := g.GP64()
	g.MOVQ(Mem{Base: p, Disp: patchN}, last)
	g.SHLQ(U8(2), last)
	g.SUBQ(U32(32), last)
	g.CMPQ(idx, last)
	g.JGE(LabelRef("done"))
	g.ADDQ(U32(32), idx)
	g.CMPQ(idx, last)
	g.JLE(LabelRef("group"))
	g.MOVQ(last, idx)
	g.JMP(LabelRef("group"))
	g.Label("done")
	g.VZEROUPPER()
	g.RET()
}

// ahead is the offset of the next patch's pixels.
func (g gen) ahead(p, idx reg.GPVirtual) reg.GPVirtual {
	r := g.field(p, patchAhead)
	g.ADDQ(idx, r)
	return r
}

func (g gen) field(p reg.GPVirtual, off int) reg.GPVirtual {
	r := g.GP64()
	g.MOVQ(Mem{Base: p, Disp: off}, r)
	return r
}

func (g gen) loaded(m Mem) vec {
	y := g.YMM()
	g.VMOVUPS(m, y)
	return y
}

// patchRow walks the rows of a transformed patch.
type patchRow struct {
	base, step, three, five reg.GPVirtual
	n                       int
}

func (g gen) startPatch(p, idx reg.GPVirtual, n int) patchRow {
	s := patchRow{g.field(p, patchAll), g.field(p, patchStep), g.GP64(), g.GP64(), n}
	g.ADDQ(idx, s.base)
	g.LEAQ(Mem{Base: s.step, Index: s.step, Scale: 2}, s.three)
	g.LEAQ(Mem{Base: s.step, Index: s.step, Scale: 4}, s.five)
	return s
}

// at is element v of the row.
func (s patchRow) at(v int) Mem {
	m := Mem{Base: s.base, Index: s.step, Scale: 1}
	switch v {
	case 0:
		return Mem{Base: s.base}
	case 2, 4:
		m.Scale = uint8(v)
	case 3:
		m.Index = s.three
	case 5:
		m.Index = s.five
	}
	return m
}

func (s patchRow) next(g gen) {
	if s.n == 4 {
		g.LEAQ(Mem{Base: s.base, Index: s.step, Scale: 4}, s.base)
		return
	}
	g.LEAQ(Mem{Base: s.base, Index: s.three, Scale: 2}, s.base)
}
