package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// lifters trace operators; floatOnly lists those that the graph has for float32 alone.
var (
	lifters   = map[string]func(c *lifting) error{}
	floatOnly = map[string]bool{}
)

func liftUnary(f func(*graph.Node) *graph.Node) func(*lifting) error {
	return func(c *lifting) error {
		return c.elementwise(func(in []*graph.Node) *graph.Node { return f(in[0]) })
	}
}

func liftBinary(f func(a, b *graph.Node) *graph.Node) func(*lifting) error {
	return func(c *lifting) error {
		return c.elementwise(func(in []*graph.Node) *graph.Node { return f(in[0], in[1]) })
	}
}

func liftFold(f func(a, b *graph.Node) *graph.Node) func(*lifting) error {
	return func(c *lifting) error {
		return c.elementwise(func(in []*graph.Node) *graph.Node { return folded(f, in) })
	}
}

// folded combines all nodes by f, from the first.
func folded(f func(a, b *graph.Node) *graph.Node, in []*graph.Node) *graph.Node {
	acc := in[0]
	for _, n := range in[1:] {
		acc = f(acc, n)
	}
	return acc
}

func init() {
	for name, f := range map[string]func(a, b *graph.Node) *graph.Node{"Add": graph.Add, "Sub": graph.Sub, "Mul": graph.Mul, "Equal": graph.Eq,
		"Less": graph.Lt, "LessOrEqual": graph.Le, "Greater": graph.Gt, "GreaterOrEqual": graph.Ge} {
		lifters[name] = liftBinary(f)
	}
	for name, f := range map[string]func(a, b *graph.Node) *graph.Node{"Div": graph.Div, "Pow": func(x, y *graph.Node) *graph.Node {
		return graph.Pow(x, graph.Cast(y, tensor.Float32))
	}} {
		lifters[name], floatOnly[name] = liftBinary(f), true
	}
	for name, f := range map[string]func(a, b *graph.Node) *graph.Node{"Max": graph.Max, "Min": graph.Min, "Sum": graph.Add} {
		lifters[name], floatOnly[name] = liftFold(f), true
	}
	lifters["And"], lifters["Or"], lifters["Not"] = liftBinary(graph.And), liftBinary(graph.Or), liftUnary(graph.Not)
	lifters["Xor"] = liftBinary(func(a, b *graph.Node) *graph.Node {
		return graph.Or(graph.And(a, graph.Not(b)), graph.And(b, graph.Not(a)))
	})
	lifters["Mean"], floatOnly["Mean"] = func(c *lifting) error {
		n := float32(len(c.in))
		return c.elementwise(func(in []*graph.Node) *graph.Node { return graph.MulScalar(folded(graph.Add, in), 1/n) })
	}, true
	lifters["Where"] = func(c *lifting) error {
		return c.elementwise(func(in []*graph.Node) *graph.Node { return graph.Where(in[0], in[1], in[2]) })
	}
	same := liftUnary(func(x *graph.Node) *graph.Node { return x })
	lifters["Identity"], lifters["Dropout"] = same, liftDropout
	lifters["Clip"] = liftClip
	lifters["Cast"] = func(c *lifting) error {
		to, _ := castTarget(c.call)
		return liftUnary(func(x *graph.Node) *graph.Node { return graph.Cast(x, to) })(c)
	}
	lifters["Softmax"] = func(c *lifting) error { return liftSoftmax(c, graph.Softmax) }
	lifters["LogSoftmax"] = func(c *lifting) error { return liftSoftmax(c, graph.LogSoftmax) }
	lifters["MatMul"], lifters["Gemm"] = liftMatMul, liftGemm
	lifters["Resize"] = liftResize
	for _, name := range []string{"Clip", "Softmax", "LogSoftmax", "MatMul", "Gemm", "Resize", "Conv",
		"MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization", "LayerNormalization"} {
		floatOnly[name] = true
	}
}

func liftClip(c *lifting) error {
	if c.call.version < 11 {
		lo, hi := c.call.float("min", -3.4028235e38), c.call.float("max", 3.4028235e38)
		return liftUnary(func(x *graph.Node) *graph.Node { return graph.Clip(x, lo, hi) })(c)
	}
	var bounds [2]*graph.Node
	for i := range bounds {
		if c.has(1 + i) {
			if !c.in[1+i].shape().Size().Is(1) {
				return errLift
			}
			bounds[i] = graph.Reshape(c.arg(1 + i))
		}
	}
	c.in = c.in[:1]
	return liftUnary(func(x *graph.Node) *graph.Node {
		if bounds[0] != nil {
			x = graph.Max(x, bounds[0])
		}
		if bounds[1] != nil {
			x = graph.Min(x, bounds[1])
		}
		return x
	})(c)
}

