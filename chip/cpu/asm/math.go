package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
)

// The polynomials below were fitted by fit.py, least maximum relative error.
var (
	expPoly  = []float32{5.000000078e-01, 1.666666686e-01, 4.166626969e-02, 8.333265417e-03, 1.394608676e-03, 1.991783025e-04}
	logPoly  = []float32{3.333331044e-01, -2.499998662e-01, 2.000222670e-01, -1.666924958e-01, 1.421865565e-01, -1.238436846e-01, 1.187301293e-01, -1.178970503e-01, 6.915165530e-02}
	tanhPoly = []float32{-3.333333091e-01, 1.333320976e-01, -5.394720427e-02, 2.170296711e-02, -8.182673868e-03, 2.147536872e-03}
	erfPoly  = []float32{1.283791665e-01, -3.761263229e-01, 1.128367255e-01, -2.685810429e-02, 5.197797167e-03, -8.105965117e-04, 8.215423702e-05}
	cdfP     = []float32{3.989422321e-01, 3.385277465e-02, 4.677268676e-03, 1.688270131e-04, 6.352132004e-06, 2.274933841e-08}
	cdfQ     = []float32{1, 2.515222430e-01, 2.864594571e-02, 1.884452417e-03, 7.364796329e-05, 1.197504162e-06}
	erfcPoly = []float32{-1.286690431e-01, -6.350682623e-01, -1.063736092e-01, 2.387934279e-02, -3.697695756e-03, 3.363403320e-04, -1.257922875e-05}
)

// functions writes exp and its relatives.
func functions(g gen) {
	unary := func(name, doc string, f func(x vec) vec) {
		g.mapFn(name, doc, 1, 1, func(in []vec) vec { return f(in[0]) })
	}
	unary("exp", "exp(a)", g.exp)
	unary("log", "the natural logarithm of a", g.log)
	unary("tanh", "tanh(a)", g.tanh)
	unary("sigmoid", "1/(1+exp(-a))", g.sigmoid)
	unary("erf", "erf(a)", g.erf)
	unary("cdf", "the normal distribution function of a", g.cdf)
	unary("silu", "a·sigmoid(a)", func(x vec) vec { return g.op2(g.VMULPS, x, g.sigmoid(x)) })
	unary("gelu", "a times the normal distribution function of a", func(x vec) vec { return g.op2(g.VMULPS, x, g.cdf(x)) })
}

// horner evaluates Σ p[i]·x^i.
func (g gen) horner(p []float32, x vec) vec {
	y := g.mem(p[len(p)-1])
	for i := len(p) - 2; i >= 0; i-- {
		g.VFMADD213PS(g.fixed(p[i]), x, y)
	}
	return y
}

// exp splits x = n·ln2 + r with |r| ≤ ln2/2 and multiplies 1 + r + r²·P(r) by 2^n.
func (g gen) exp(x vec) vec {
	r := g.vec()
	g.VMINPS(x, g.fixed(89), r) // the second operand's NaN survives
	g.VMAXPS(r, g.fixed(-104), r)
	n := g.op2(g.VMULPS, r, g.fixed(math.Log2E))
	g.round(toEven, n, n)
	g.VFNMADD231PS(g.fixed(0.693359375), n, r)
	g.VFNMADD231PS(g.fixed(-2.12194440e-4), n, r)
	y := g.horner(expPoly, r)
	rr := g.op2(g.VMULPS, r, r)
	g.VFMADD213PS(r, rr, y)
	g.VADDPS(g.fixed(1), y, y)
	return g.powered(y, n)
}

// powered is y·2^n for whole n, in AVX2 in two halves, so that results below the
// normal range come out too.
func (g gen) powered(y, n vec) vec {
	if g.masked() {
		g.VSCALEFPS(n, y, y)
		return y
	}
	whole, half := g.vec(), g.vec()
	g.VCVTPS2DQ(n, whole)
	g.VPSRAD(U8(1), whole, half)
	g.VPSUBD(half, whole, whole)
	for _, e := range []vec{half, whole} {
		g.VPADDD(g.ints(127), e, e)
		g.VPSLLD(U8(23), e, e)
		g.VMULPS(e, y, y)
	}
	return y
}

// ints broadcasts a 32-bit integer.
func (g gen) ints(x uint32) vec {
	r := g.vec()
	g.VPBROADCASTD(g.word(x), r)
	return r
}

