package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// movers lists the operators that move elements without looking at them, with
// the inputs that are moved; the others must be known.
var movers = map[string][]int{
	"Identity": {0}, "Gather": {0}, "GatherElements": {0}, "GatherND": {0}, "Slice": {0}, "Squeeze": {0}, "Unsqueeze": {0}, "Reshape": {0},
	"Flatten": {0}, "Transpose": {0}, "Expand": {0}, "Tile": {0}, "Split": {0}, "ScatterElements": {0, 2}, "ScatterND": {0, 2}, "Concat": nil,
}

// evaluate computes a step that reads only what is known and sizes; done is
// false for operators that it does not know.
func (c *lifting) evaluate() (done bool, err error) {
	name := operatorName(c.call.node)
	if which, ok := movers[name]; ok {
		return true, c.moveSizes(which)
	}
	if name == "Where" {
		return c.whereSizes()
	}
	if f := sizeArithmetic[name]; f != nil {
		in := make([]*sizeTensor, 0, len(c.in))
		for _, v := range c.in {
			if v == nil {
				continue
			}
			s, err := sizeValues(v)
			if err != nil {
				return false, nil
			}
			in = append(in, s)
		}
		out, err := f(c, in)
		if err != nil {
			return false, nil // a node may do it
		}
		return true, c.put(0, out)
	}
	return false, nil
}

// moveSizes runs the host's kernel on the numbers of the elements in a table.
func (c *lifting) moveSizes(which []int) error {
	var table []ratio
	in := make([]*tensor.Tensor, len(c.in))
	dtype := tensor.Int64
	for i, v := range c.in {
		if v == nil {
			continue
		}
		if which != nil && !slices.Contains(which, i) {
			if v.fixed == nil {
				return noForm("input %d depends on a symbolic size", i)
			}
			in[i] = v.fixed
			continue
		}
		s, err := sizeValues(v)
		if err != nil {
			return err
		}
		at := make([]int64, len(s.values))
		for j := range at {
			at[j] = int64(len(table) + j)
		}
		table, in[i], dtype = append(table, s.values...), tensor.Of(at, s.shape...), s.dtype
	}
	out, err := c.st.compute(in)
	if err != nil {
		return err
	}
	for i, t := range out {
		if t == nil {
			continue
		}
		s := &sizeTensor{shape: t.Shape(), dtype: dtype}
		for _, at := range t.Int64s() {
			s.values = append(s.values, table[at])
		}
		if err := c.put(i, s.lifted()); err != nil {
			return err
		}
	}
	return nil
}

// sizeArithmetic computes with sizes.
var sizeArithmetic map[string]func(c *lifting, in []*sizeTensor) (*lifted, error)

func init() {
	sizeArithmetic = map[string]func(c *lifting, in []*sizeTensor) (*lifted, error){
		"Add": sizeBinary(func(a, b ratio, _ bool) (ratio, error) { return a.add(b, 1), nil }),
		"Sub": sizeBinary(func(a, b ratio, _ bool) (ratio, error) { return a.add(b, -1), nil }),
		"Mul": sizeBinary(func(a, b ratio, _ bool) (ratio, error) { return a.mul(b), nil }),
		"Div": sizeBinary(func(a, b ratio, float bool) (ratio, error) { return a.over(b, float) }),
		"Mod": sizeBinary(func(a, b ratio, _ bool) (ratio, error) {
			q, err := a.over(b, false)
			return a.add(q.mul(b), -1), err
		}),
		"Min": sizeBinary(func(a, b ratio, _ bool) (ratio, error) { return pickRatio(a, b, -1) }),
		"Max": sizeBinary(func(a, b ratio, _ bool) (ratio, error) { return pickRatio(a, b, 1) }),
		"Neg": sizeUnary(func(a ratio) (ratio, error) { return ratio{a.num.MulInt(-1), a.den}, nil }),
		"Abs": sizeUnary(func(a ratio) (ratio, error) {
			if s, ok := a.compare(wholeRatio(graph.Const(0))); !ok || s < 0 {
				return a, noForm("the sign of a size is not known")
			}
			return a, nil
		}),
		"Floor":          sizeUnary(func(a ratio) (ratio, error) { return a.floor(), nil }),
		"Ceil":           sizeUnary(func(a ratio) (ratio, error) { return a.ceil(), nil }),
		"Cast":           castSizes,
		"ReduceProd":     sizeReduce(func(a, b ratio) ratio { return a.mul(b) }),
		"ReduceSum":      sizeReduce(func(a, b ratio) ratio { return a.add(b, 1) }),
		"Equal":          sizeCompare(func(sign int) bool { return sign == 0 }),
		"Less":           sizeCompare(func(sign int) bool { return sign < 0 }),
		"LessOrEqual":    sizeCompare(func(sign int) bool { return sign <= 0 }),
		"Greater":        sizeCompare(func(sign int) bool { return sign > 0 }),
		"GreaterOrEqual": sizeCompare(func(sign int) bool { return sign >= 0 }),
	}
}

