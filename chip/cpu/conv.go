package cpu

import "github.com/macaw-ai/macaw/chip"

// conv prepares a convolution.
func (c *call) conv(op *chip.Conv) kernel {
	x, y := c.ins[0].Shape, c.outs[0].Shape
	if c.outs[0].Len() == 0 {
		return nothing
	}
	if k := c.pointwise(op); k != nil {
		return k
	}
	s := &sliding{call: c, n: x[0], h: x[1], w: x[2], c: x[3], rows: y[1], cols: y[2], k: y[3], groups: op.Groups,
		stepH: op.StrideH, stepW: op.StrideW, originH: -op.PadTop, originW: -op.PadLeft, act: op.Act,
		in: c.in[0], out: c.out[0], outImage: y[1] * y[2] * y[3], outRow: y[2] * y[3], outCol: y[3]}
	if op.Bias {
		s.bias = c.in[2]
	}
	for i := range op.KH * op.KW {
		s.taps = append(s.taps, tap{i / op.KW * op.DilationH, i % op.KW * op.DilationW, i})
	}
	s.spanH, s.spanW = (op.KH-1)*op.DilationH+1, (op.KW-1)*op.DilationW+1
	if x[3] == op.Groups && y[3] == op.Groups {
		return s.depthwise(c.in[1])
	}
	if k := s.winograd(false); k != nil {
		return k
	}
	s.plan()
	if c.fixed(1) {
		s.weights = prepack(c, 1, convLayout{[4]int(c.ins[1].Shape), s.groups}, s.packedFloats()+packSlack, func(dst []float32) {
			for u := range s.groups * len(s.panels) {
				s.packForward(dst, c.in[1], u)
			}
		})
		return s.kernel()
	}
	c.wantShared(s.packedFloats() + packSlack)
	pack := s.each(s.groups*len(s.panels), 1+16*1024/(len(s.taps)*s.c/s.groups*s.tier.cols), func(lo, hi, _ int) {
		for u := lo; u < hi; u++ {
			s.packForward(s.shared, c.in[1], u)
		}
	})
	return inOrder(pack, s.kernel())
}

// convLayout describes a constant filter's packing.
type convLayout struct {
	shape  [4]int
	groups int
}

func nothing() error { return nil }

// pointwise runs a 1x1 convolution that moves by one and has no padding as a
// matrix product.
func (c *call) pointwise(op *chip.Conv) kernel {
	g, x, y := op.Window, c.ins[0].Shape, c.outs[0].Shape
	if op.Groups != 1 || g.KH*g.KW != 1 || g.StrideH*g.StrideW != 1 || y[1] != x[1] || y[2] != x[2] || g.PadTop+g.PadLeft != 0 {
		return nil
	}
	return c.productOf(&chip.Gemm{Bias: op.Bias, Act: op.Act},
		c.flat(0, x[0]*x[1]*x[2], x[3]), c.flat(1, x[3], y[3]), chip.Value{DType: chip.Float32, Shape: []int{x[0] * x[1] * x[2], y[3]}})
}

// flat is an argument seen as a matrix.
func (c *call) flat(arg, rows, cols int) chip.Value {
	v := c.ins[arg]
	v.Shape = []int{rows, cols}
	return v
}

// productOf prepares a matrix product of the call's own arguments under other shapes.
func (c *call) productOf(op *chip.Gemm, a, b, out chip.Value) kernel {
	m := *c
	m.ins = append([]chip.Value{a, b}, c.ins[2:]...)
	m.outs = []chip.Value{out}
	return m.gemm(op)
}

// packForward packs part u of the weights [KH,KW,C/groups,K]: a panel of a group.
func (s *sliding) packForward(packed []float32, w *view, u int) {
	kg := s.k / s.groups
	depth := len(s.taps) * s.c / s.groups
	g, p := u/len(s.panels), u%len(s.panels)
	b := matrixAt{address(w) + uintptr(4*g*kg), s.k, 1}
	s.tier.packPanels(packed[g*depth*packedWidth(s.panels):], b, depth, s.panels[p:p+1], depth, 0)
}

