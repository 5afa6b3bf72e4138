package chip

// LSTM runs one direction of a long short-term memory over whole sequences of
// N rows, T steps and H features. With a step's x·W + b given, and h and c the
// state before it, each step is
//
//	i, o, f = sigmoid(xw + h·r (+ p⊙c; o sees the new c)), z = tanh(xw + h·r)
//	c' = f⊙c + i⊙z, h' = o⊙tanh(c'), y = h'
//
// with the gates in the order i, o, f, z along the last axis of xw and r, as in
// ONNX. Source: Hochreiter and Schmidhuber 1997; peepholes, Gers and Schmidhuber 2000.
//
// Args: xw [N,T,4H], r [H,4H], h0 [N,H], c0 [N,H], with Peephole p [3H] (i, o,
// f), with Lengths Int64 [N]. At and beyond a row's length y is 0 and the state
// stays. Outs: y [N,T,H], the last h [N,H] and c [N,H], and for LSTMGrad gates
// [N,T,4H] (may share storage with xw), and h and c before each step, [N,T,H].
type LSTM struct{ Reverse, Peephole, Lengths bool }

// LSTMGrad is the gradient of LSTM through time.
// Args: gates, c before each step, r, dy [N,T,H], dh [N,H], dc [N,H], with
// Peephole p, with Lengths the lengths. Outs: dxw [N,T,4H], dh0, dc0. The
// gradient of r is the product of h before each step, transposed, and dxw.
type LSTMGrad struct{ Reverse, Peephole, Lengths bool }

// GRU runs one direction of a gated recurrent unit over whole sequences. With a
// step's x·W + b given, and h the state before it, each step is
//
//	z, r = sigmoid(xw + h·r), n = tanh(xw + q), h' = (1-z)⊙n + z⊙h, y = h'
//
// with the hidden part q = (r⊙h)·r or, with ResetAfter, q = r⊙(h·r + b), the
// gates in the order z, r, n, as in ONNX. Source: Cho et al. 2014, arXiv:1406.1078.
//
// Args: xw [N,T,3H], r [H,3H], h0 [N,H], with ResetAfter b [H], with Lengths
// Int64 [N], as for LSTM. Outs: y [N,T,H], the last h [N,H], and for GRUGrad
// gates [N,T,3H] (may share storage with xw), h before each step [N,T,H], and
// r⊙h or, with ResetAfter, h·r + b [N,T,H].
type GRU struct{ Reverse, ResetAfter, Lengths bool }

// GRUGrad is the gradient of GRU through time.
// Args: GRU's last three results, r, dy [N,T,H], dh [N,H], with Lengths the
// lengths. Outs: dxw [N,T,3H], dh0.
type GRUGrad struct{ Reverse, ResetAfter, Lengths bool }

// Name returns "LSTM".
func (*LSTM) Name() string { return "LSTM" }

// Name returns "LSTMGrad".
func (*LSTMGrad) Name() string { return "LSTMGrad" }

// Name returns "GRU".
func (*GRU) Name() string { return "GRU" }

// Name returns "GRUGrad".
func (*GRUGrad) Name() string { return "GRUGrad" }

// recurrent checks the operators above and reports whether op is one.
func (c checker) recurrent(op Op) bool {
	switch op := op.(type) {
	case *LSTM:
		c.count(4+btoi(op.Peephole)+btoi(op.Lengths), 6)
		n, t, h := c.sequence(c.ins[0], 4)
		c.shape(c.ins[1], h, 4*h)
		c.shapes([]Value{c.ins[2], c.ins[3], c.outs[1], c.outs[2]}, n, h)
		c.shapes([]Value{c.outs[0], c.outs[4], c.outs[5]}, n, t, h)
		c.shape(c.outs[3], n, t, 4*h)
		c.optional(4, op.Peephole, op.Lengths, 3*h, n)
	case *LSTMGrad:
		c.count(6+btoi(op.Peephole)+btoi(op.Lengths), 3)
		n, t, h := c.sequence(c.ins[0], 4)
		c.shape(c.ins[2], h, 4*h)
		c.shapes([]Value{c.ins[1], c.ins[3]}, n, t, h)
		c.shapes([]Value{c.ins[4], c.ins[5], c.outs[1], c.outs[2]}, n, h)
		c.shape(c.outs[0], n, t, 4*h)
		c.optional(6, op.Peephole, op.Lengths, 3*h, n)
	case *GRU:
		c.count(3+btoi(op.ResetAfter)+btoi(op.Lengths), 5)
		n, t, h := c.sequence(c.ins[0], 3)
		c.shape(c.ins[1], h, 3*h)
		c.shapes([]Value{c.ins[2], c.outs[1]}, n, h)
		c.shapes([]Value{c.outs[0], c.outs[3], c.outs[4]}, n, t, h)
		c.shape(c.outs[2], n, t, 3*h)
		c.optional(3, op.ResetAfter, op.Lengths, h, n)
	case *GRUGrad:
		c.count(6+btoi(op.Lengths), 2)
		n, t, h := c.sequence(c.ins[0], 3)
		c.shape(c.ins[3], h, 3*h)
		c.shapes([]Value{c.ins[1], c.ins[2], c.ins[4]}, n, t, h)
		c.shapes([]Value{c.ins[5], c.outs[1]}, n, h)
		c.shape(c.outs[0], n, t, 3*h)
		c.optional(6, false, op.Lengths, 0, n)
	default:
		return false
	}
	c.dtype(Float32, c.outs...)
	return true
}

// sequence gives the sizes of x [N,T,gates·H].
func (c checker) sequence(x Value, gates int) (n, t, h int) {
	c.need(len(x.Shape) == 3 && x.Shape[2] > 0 && x.Shape[2]%gates == 0, "%v should be [N T %d·H]", x, gates)
	return x.Shape[0], x.Shape[1], x.Shape[2] / gates
}

func (c checker) shapes(vs []Value, dims ...int) {
	for _, v := range vs {
		c.shape(v, dims...)
	}
}

func (c checker) shape(v Value, dims ...int) {
	c.dtype(Float32, v)
	c.same("operand", v, Value{Shape: dims})
}

// optional checks the vector and the lengths that follow the first arguments.
func (c checker) optional(at int, vector, lengths bool, length, rows int) {
	c.dtype(Float32, c.ins[:at]...)
	if vector {
		c.dtype(Float32, c.ins[at])
		c.length("vector", c.ins[at], length)
		at++
	}
	if lengths {
		c.dtype(Int64, c.ins[at])
		c.length("lengths", c.ins[at], rows)
	}
}
