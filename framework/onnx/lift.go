package onnx

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// lifter traces steps into a graph. Images are kept channels-last between
// convolutions and poolings.
type lifter struct {
	g      *graph.Graph
	values map[int]*lifted // by slot
	depth  int             // of bodies within bodies
	train  bool            // gradients shall flow through everything
	freeze bool            // batch normalisation uses the running statistics in training graphs too
}

// lifted is a value while it is traced: known, made of sizes, or a node. A node
// of rank 4 may exist channels-last instead of, or beside, ONNX's [N,C,H,W].
type lifted struct {
	fixed *tensor.Tensor
	sizes *sizeTensor
	plain *graph.Node
	last  *graph.Node // [N,H,W,C]
	list  *liftedList // of a sequence
	// smooth are the integers of QuantizeLinear as float32, through which the gradient goes.
	smooth *graph.Node
}

// errLift says that the graph has no form for a node; the host runs the segment.
var errLift = errors.New("the graph has no form for this")

// noForm is errLift with what stands in the way.
func noForm(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errLift, fmt.Sprintf(format, args...))
}

func (l *lifter) known(t *tensor.Tensor) *lifted { return &lifted{fixed: t} }

// node returns v with ONNX's layout.
func (l *lifter) node(v *lifted) *graph.Node {
	if v.plain == nil {
		switch {
		case v.fixed != nil:
			v.plain = l.g.Const(v.fixed)
		case v.sizes != nil:
			v.plain = v.sizes.node(l.g)
		default:
			v.plain = graph.Transpose(v.last, toFirst...)
		}
	}
	return v.plain
}

// channelsLast returns v [N,C,H,W] as [N,H,W,C].
func (l *lifter) channelsLast(v *lifted) *graph.Node {
	if v.last == nil {
		v.last = graph.Transpose(l.node(v), toLast...)
	}
	return v.last
}

// shape returns v's dimensions in ONNX's layout.
func (v *lifted) shape() graph.Shape {
	switch {
	case v.fixed != nil:
		return graph.Ints(v.fixed.Shape()...)
	case v.sizes != nil:
		return graph.Ints(v.sizes.shape...)
	case v.plain != nil:
		return v.plain.Shape()
	}
	d := v.last.Shape()
	return graph.Shape{d[0], d[3], d[1], d[2]}
}

func (v *lifted) rank() int { return len(v.shape()) }

func (v *lifted) dtype() tensor.DType {
	switch {
	case v.fixed != nil:
		return v.fixed.DType()
	case v.sizes != nil:
		return v.sizes.dtype
	case v.plain != nil:
		return v.plain.DType()
	}
	return v.last.DType()
}

// isImage reports whether v exists channels-last only.
func (v *lifted) isImage() bool { return v.last != nil && v.plain == nil }

// step traces one node, or computes it when all it reads is known.
func (l *lifter) step(st *step) error {
	c := &lifting{lifter: l, call: st.call, st: st, in: make([]*lifted, len(st.ins))}
	fixed, known, sized, lists, smooth := make([]*tensor.Tensor, len(st.ins)), !st.call.graphs, true, false, false
	for i, s := range st.ins {
		if s < 0 {
			continue
		}
		v := l.values[s]
		if v == nil {
			return noForm("input %d is none of the values that the graph holds", i)
		}
		c.in[i], fixed[i] = v, v.fixed
		known = known && v.fixed != nil
		sized = sized && (v.fixed != nil || v.sizes != nil)
		lists = lists || v.list != nil
		smooth = smooth || v.smooth != nil
	}
	name := operatorName(st.call.node)
	if lists || listMakers[name] {
		return c.overList(name)
	}
	if smooth && name != "DequantizeLinear" {
		if name == "Identity" {
			return c.put(0, c.in[0])
		}
		return noForm("the integers of QuantizeLinear are read by DequantizeLinear alone")
	}
	if known && !st.call.draws {
		return c.fold(fixed)
	}
	if sized {
		if done, err := c.evaluate(); done || err != nil {
			return err
		}
	}
	if err := c.align(); err != nil {
		return err
	}
	lift := lifters[name]
	if lift == nil {
		if why := formless[name]; why != "" {
			return noForm("%s", why)
		}
		return errLift
	}
	if floatOnly[name] && c.in[0].dtype() != tensor.Float32 {
		return noForm("it is computed on float32 alone, not %v", c.in[0].dtype())
	}
	return lift(c)
}

// listMakers lists the operators on sequences and optionals that need not read one.
var listMakers = map[string]bool{"SequenceEmpty": true, "SequenceConstruct": true, "SplitToSequence": true, "Optional": true,
	"OptionalHasElement": true, "OptionalGetElement": true}

// overList traces an operator on sequences.
func (c *lifting) overList(name string) error {
	switch name {
	case "Identity":
		return c.put(0, c.in[0])
	case "Loop", "If", "Scan", "SequenceMap":
	default:
		if !listMakers[name] && (c.in[0] == nil || c.in[0].list == nil) {
			return errLift
		}
	}
	if lifters[name] == nil {
		return errLift
	}
	return lifters[name](c)
}

