package chip

// Integer is what the integer products share. They add products of a
// Uint8 operand less its zero point and Int8 weights in int32:
//
//	acc = Σ (x - ZeroX)·w + bias[k]
//
// A Float32 result is y = act(v), v = float32(acc)·scale[k]. A Uint8 one is
// requantised: y = clamp(round(v) + ZeroY, low, 255), rounding half to even,
// low = ZeroY with ReLU, else 0. Products over more than MaxInt8Terms terms are
// refused, because they could leave int32.
//
// With Add there is one more argument a of the output's shape, Uint8 or Float32,
// such as the shortcut of a residual block: v = float32(acc)·scale[k] +
// (a - ZeroAdd)·AddScale, each step rounded to float32; ZeroAdd is 0 for Float32.
// Source: Jacob et al. 2018, arXiv:1712.05877, §2.2, with a float multiplier.
type Integer struct {
	ZeroX, ZeroY uint8
	Act          Activation // NoActivation or ReLU
	Add          bool
	ZeroAdd      uint8
	AddScale     float32
}

// MaxInt8Terms is the longest sum of products of a Uint8 less a zero point and
// an Int8 that int32 holds, with as much room left for the bias.
const MaxInt8Terms = 1 << 30 / (255 * 128)

// GemmInt8 is a product of integers. Args: x Uint8 [...,K], w Int8 [K,N],
// bias Int32 [N], scale Float32 [N] and, with Add, a. Out: Float32 or Uint8 [...,N].
type GemmInt8 struct{ Integer }

// ConvInt8 is a cross-correlation of integers; padding counts as ZeroX.
// Args: x Uint8 [N,H,W,C], w Int8 [KH,KW,C/Groups,K], bias Int32 [K], scale
// Float32 [K] and, with Add, a. Out: Float32 or Uint8 [N,OH,OW,K].
type ConvInt8 struct {
	Window
	Groups int // at least 1
	Integer
}

// Name returns "GemmInt8".
func (*GemmInt8) Name() string { return "GemmInt8" }

// Name returns "ConvInt8".
func (*ConvInt8) Name() string { return "ConvInt8" }

// integer checks operands and epilogue; terms is the length of the sums.
func (c checker) integer(op Integer, terms int) {
	c.dtype(Uint8, c.ins[0])
	c.dtype(Int8, c.ins[1])
	c.dtype(Int32, c.ins[2])
	c.dtype(Float32, c.ins[3])
	out := c.outs[0]
	c.need(out.DType == Float32 || out.DType == Uint8, "output %v should be float32 or uint8", out)
	c.need(op.Act == NoActivation || op.Act == ReLU, "the activation must be none or ReLU")
	c.need(terms <= MaxInt8Terms, "sums of %d products could leave int32", terms)
	c.vectors(out, c.ins[2:4])
	if op.Add {
		a := c.ins[4]
		c.need(a.DType == Uint8 || a.DType == Float32 && op.ZeroAdd == 0, "what is added, %v, should be uint8, or float32 without a zero point", a)
		c.same("what is added", a, out)
	}
}

func (c checker) gemmInt8(op *GemmInt8) {
	c.count(4+btoi(op.Add), 1)
	x, w, out := c.ins[0], c.ins[1], c.outs[0]
	c.rank(x, 2)
	c.need(len(w.Shape) == 2, "weights %v should have two axes", w)
	rows, k := x.Shape[:len(x.Shape)-1], x.Shape[len(x.Shape)-1]
	c.need(k == w.Shape[0], "%v times %v does not fit", x, w)
	c.same("output", out, Value{Shape: append(append([]int{}, rows...), w.Shape[1])})
	c.integer(op.Integer, k)
}

func (c checker) convInt8(op *ConvInt8) {
	c.count(4+btoi(op.Add), 1)
	c.conv(op.Window, op.Groups, c.ins[0], c.ins[1], c.outs[0])
	c.integer(op.Integer, perOutput(c.ins[1]))
}

// perOutput is the number of products behind one output of weights [KH,KW,C,K].
func perOutput(w Value) int { return w.Shape[0] * w.Shape[1] * w.Shape[2] }