// convGradInput prepares the gradient by the input: dx[h] sums w[kh]·dy[i] over
// the taps with i·stride + kh·dilation = h + pad. Those h that leave the same
// rest by the stride share their taps and form a convolution of dy.
func (c *call) convGradInput(op *chip.ConvGradInput) kernel {
	if c.outs[0].Len() == 0 {
		return nothing
	}
	x, y := c.outs[0].Shape, c.ins[0].Shape
	g := op.Window
	if op.Groups == 1 && g.KH*g.KW == 1 && g.StrideH*g.StrideW == 1 && y[1] == x[1] && y[2] == x[2] && g.PadTop+g.PadLeft == 0 {
		return c.productOf(&chip.Gemm{TransB: true}, c.flat(0, x[0]*x[1]*x[2], y[3]), c.flat(1, x[3], y[3]),
			chip.Value{DType: chip.Float32, Shape: []int{x[0] * x[1] * x[2], x[3]}})
	}
	var ks []kernel
	packed := 0
	for rh := range min(g.StrideH, x[1]) {
		for rw := range min(g.StrideW, x[2]) {
			s := c.phase(op, rh, rw)
			if s.depthwiseLike() {
				ks = append(ks, s.depthwise(c.in[1]))
				continue
			}
			if k := s.winograd(true); k != nil {
				return k
			}
			s.plan()
			s.packed = packed
			packed += s.packedFloats()
			ks = append(ks, s.packBackward(c.in[1], x[3]), s.kernel())
		}
	}
	c.wantShared(packed + packSlack)
	return inOrder(ks...)
}

func (s *sliding) depthwiseLike() bool { return s.c == s.groups && s.k == s.groups }

// phase is the convolution that computes dx at rows h0, h0+stride, ... and
// columns w0, w0+stride, ...
func (c *call) phase(op *chip.ConvGradInput, h0, w0 int) *sliding {
	x, y, g := c.outs[0].Shape, c.ins[0].Shape, op.Window
	s := &sliding{call: c, n: y[0], h: y[1], w: y[2], c: y[3], k: x[3], groups: op.Groups, stepH: 1, stepW: 1,
		rows: (x[1] - h0 + g.StrideH - 1) / g.StrideH, cols: (x[2] - w0 + g.StrideW - 1) / g.StrideW,
		in: c.in[0], out: c.out[0], outAt: (h0*x[2] + w0) * x[3], outImage: x[1] * x[2] * x[3],
		outRow: g.StrideH * x[2] * x[3], outCol: g.StrideW * x[3]}
	down := phaseTaps(h0+g.PadTop, g.KH, g.StrideH, g.DilationH)
	across := phaseTaps(w0+g.PadLeft, g.KW, g.StrideW, g.DilationW)
	s.spanH, s.spanW = 1, 1
	if len(down) == 0 || len(across) == 0 {
		return s
	}
	s.originH, s.originW = down[len(down)-1].from, across[len(across)-1].from
	for _, d := range down {
		for _, a := range across {
			s.taps = append(s.taps, tap{d.from - s.originH, a.from - s.originW, d.k*g.KW + a.k})
		}
	}
	sortTaps(s.taps)
	s.spanH, s.spanW = down[0].from-s.originH+1, across[0].from-s.originW+1
	return s
}

// axisTap is a tap along one axis: the first output of a phase reads dy at from.
type axisTap struct{ k, from int }

// phaseTaps are the taps that reach position at, falling in from.
func phaseTaps(at, k, stride, dilation int) []axisTap {
	var ts []axisTap
	for i := range k {
		if d := at - i*dilation; d%stride == 0 {
			ts = append(ts, axisTap{i, d / stride})
		}
	}
	return ts
}

// packBackward packs each tap's weights transposed: rows are dy's channels.
func (s *sliding) packBackward(w *view, channels int) kernel {
	kg, cg := s.c/s.groups, s.k/s.groups // dy has this sliding's input channels
	depth := len(s.taps) * kg
	return s.each(s.groups*len(s.taps), 1+16*1024/(kg*cg), func(lo, hi, _ int) {
		for u := lo; u < hi; u++ {
			g, i := u/len(s.taps), u%len(s.taps)
			b := matrixAt{address(w) + uintptr(4*(s.taps[i].at*cg*s.c+g*kg)), 1, s.c}
			dst := s.shared[s.packed+g*depth*packedWidth(s.panels):]
			s.tier.packPanels(dst, b, kg, s.panels, depth, i*kg)
		}
	})
}