// classAxis is the axis of Softmax and its kin: one alone, but before opset 13 the
// first of all that are taken together.
func (c *lifting) classAxis() (axis int, joint bool, err error) {
	def, joint := int64(-1), c.call.version < 13
	if joint {
		def = 1
	}
	axis, err = axisOf(c.call.int("axis", def), c.in[0].rank())
	return axis, joint, err
}

func liftSoftmax(c *lifting, f func(*graph.Node) *graph.Node) error {
	x := c.arg(0)
	axis, joint, err := c.classAxis()
	if err != nil {
		return err
	}
	if joint && axis < x.Rank()-1 {
		return c.set(graph.Reshape(f(graph.Flatten(x, axis)), x.Shape()...))
	}
	return c.set(swapped(x, axis, -1, f))
}

// swapped applies f to x with two axes exchanged.
func swapped(x *graph.Node, a, b int, f func(*graph.Node) *graph.Node) *graph.Node {
	perm := axesFrom(0, x.Rank())
	if b < 0 {
		b += x.Rank()
	}
	if a == b {
		return f(x)
	}
	perm[a], perm[b] = b, a
	return graph.Transpose(f(graph.Transpose(x, perm...)), perm...)
}

// liftMatMul makes matrices of vectors as numpy does.
func liftMatMul(c *lifting) error {
	a, b := c.arg(0), c.arg(1)
	row, column := a.Rank() == 1, b.Rank() == 1
	if row {
		a = graph.Unsqueeze(a, 0)
	}
	if column {
		b = graph.Unsqueeze(b, 1)
	}
	var y *graph.Node
	if b.Rank() == 2 {
		y = graph.Linear(a, b, nil)
	} else {
		y = graph.MatMul(a, b)
	}
	if column {
		y = graph.Squeeze(y, -1)
	}
	if row {
		y = graph.Squeeze(y, map[bool]int{false: -2, true: -1}[column])
	}
	return c.set(y)
}

func liftGemm(c *lifting) error {
	alpha, beta := c.call.float("alpha", 1), c.call.float("beta", 1)
	ta, tb := c.call.flag("transA", false), c.call.flag("transB", false)
	a, b := c.arg(0), c.arg(1)
	if a.Rank() != 2 || b.Rank() != 2 {
		return errLift
	}
	if tb && c.in[1].fixed != nil { // transpose weights once, here
		w, err := transpose(c.in[1].fixed, nil)
		if err != nil {
			return err
		}
		b, tb = c.g.Const(w), false
	}
	if !ta && !tb && alpha == 1 && beta == 1 && c.has(2) && c.in[2].rank() == 1 && b.Dim(1).Equal(c.in[2].shape()[0]) {
		return c.set(graph.Linear(a, b, c.arg(2)))
	}
	y := graph.MatMulT(a, b, ta, tb)
	if alpha != 1 {
		y = graph.MulScalar(y, alpha)
	}
	if c.has(2) && beta != 0 {
		bias := c.arg(2)
		if beta != 1 {
			bias = graph.MulScalar(bias, beta)
		}
		y = graph.Add(y, bias)
	}
	return c.set(y)
}

// liftDropout drops elements in training graphs.
func liftDropout(c *lifting) error {
	if trains, known := c.call.trainsDropout(); !c.train && (trains || !known) {
		return errLift // random numbers are the host's
	}
	rate := c.call.float("ratio", 0.5)
	if c.has(1) {
		if c.in[1].fixed == nil || c.in[1].fixed.DType() != tensor.Float32 || c.in[1].fixed.Len() != 1 {
			return errLift
		}
		rate = c.in[1].fixed.Float32s()[0]
	}
	if len(c.st.outs) > 1 && c.st.outs[1] >= 0 { // the mask, where nothing is dropped
		if c.g.Training() {
			return noForm("the mask of a training graph")
		}
		ones := graph.Broadcast(c.g.Const(tensor.Scalar(true)), c.in[0].shape()...)
		if c.call.version < 10 {
			ones = graph.Fill(c.g, 1, c.in[0].shape()...)
		}
		return c.putAll([]*lifted{c.in[0], {plain: ones}})
	}
	c.in = c.in[:1]
	return c.elementwise(func(in []*graph.Node) *graph.Node { return graph.Dropout(in[0], rate) })
}
