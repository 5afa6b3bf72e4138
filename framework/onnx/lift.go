package onnx

import (
	"errors"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// lifter traces steps into a graph. Images are kept channels-last between
// convolutions and poolings.
type lifter struct {
	g      *graph.Graph
	values map[int]*lifted // by slot
	fold   func(st *step, in []*tensor.Tensor) ([]*tensor.Tensor, error)
}

// lifted is a value: known when the graph is traced, or a node. A node of rank
// 4 may exist channels-last instead of, or beside, ONNX's [N,C,H,W].
type lifted struct {
	fixed *tensor.Tensor
	plain *graph.Node
	last  *graph.Node // [N,H,W,C]
}

// errLift says that the graph has no form for a node; the host runs the segment.
var errLift = errors.New("the graph has no form for this")

func (l *lifter) known(t *tensor.Tensor) *lifted { return &lifted{fixed: t} }

// node returns v with ONNX's layout.
func (l *lifter) node(v *lifted) *graph.Node {
	if v.plain == nil {
		if v.fixed != nil {
			v.plain = l.g.Const(v.fixed)
		} else {
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
func (v *lifted) shape() []int {
	switch {
	case v.fixed != nil:
		return v.fixed.Shape()
	case v.plain != nil:
		dims, _ := v.plain.Shape().Known()
		return dims
	}
	d, _ := v.last.Shape().Known()
	return []int{d[0], d[3], d[1], d[2]}
}

func (v *lifted) dtype() tensor.DType {
	switch {
	case v.fixed != nil:
		return v.fixed.DType()
	case v.plain != nil:
		return v.plain.DType()
	}
	return v.last.DType()
}

// isImage reports whether v exists channels-last only.
func (v *lifted) isImage() bool { return v.fixed == nil && v.plain == nil }

// step traces one node, or computes it when all it reads is known.
func (l *lifter) step(st *step) error {
	in := make([]*lifted, len(st.ins))
	fixed, known := make([]*tensor.Tensor, len(st.ins)), true
	for i, s := range st.ins {
		if s < 0 {
			continue
		}
		in[i] = l.values[s]
		fixed[i] = in[i].fixed
		known = known && fixed[i] != nil
	}
	if known && !st.call.draws {
		out, err := l.fold(st, fixed)
		if err != nil {
			return err
		}
		for i, s := range st.outs {
			if s >= 0 {
				l.values[s] = l.known(out[i])
			}
		}
		return nil
	}
	c := &lifting{lifter: l, call: st.call, st: st, in: in}
	if err := c.align(); err != nil {
		return err
	}
	return lifters[operatorName(st.call.node)](c)
}

// lifting is one node while it is traced.
type lifting struct {
	*lifter
	call *call
	st   *step
	in   []*lifted
}

func (c *lifting) put(i int, v *lifted) error {
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
		return c.setLast(f(in))
	}
	var in []*graph.Node
	for _, v := range c.in {
		if v != nil {
			in = append(in, c.node(v))
		}
	}
	return c.set(f(in))
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
		switch {
		case len(shape) == 4 && v.fixed == nil:
			in = append(in, c.channelsLast(v))
		case tensor.Size(shape) == 1 && len(shape) <= 4:
			in = append(in, graph.Reshape(c.node(v)))
		case v.fixed != nil && len(shape) >= 3 && len(shape) <= 4 && tensor.Size(shape) == shape[len(shape)-3]: // [C,1,1]
			in = append(in, c.g.Const(v.fixed.Reshape(v.fixed.Len())))
		default:
			return nil, false
		}
	}
	return in, true
}
