package cpu

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// updateVectors are a tier's optimiser steps over contiguous slices.
type updateVectors struct {
	sgd   func(p, g, v []float32, s sgdStep) // v is nil without momentum
	adamW func(p, g, m, v []float32, s adamStep)
	lerp  func(a, b []float32, w float32) // a += w·(b-a)
}

// sgdStep are the scalars of one SGD step.
type sgdStep struct {
	lr, scale, decay, momentum float32
	nesterov                   bool
}

// adamStep are the scalars of one AdamW step:
// m = b1·m + c1·g, v = b2·v + c2·g², p = keep·p - rate·m/(sqrt(v)·root + eps).
type adamStep struct{ scale, b1, c1, b2, c2, keep, rate, root, eps float32 }

var goUpdates = updateVectors{sgd: goSGD, adamW: goAdamW, lerp: func(a, b []float32, w float32) {
	b = b[:len(a)]
	for i, v := range a {
		a[i] = v + w*(b[i]-v)
	}
}}

func goSGD(p, g, v []float32, s sgdStep) {
	g = g[:len(p)]
	if v == nil {
		for i, x := range p {
			p[i] = x - s.lr*(g[i]*s.scale+s.decay*x)
		}
		return
	}
	v = v[:len(p)]
	for i, x := range p {
		d := g[i]*s.scale + s.decay*x
		v[i] = s.momentum*v[i] + d
		if s.nesterov {
			d += s.momentum * v[i]
		} else {
			d = v[i]
		}
		p[i] = x - s.lr*d
	}
}

func goAdamW(p, g, m, v []float32, s adamStep) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	for i, x := range p {
		d := g[i] * s.scale
		m[i] = s.b1*m[i] + s.c1*d
		v[i] = s.b2*v[i] + s.c2*d*d
		p[i] = s.keep*x - s.rate*m[i]/(float32(math.Sqrt(float64(v[i])))*s.root+s.eps)
	}
}

// updateGrain is how many elements of an update are worth a part of their own.
const updateGrain = 16 * 1024

func (c *call) sgd(op *chip.SGD) kernel {
	p, g := c.out[0], c.in[1]
	n := 2
	if op.Momentum != 0 {
		n = 3
	}
	if k := c.adopt(n - 1); k != nil {
		return inOrder(k, c.sgdOf(op, p, g, n))
	}
	return c.sgdOf(op, p, g, n)
}

func (c *call) sgdOf(op *chip.SGD, p, g *view, n int) kernel {
	return c.each(c.ins[0].Len(), updateGrain, func(lo, hi, _ int) {
		s := sgdStep{c.in[n].f32()[0], c.in[n+1].f32()[0], op.Decay, op.Momentum, op.Nesterov}
		var v []float32
		if n == 3 {
			v = c.out[1].f32()[lo:hi]
		}
		c.tier.sgd(p.f32()[lo:hi], g.f32()[lo:hi], v, s)
	})
}

func (c *call) adamW(op *chip.AdamW) kernel {
	update := c.each(c.ins[0].Len(), updateGrain, func(lo, hi, _ int) {
		s := adamScalars(op, c.in[4].f32()[0], c.in[5].i64()[0], c.in[6].f32()[0])
		c.tier.adamW(c.out[0].f32()[lo:hi], c.in[1].f32()[lo:hi], c.out[1].f32()[lo:hi], c.out[2].f32()[lo:hi], s)
	})
	if k := c.adopt(3); k != nil {
		return inOrder(k, update)
	}
	return update
}

// adamScalars folds both bias corrections into the step's scalars.
func adamScalars(op *chip.AdamW, lr float32, step int64, scale float32) adamStep {
	t := float64(max(step, 1))
	c1 := 1 - math.Pow(float64(op.Beta1), t)
	c2 := 1 - math.Pow(float64(op.Beta2), t)
	return adamStep{scale: scale, b1: op.Beta1, c1: 1 - op.Beta1, b2: op.Beta2, c2: 1 - op.Beta2,
		keep: 1 - lr*op.Decay, rate: float32(float64(lr) / c1), root: float32(1 / math.Sqrt(c2)), eps: op.Eps}
}

func (c *call) lerp(op *chip.Lerp) kernel {
	update := c.each(c.ins[0].Len(), updateGrain, func(lo, hi, _ int) {
		c.tier.lerp(c.out[0].f32()[lo:hi], c.in[1].f32()[lo:hi], op.W)
	})
	if k := c.adopt(1); k != nil {
		return inOrder(k, update)
	}
	return update
}

// adopt copies the updated arguments (p, then the states) to the outputs of
// programs that do not let them share storage; nil when all do.
func (c *call) adopt(n int) kernel {
	var ks []kernel
	for i := range n {
		arg := i
		if i > 0 {
			arg = i + 1 // behind the gradient
		}
		if a, o := c.ins[arg], c.outs[i]; a.Kind == o.Kind && (a.Kind == chip.Temp && a.Offset == o.Offset || a.Kind != chip.Temp && a.Index == o.Index) {
			continue
		}
		from, to := c.in[arg], c.out[i]
		ks = append(ks, func() error { copy(to.f32(), from.f32()); return nil })
	}
	if ks == nil {
		return nil
	}
	return inOrder(ks...)
}
