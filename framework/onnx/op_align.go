package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// alignsByAxis reports whether n is a binary operator of the operator sets 1 to
// 6, where the attributes broadcast and axis say how the second operand repeats.
func (n *call) alignsByAxis() bool {
	if n.version >= 7 {
		return false
	}
	switch operatorName(n.node) {
	case "Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Less", "Greater", "PRelu":
		return true
	}
	return false
}

// alignedShape is the shape of the second operand b with ones appended, so that
// numpy's broadcasting repeats it as the sets 1 to 6 do: its first dimension
// stands at the attribute axis of a, without axis its last one at a's last. The
// slope of PRelu stands at the channels. The result has a's shape. Source: ONNX
// Changelog.md, Add-1 and Add-6.
func (n *call) alignedShape(a, b []int) ([]int, error) {
	shape := slices.Clone(b)
	prelu := n.node.OpType == "PRelu"
	if !prelu && !n.flag("broadcast", false) {
		if !slices.Equal(a, b) {
			return nil, fmt.Errorf("shapes %v and %v differ and the attribute broadcast is 0", a, b)
		}
		return shape, nil
	}
	axis, given := n.int("axis", 0), n.has("axis")
	if prelu && len(a) > 1 && len(b) == 1 {
		axis, given = 1, true
	}
	if given && len(b) > 0 {
		at, err := axisOf(axis, len(a))
		if err != nil {
			return nil, err
		}
		for len(shape)+at < len(a) {
			shape = append(shape, 1)
		}
	}
	if out, err := broadcastShapes(a, shape); err != nil || !slices.Equal(out, a) {
		return nil, fmt.Errorf("shape %v does not repeat to %v from axis %d", b, a, axis)
	}
	return shape, nil
}

// aligned is f with its second operand aligned as n's operator set wants it.
func (n *call) aligned(f func(a, b *tensor.Tensor) (*tensor.Tensor, error)) kernel {
	old := n.alignsByAxis()
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		a, b := in[0], in[1]
		if old {
			shape, err := n.alignedShape(a.Shape(), b.Shape())
			if err != nil {
				return nil, err
			}
			b = b.Reshape(shape...)
		}
		return f(a, b)
	})
}

// align does the same while the node is traced.
func (c *lifting) align() error {
	if !c.call.alignsByAxis() {
		return nil
	}
	from, ok := c.in[1].shape().Known()
	to, known := c.in[0].shape().Known()
	if !ok || !known {
		return noForm("broadcasting by axis needs known sizes")
	}
	shape, err := c.call.alignedShape(to, from)
	if err != nil || slices.Equal(shape, from) {
		return err
	}
	if t := c.in[1].fixed; t != nil {
		c.in[1] = c.known(t.Reshape(shape...))
	} else {
		c.in[1] = &lifted{plain: graph.Reshape(c.arg(1), graph.Ints(shape...)...)}
	}
	return nil
}