// log writes x = 2^e·(1+f) with 1+f in [√½, √2): e·ln2 + f - f²/2 + f³·P(f).
func (g gen) log(x vec) vec {
	m, e := g.vec(), g.vec()
	tiny := g.compare(x, less, g.mem(math.Float32frombits(0x00800000))) // below the normal range
	scaled := g.op2(g.VMULPS, x, g.mem(1<<23))
	g.blend(tiny, scaled, x, m)
	// e counts from √½: the mantissa's leading bits decide the half.
	g.VPSUBD(g.ints(math.Float32bits(math.Sqrt2/2)), m, e)
	g.VPSRAD(U8(23), e, e)
	shift := g.vec()
	g.VPSLLD(U8(23), e, shift)
	f := g.vec()
	g.VPSUBD(shift, m, f)
	g.VSUBPS(g.mem(1), f, f)
	ef := g.vec()
	g.VCVTDQ2PS(e, ef)
	g.VSUBPS(g.chosen(tiny, g.mem(23)), ef, ef)
	y := g.horner(logPoly, f)
	ff := g.op2(g.VMULPS, f, f)
	g.VMULPS(f, y, y)
	g.VMULPS(ff, y, y)
	g.VFMADD231PS(g.mem(-2.12194440e-4), ef, y)
	g.VFNMADD231PS(g.mem(0.5), ff, y)
	g.VADDPS(f, y, y)
	g.VFMADD231PS(g.mem(0.693359375), ef, y)
	return g.logEdges(x, y)
}

// logEdges puts in what the formula misses: NaN below 0, -Inf at 0, x itself at
// +Inf and NaN.
func (g gen) logEdges(x, y vec) vec {
	zero := g.zero()
	g.spoil(g.compare(x, less, zero), y)
	g.blend(g.compare(x, equal, zero), g.mem(float32(math.Inf(-1))), y, y)
	g.blend(g.compare(x, notAtMost, g.mem(math.MaxFloat32)), x, y, y)
	return y
}

// cdf is 1/2 + x·P(x²)/Q(x²) of x within ±5.5, where the rest rounds away. It
// has a quarter of the operations of (1+erf(x/√2))/2, which needs exp.
func (g gen) cdf(x vec) vec {
	t := g.vec()
	g.VMINPS(x, g.fixed(5.5), t) // the second operand's NaN survives
	g.VMAXPS(t, g.fixed(-5.5), t)
	z := g.op2(g.VMULPS, t, t)
	p, q := g.horner(cdfP, z), g.horner(cdfQ, z)
	g.VMULPS(t, p, p)
	g.VDIVPS(q, p, p)
	return g.op2(g.VADDPS, p, g.fixed(0.5))
}

// sigmoid is 1/(1+exp(-x)).
func (g gen) sigmoid(x vec) vec {
	e := g.exp(g.op2(g.VXORPS, x, g.fixed(float32(math.Copysign(0, -1)))))
	g.VADDPS(g.fixed(1), e, e)
	return g.op2(g.VDIVPS, g.fixed(1), e)
}

// tanh is x + x³·P(x²) near 0 and 1 - 2/(exp(2|x|)+1) with x's sign elsewhere.
func (g gen) tanh(x vec) vec {
	sign := g.op2(g.VANDPS, x, g.fixed(float32(math.Copysign(0, -1))))
	a := g.op2(g.VXORPS, x, sign)
	e := g.exp(g.op2(g.VADDPS, a, a))
	g.VADDPS(g.fixed(1), e, e)
	far := g.op2(g.VDIVPS, g.fixed(2), e)
	g.VSUBPS(far, g.fixed(1), far)
	g.VORPS(sign, far, far)
	z := g.op2(g.VMULPS, x, x)
	near := g.horner(tanhPoly, z)
	g.VMULPS(x, z, z)
	g.VFMADD213PS(x, z, near)
	g.blend(g.compare(a, less, g.fixed(0.625)), near, far, far)
	return far
}

// erf is x + x·P(x²) near 0 and 1 - exp(-t + t·Q(t)) of t = |x| elsewhere.
func (g gen) erf(x vec) vec {
	sign := g.op2(g.VANDPS, x, g.fixed(float32(math.Copysign(0, -1))))
	a := g.op2(g.VXORPS, x, sign)
	t := g.vec()
	g.VMINPS(a, g.fixed(4), t)
	q := g.horner(erfcPoly, t)
	g.VFMSUB213PS(t, t, q)
	far := g.exp(q)
	g.VSUBPS(far, g.fixed(1), far)
	g.VORPS(sign, far, far)
	z := g.op2(g.VMULPS, x, x)
	near := g.horner(erfPoly, z)
	g.VFMADD213PS(x, x, near)
	g.blend(g.compare(a, less, g.fixed(0.95)), near, far, far)
	return far
}
