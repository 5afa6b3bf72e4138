package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Graph exports what outputs need of a traced inference graph into b and
// returns their values. inputs gives the value of b that takes the place of a
// node, for graph inputs or any other node. Variables become constants with
// their present values. Inside, images are channels-first from one convolution
// or pooling to the next; transposes stand only where the layout is seen.
// Batch normalisation behind a convolution becomes part of it.
func (b *Builder) Graph(outputs []*graph.Node, inputs map[*graph.Node]string) ([]string, error) {
	x := &exporter{b: b, last: map[*graph.Node]string{}, first: map[*graph.Node]string{}, uses: map[*graph.Node]int{}}
	for n, v := range inputs {
		x.last[n] = b.resolve("Graph", v)
	}
	order := x.reach(outputs)
	for _, n := range order {
		for _, in := range n.Inputs() {
			x.uses[in]++
		}
	}
	for _, n := range outputs {
		x.uses[n]++
	}
	var out []string
	for _, n := range outputs {
		if x.last[n] == "" && x.first[n] == "" {
			for _, m := range order {
				if m.ID() > n.ID() {
					break
				}
				if err := x.node(m); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, x.plain(n))
	}
	return out, nil
}

// exporter holds the values of exported nodes: as the graph has them, and for
// images [N,H,W,C] also channels-first. A value is made in the layout that its
// operator prefers, the other on demand.
type exporter struct {
	b     *Builder
	last  map[*graph.Node]string // as in the graph: channels last
	first map[*graph.Node]string // [N,C,H,W]
	uses  map[*graph.Node]int
}

// reach lists the nodes that outputs need, in the graph's order, without those
// that are given.
func (x *exporter) reach(outputs []*graph.Node) []*graph.Node {
	seen := map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if seen[n] || x.last[n] != "" {
			return
		}
		seen[n] = true
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	var order []*graph.Node
	for _, n := range outputs {
		visit(n)
	}
	for n := range seen {
		order = append(order, n)
	}
	slices.SortFunc(order, func(a, b *graph.Node) int { return a.ID() - b.ID() })
	return order
}

var toFirst, toLast = []int{0, 3, 1, 2}, []int{0, 2, 3, 1}

// plain returns n's value with the graph's layout.
func (x *exporter) plain(n *graph.Node) string {
	if v := x.last[n]; v != "" {
		return v
	}
	v := x.transposed(x.first[n], toLast)
	x.last[n] = v
	return v
}

// channelsFirst returns n's value [N,H,W,C] as [N,C,H,W].
func (x *exporter) channelsFirst(n *graph.Node) string {
	if v := x.first[n]; v != "" {
		return v
	}
	v := x.transposed(x.last[n], toFirst)
	x.first[n] = v
	return v
}

// transposed permutes v, or takes back the transpose that made it.
func (x *exporter) transposed(v string, perm []int) string {
	if n := x.b.producer(v); n != nil && n.OpType == "Transpose" && len(n.Attributes) == 1 {
		before := n.Attributes[0].Ints
		undone := len(before) == len(perm)
		for i := 0; undone && i < len(perm); i++ {
			undone = int(before[perm[i]]) == i
		}
		if undone {
			return n.Inputs[0]
		}
	}
	return x.b.Op("Transpose", Attrs{"perm": perm}, v)
}

// producer returns the node that makes v, or nil.
func (b *Builder) producer(v string) *Node {
	for _, n := range slices.Backward(b.graph.Nodes) {
		if slices.Contains(n.Outputs, v) {
			return n
		}
	}
	return nil
}

// isImage reports whether n is [N,H,W,C] made channels-first.
func (x *exporter) isImage(n *graph.Node) bool { return x.first[n] != "" && x.last[n] == "" }

func (x *exporter) done(n *graph.Node) bool { return x.last[n] != "" || x.first[n] != "" }

// constant returns the value of a constant or variable node, or of one that only
// moves such a value's elements, else nil.
func constant(n *graph.Node) *tensor.Tensor {
	switch a := n.Op().Attrs.(type) {
	case graph.ConstAttrs:
		return a.Value
	case graph.VarAttrs:
		return a.Variable.Value()
	case graph.TransposeAttrs:
		if t := constant(n.Inputs()[0]); t != nil {
			if moved, err := transpose(t, convert[int64](a.Perm)); err == nil {
				return moved
			}
		}
	case graph.ShapeAttrs:
		dims, known := a.Shape.Known()
		if n.Op().Name != "Reshape" || !known {
			return nil
		}
		if t := constant(n.Inputs()[0]); t != nil && t.Len() == tensor.Size(dims) {
			return t.Reshape(dims...)
		}
	}
	return nil
}

// node exports n unless it is already.
func (x *exporter) node(n *graph.Node) error {
	if x.done(n) {
		return nil
	}
	if t := constant(n); t != nil {
		x.last[n] = x.b.Const(t)
		return nil
	}
	if n.Index() != 0 {
		if err := x.node(n.Results()[0]); err != nil {
			return err
		}
		if !x.done(n) && x.uses[n] > 0 {
			return x.fail(n, "only the operator's first result is exported")
		}
		return nil
	}
	if f := exporters[n.Op().Name]; f != nil {
		return f(x, n)
	}
	if e, ok := elementwise[n.Op().Name]; ok {
		return x.elementwise(n, e)
	}
	return x.fail(n, "the operator has no ONNX form")
}

func (x *exporter) fail(n *graph.Node, format string, args ...any) error {
	return fmt.Errorf("onnx: export %v: %w", n, fmt.Errorf(format, args...))
}

// set stores n's value as the graph has it.
func (x *exporter) set(n *graph.Node, v string) error {
	x.last[n] = v
	return nil
}

// elementwise maps operators to those of ONNX of the same operands.
var elementwise = map[string]func(b *Builder, in []string) string{}

func init() {
	for from, to := range map[string]string{
		"Add": "Add", "Sub": "Sub", "Mul": "Mul", "Div": "Div", "Max": "Max", "Min": "Min", "Pow": "Pow", "Neg": "Neg", "Abs": "Abs",
		"Exp": "Exp", "Log": "Log", "Sqrt": "Sqrt", "Recip": "Reciprocal", "Erf": "Erf", "Sin": "Sin", "Cos": "Cos", "Floor": "Floor",
		"Ceil": "Ceil", "Round": "Round", "Sign": "Sign", "Relu": "Relu", "Sigmoid": "Sigmoid", "Tanh": "Tanh", "GELU": "Gelu",
		"Softplus": "Softplus", "Eq": "Equal", "Lt": "Less", "Le": "LessOrEqual", "And": "And", "Or": "Or", "Not": "Not", "IsNaN": "IsNaN",
		"Where": "Where", "Atan": "Atan", "Asinh": "Asinh",
	} {
		elementwise[from] = func(b *Builder, in []string) string { return b.Op(to, nil, in...) }
	}
	elementwise["Rsqrt"] = func(b *Builder, in []string) string { return b.Op("Reciprocal", nil, b.Op("Sqrt", nil, in[0])) }
	elementwise["SiLU"] = func(b *Builder, in []string) string { return b.Op("Mul", nil, in[0], b.Op("Sigmoid", nil, in[0])) }
	elementwise["NormalCDF"] = func(b *Builder, in []string) string {
		half := func(x string) string { return b.Op("Mul", nil, x, b.Const(tensor.Scalar(float32(0.5)))) }
		erf := b.Op("Erf", nil, b.Op("Mul", nil, in[0], b.Const(tensor.Scalar(float32(math.Sqrt2/2)))))
		return half(b.Op("Add", nil, erf, b.Const(tensor.Scalar(float32(1)))))
	}
	elementwise["Ne"] = func(b *Builder, in []string) string { return b.Op("Not", nil, b.Op("Equal", nil, in...)) }
	elementwise["Mod"] = func(b *Builder, in []string) string {
		return b.Op("Sub", nil, in[0], b.Op("Mul", nil, in[1], b.Op("Floor", nil, b.Op("Div", nil, in...))))
	}
	elementwise["Log1p"] = func(b *Builder, in []string) string {
		return b.Op("Log", nil, b.Op("Add", nil, in[0], b.Const(tensor.Scalar(float32(1)))))
	}
	elementwise["Expm1"] = func(b *Builder, in []string) string {
		return b.Op("Sub", nil, b.Op("Exp", nil, in[0]), b.Const(tensor.Scalar(float32(1))))
	}
	elementwise["StopGradient"] = func(b *Builder, in []string) string { return in[0] }
}

// elementwise exports n channels-first when one operand is an image and the
// others can follow.
func (x *exporter) elementwise(n *graph.Node, emit func(b *Builder, in []string) string) error {
	if in, ok := x.imageOperands(n); ok {
		x.first[n] = emit(x.b, in)
		return nil
	}
	var in []string
	for _, m := range n.Inputs() {
		in = append(in, x.plain(m))
	}
	if n.Op().Name == "Mod" && n.DType() != tensor.Float32 {
		return x.set(n, x.b.Op("Mod", nil, in...))
	}
	return x.set(n, emit(x.b, in))
}

// imageOperands gives n's operands channels-first; ok is false where that makes
// no sense.
func (x *exporter) imageOperands(n *graph.Node) (in []string, ok bool) {
	if n.Rank() != 4 || !slices.ContainsFunc(n.Inputs(), x.isImage) {
		return nil, false
	}
	for _, m := range n.Inputs() {
		switch t := constant(m); {
		case m.Rank() == 4:
			in = append(in, x.channelsFirst(m))
		case m.Rank() == 0:
			in = append(in, x.plain(m))
		case m.Rank() == 1 && t != nil: // a vector over channels
			in = append(in, x.b.Const(t.Reshape(t.Len(), 1, 1)))
		default:
			return nil, false
		}
	}
	return in, true
}
