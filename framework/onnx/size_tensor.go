package onnx

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// sizeTensor is a tensor of numbers that follow from the sizes of axes, such as
// what Shape gives and what models compute of it. It exists while a graph is
// traced, so that axes may stay symbolic.
type sizeTensor struct {
	values []ratio // row-major
	shape  []int
	dtype  tensor.DType // Int64, Int32 or Float32
}

// ratio is num/den. Integers have den 1; floats are exact ratios until Floor,
// Ceil or a cast makes whole numbers of them.
type ratio struct {
	num graph.Dim
	den int
}

func wholeRatio(d graph.Dim) ratio { return ratio{d, 1} }

// sizesOf makes a vector of dimensions.
func sizesOf(dims []graph.Dim) *lifted {
	s := &sizeTensor{shape: []int{len(dims)}, dtype: tensor.Int64}
	for _, d := range dims {
		s.values = append(s.values, wholeRatio(d))
	}
	return s.lifted()
}

// lifted is s, or the tensor that it is when nothing in it is symbolic.
func (s *sizeTensor) lifted() *lifted {
	ints := make([]int64, len(s.values))
	floats := make([]float32, len(s.values))
	for i, v := range s.values {
		n, ok := v.num.Known()
		if !ok {
			return &lifted{sizes: s}
		}
		ints[i], floats[i] = int64(floorDiv(n, v.den)), float32(float64(n)/float64(v.den))
	}
	switch s.dtype {
	case tensor.Float32:
		return &lifted{fixed: tensor.Of(floats, s.shape...)}
	case tensor.Int32:
		return &lifted{fixed: tensor.Of(convert[int32](ints), s.shape...)}
	}
	return &lifted{fixed: tensor.Of(ints, s.shape...)}
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// sizeValues reads v as numbers: a sizeTensor, or a known tensor whose elements are
// whole or simple fractions.
func sizeValues(v *lifted) (*sizeTensor, error) {
	if v.sizes != nil {
		return v.sizes, nil
	}
	if v.fixed == nil {
		return nil, noForm("a size is computed from values")
	}
	s := &sizeTensor{shape: v.fixed.Shape(), dtype: v.fixed.DType()}
	switch d := v.fixed.Data().(type) {
	case []int64:
		for _, n := range d {
			s.values = append(s.values, wholeRatio(graph.Const(int(n))))
		}
	case []int32:
		for _, n := range d {
			s.values = append(s.values, wholeRatio(graph.Const(int(n))))
		}
	case []float32:
		for _, f := range d {
			r, ok := ratioOf(f)
			if !ok {
				return nil, noForm("a size is multiplied by %v", f)
			}
			s.values = append(s.values, r)
		}
	default:
		return nil, noForm("sizes of type %v", v.fixed.DType())
	}
	return s, nil
}

// ratioOf finds the fraction of the least denominator up to 4096 that is f.
func ratioOf(f float32) (ratio, bool) {
	if !(f > -1<<24 && f < 1<<24) {
		return ratio{}, false
	}
	for den := 1; den <= 4096; den++ {
		if num := math.Round(float64(f) * float64(den)); float32(num/float64(den)) == f {
			return ratio{graph.Const(int(num)), den}, true
		}
	}
	return ratio{}, false
}

func (r ratio) floor() ratio { return wholeRatio(r.num.Div(graph.Const(r.den))) }

func (r ratio) ceil() ratio { return wholeRatio(r.num.AddInt(r.den - 1).Div(graph.Const(r.den))) }

func (r ratio) add(o ratio, sign int) ratio {
	return ratio{r.num.MulInt(o.den).Add(o.num.MulInt(sign * r.den)), r.den * o.den}.reduced()
}

func (r ratio) mul(o ratio) ratio { return ratio{r.num.Mul(o.num), r.den * o.den}.reduced() }

// reduced takes out the denominator where it divides without rest.
func (r ratio) reduced() ratio {
	if r.den == 1 {
		return r
	}
	if q := r.num.Div(graph.Const(r.den)); q.MulInt(r.den).Equal(r.num) {
		return wholeRatio(q)
	}
	return r
}

// over divides floats by a known number, integers by any.
func (r ratio) over(o ratio, float bool) (ratio, error) {
	n, ok := o.num.Known()
	switch {
	case ok && n == 0:
		return ratio{}, noForm("a size is divided by zero")
	case !float:
		return wholeRatio(r.num.Div(o.num)), nil
	case ok && n > 0:
		return ratio{r.num.MulInt(o.den), r.den * n}.reduced(), nil
	case r.num.Equal(o.num):
		return ratio{graph.Const(o.den), r.den}.reduced(), nil
	}
	q := r.num.MulInt(o.den).Div(o.num)
	if r.den == 1 && q.Mul(o.num).Equal(r.num.MulInt(o.den)) {
		return wholeRatio(q), nil
	}
	return ratio{}, noForm("a size is divided by a size")
}

// compare gives the sign of r - o when it holds for all sizes, which are at
// least one where symbolic.
func (r ratio) compare(o ratio) (sign int, ok bool) {
	diff := r.add(o, -1)
	if n, known := diff.num.Known(); known {
		return max(-1, min(1, n)), true
	}
	symbolic, bound := r, o // a size is above every number below one
	if _, known := r.num.Known(); known {
		symbolic, bound = o, r
	}
	n, known := bound.num.Known()
	if _, single := symbolic.num.Name(); !known || !single || n > 0 {
		return 0, false
	}
	if symbolic.num.Equal(r.num) {
		return 1, true
	}
	return -1, true
}

// node makes the tensor of s as a node.
func (s *sizeTensor) node(g *graph.Graph) *graph.Node {
	if len(s.values) == 0 {
		return g.Const(tensor.New(s.dtype, s.shape...))
	}
	parts := make([]*graph.Node, len(s.values))
	for i, v := range s.values {
		if s.dtype != tensor.Float32 && v.den == 1 {
			if n, ok := v.num.Known(); ok {
				parts[i] = graph.Cast(g.Const(tensor.Of([]int64{int64(n)}, 1)), s.dtype)
				continue
			}
		}
		n := graph.Unsqueeze(graph.Size(g, v.num), 0)
		if v.den != 1 {
			n = graph.MulScalar(n, 1/float32(v.den))
		}
		parts[i] = graph.Cast(n, s.dtype)
	}
	all := parts[0]
	if len(parts) > 1 {
		all = graph.Concat(0, parts...)
	}
	return graph.Reshape(all, graph.Ints(s.shape...)...)
}

// dims gives the numbers of an integer tensor.
func (s *sizeTensor) dims() graph.Shape {
	d := make(graph.Shape, len(s.values))
	for i, v := range s.values {
		d[i] = v.num
	}
	return d
}

// dims returns the integers of an input, which may be symbolic; nil when left out.
func (c *lifting) dims(i int) (graph.Shape, error) {
	if !c.has(i) {
		return nil, nil
	}
	s, err := sizeValues(c.in[i])
	if err != nil {
		return nil, err
	}
	if s.dtype == tensor.Float32 {
		return nil, noForm("input %d is float32", i)
	}
	return slices.Clone(s.dims()), nil
}