func pickRatio(a, b ratio, want int) (ratio, error) {
	sign, ok := a.compare(b)
	switch {
	case !ok:
		return a, noForm("which size is the larger is not known")
	case sign == want:
		return a, nil
	}
	return b, nil
}

func sizeUnary(f func(a ratio) (ratio, error)) func(*lifting, []*sizeTensor) (*lifted, error) {
	return func(_ *lifting, in []*sizeTensor) (*lifted, error) {
		s := &sizeTensor{shape: in[0].shape, dtype: in[0].dtype}
		for _, v := range in[0].values {
			r, err := f(v)
			if err != nil {
				return nil, err
			}
			s.values = append(s.values, r)
		}
		return s.lifted(), nil
	}
}

// pairUp calls f for each pair of elements that broadcasting brings together.
func pairUp(in []*sizeTensor, f func(a, b ratio) error) ([]int, error) {
	if len(in) != 2 {
		return nil, noForm("it has %d operands", len(in))
	}
	shape, err := broadcastShapes(in[0].shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	at, err := places(shape, in[0].shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	for i, j := range at[0] {
		if err := f(in[0].values[j], in[1].values[at[1][i]]); err != nil {
			return nil, err
		}
	}
	return shape, nil
}

// places gives, for each of the shapes, which element stands at each place of
// the shape that they broadcast to.
func places(to []int, shapes ...[]int) ([][]int64, error) {
	out := make([][]int64, len(shapes))
	for i, shape := range shapes {
		order := tensor.New(tensor.Int64, shape...)
		for j := range order.Int64s() {
			order.Int64s()[j] = int64(j)
		}
		t, err := expandTo(order, to)
		if err != nil {
			return nil, err
		}
		out[i] = t.Int64s()
	}
	return out, nil
}

func sizeBinary(f func(a, b ratio, float bool) (ratio, error)) func(*lifting, []*sizeTensor) (*lifted, error) {
	return func(_ *lifting, in []*sizeTensor) (*lifted, error) {
		s := &sizeTensor{dtype: in[0].dtype}
		var err error
		s.shape, err = pairUp(in, func(a, b ratio) error {
			r, err := f(a, b, s.dtype == tensor.Float32)
			s.values = append(s.values, r)
			return err
		})
		if err != nil {
			return nil, err
		}
		return s.lifted(), nil
	}
}

func sizeCompare(holds func(sign int) bool) func(*lifting, []*sizeTensor) (*lifted, error) {
	return func(_ *lifting, in []*sizeTensor) (*lifted, error) {
		var out []bool
		shape, err := pairUp(in, func(a, b ratio) error {
			sign, ok := a.compare(b)
			if !ok {
				return noForm("which size is the larger is not known")
			}
			out = append(out, holds(sign))
			return nil
		})
		if err != nil {
			return nil, err
		}
		return &lifted{fixed: tensor.Of(out, shape...)}, nil
	}
}

// castSizes truncates, which for sizes is rounding down.
func castSizes(c *lifting, in []*sizeTensor) (*lifted, error) {
	to, _ := castTarget(c.call)
	s := &sizeTensor{shape: in[0].shape, dtype: to, values: slices.Clone(in[0].values)}
	switch to {
	case tensor.Int64, tensor.Int32:
		for i, v := range s.values {
			s.values[i] = v.floor()
		}
	case tensor.Float32:
	default:
		return nil, noForm("sizes of type %v", to)
	}
	return s.lifted(), nil
}

// sizeReduce folds all elements of a vector.
func sizeReduce(f func(a, b ratio) ratio) func(*lifting, []*sizeTensor) (*lifted, error) {
	return func(c *lifting, in []*sizeTensor) (*lifted, error) {
		if len(in[0].shape) != 1 || len(in[0].values) == 0 {
			return nil, noForm("sizes are reduced along some axes")
		}
		acc := in[0].values[0]
		for _, v := range in[0].values[1:] {
			acc = f(acc, v)
		}
		s := &sizeTensor{values: []ratio{acc}, dtype: in[0].dtype}
		if c.call.flag("keepdims", true) {
			s.shape = []int{1}
		}
		return s.lifted(), nil
	}
}

// whereSizes chooses between sizes by a condition that is known.
func (c *lifting) whereSizes() (bool, error) {
	cond := c.in[0].fixed
	if cond == nil || cond.DType() != tensor.Bool || c.in[1].sizes == nil && c.in[2].sizes == nil {
		return false, nil
	}
	yes, err := sizeValues(c.in[1])
	if err != nil {
		return false, nil
	}
	no, err := sizeValues(c.in[2])
	if err != nil {
		return false, nil
	}
	s := &sizeTensor{dtype: yes.dtype}
	if s.shape, err = broadcastShapes(cond.Shape(), yes.shape, no.shape); err != nil {
		return false, err
	}
	at, err := places(s.shape, cond.Shape(), yes.shape, no.shape)
	if err != nil {
		return false, err
	}
	for i, j := range at[0] {
		if tensor.Values[bool](cond)[j] {
			s.values = append(s.values, yes.values[at[1][i]])
		} else {
			s.values = append(s.values, no.values[at[2][i]])
		}
	}
	return true, c.put(0, s.lifted())
}