// fold computes the step on the host.
func (c *lifting) fold(in []*tensor.Tensor) error {
	out, err := c.st.compute(in)
	if err != nil {
		return err
	}
	for i, t := range out {
		if c.st.outs[i] >= 0 {
			c.values[c.st.outs[i]] = c.known(t)
		}
	}
	return nil
}

// compute runs a step on tensors alone; outputs left out are nil.
func (st *step) compute(in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	alone := *st
	alone.ins, alone.outs = make([]int, len(st.ins)), make([]int, len(st.outs))
	slots := make([]Value, len(st.ins)+len(st.outs))
	for i, s := range st.ins {
		alone.ins[i] = -1
		if s >= 0 {
			alone.ins[i], slots[i].t = i, in[i]
		}
	}
	for i, s := range st.outs {
		alone.outs[i] = -1
		if s >= 0 {
			alone.outs[i] = len(st.ins) + i
		}
	}
	if err := alone.exec(context.Background(), slots, make([]Value, len(st.ins))); err != nil {
		return nil, err
	}
	out := make([]*tensor.Tensor, len(st.outs))
	for i, v := range slots[len(st.ins):] {
		if st.outs[i] >= 0 && v.t == nil {
			return nil, noForm("output %d is %v", i, v.Kind())
		}
		out[i] = v.t
	}
	return out, nil
}

// lifting is one node while it is traced.
type lifting struct {
	*lifter
	call *call
	st   *step
	in   []*lifted
}

// put stores output i. What would be too large is an error, as on the host.
func (c *lifting) put(i int, v *lifted) error {
	if v.list == nil {
		if dims, ok := v.shape().Known(); ok {
			if err := checkShape(dims); err != nil {
				return err
			}
		}
	}
	if i < len(c.st.outs) && c.st.outs[i] >= 0 {
		c.values[c.st.outs[i]] = v
	}
	return nil
}

// set stores the first output with ONNX's layout; the others stay unset.
func (c *lifting) set(n *graph.Node) error {
	for i, s := range c.st.outs {
		if i > 0 && s >= 0 {
			return errLift
		}
	}
	return c.put(0, &lifted{plain: n})
}

// setLast stores the first output channels-last.
func (c *lifting) setLast(n *graph.Node) error { return c.put(0, &lifted{last: n}) }

func (c *lifting) arg(i int) *graph.Node { return c.node(c.in[i]) }

func (c *lifting) has(i int) bool { return i < len(c.in) && c.in[i] != nil }

// vals returns the elements of an int64 input that must be known; nil when left out.
func (c *lifting) vals(i int) ([]int64, error) {
	if !c.has(i) {
		return nil, nil
	}
	if c.in[i].fixed == nil {
		return nil, errLift
	}
	return int64s(c.in[i].fixed)
}

// elementwise traces f channels-last when one operand is an image and the
// others can follow, else as it stands.
func (c *lifting) elementwise(f func(in []*graph.Node) *graph.Node) error {
	if in, ok := c.imageOperands(); ok {
		return c.setLast(f(agreed(in)))
	}
	var in []*graph.Node
	for _, v := range c.in {
		if v != nil {
			in = append(in, c.node(v))
		}
	}
	return c.set(f(agreed(in)))
}

// agreed lets dimensions that cannot be told apart, such as 2·⌊H/32⌋ and ⌊H/16⌋,
// be those of the first operand that has them: a model that joins them works for
// sizes that make them equal, which is checked when a plan is made.
func agreed(in []*graph.Node) []*graph.Node {
	in = slices.Clone(in)
	for back := 1; ; back++ {
		var first *graph.Dim
		more := false
		for i, x := range in {
			if x.Rank() < back {
				continue
			}
			more = true
			switch d := x.Dim(-back); {
			case d.Is(1):
			case first == nil:
				first = &d
			default:
				in[i] = withDim(x, x.Rank()-back, *first)
			}
		}
		if !more {
			return in
		}
	}
}

// withDim takes the symbolic axis of x for d long.
func withDim(x *graph.Node, axis int, d graph.Dim) *graph.Node {
	old := x.Dim(axis)
	if _, known := old.Sub(d).Known(); known {
		return x
	}
	shape := slices.Clone(x.Shape())
	shape[axis] = d
	return graph.Reshape(x, shape...)
}

// vector returns v with one axis.
func (c *lifting) vector(v *lifted) *graph.Node {
	if v.fixed != nil {
		return c.g.Const(v.fixed.Reshape(v.fixed.Len()))
	}
	return graph.Reshape(c.node(v), graph.Const(-1))
}

func (c *lifting) imageOperands() (in []*graph.Node, ok bool) {
	if !slices.ContainsFunc(c.in, func(v *lifted) bool { return v != nil && v.isImage() }) {
		return nil, false
	}
	for _, v := range c.in {
		if v == nil {
			continue
		}
		shape := v.shape()
		switch n := len(shape); {
		case n == 4 && v.fixed == nil:
			in = append(in, c.channelsLast(v))
		case n <= 4 && shape.Size().Is(1):
			in = append(in, graph.Reshape(c.node(v)))
		case (n == 3 || n == 4) && shape.Size().Equal(shape[n-3]): // [C,1,1]
			in = append(in, c.vector(v))
		default:
			return nil, false
		}
	}
	return in, true
}
