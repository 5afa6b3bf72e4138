package quant

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Integer returns the inference outputs with the layers that have a range
// computed in 8-bit integers; other layers stay as they are. A batch
// normalisation and a ReLU behind a layer, which nothing else reads, become part
// of it, and so do an addition behind a layer, of another value of the same shape,
// and the rounding for the layers that read the result. An addition reads the
// other value as they do, rounded. Weights are taken from the variables' present
// values.
//
// Ranges of unknown layers, training graphs and weights that are computed, such
// as masked or adapted ones, are errors.
func Integer(ranges Ranges, o Options, outputs ...*graph.Node) ([]*graph.Node, error) {
	if outputs[0].Graph().Training() {
		return nil, fmt.Errorf("quantise: the graph is one for training; trace the model with graph.Inference")
	}
	c := &conversion{traced: trace(outputs), ranges: ranges, options: o, made: map[*graph.Node]product{}, rounded: map[*graph.Node]*graph.Node{}}
	known := map[string]bool{}
	for _, name := range c.names {
		known[name] = true
	}
	for name := range ranges {
		if !known[name] {
			return nil, fmt.Errorf("quantise: there is a range for %q, but no such layer", name)
		}
	}
	var converted []*graph.Node
	err := graph.Trace(func() { converted = graph.Rewrite(c.replace, outputs...) })
	if err == nil {
		err = c.err
	}
	if err != nil {
		return nil, fmt.Errorf("quantise: %w", err)
	}
	return converted, nil
}

type conversion struct {
	*traced
	ranges  Ranges
	options Options
	made    map[*graph.Node]product     // by the node that it computes, as it was
	rounded map[*graph.Node]*graph.Node // the same as Uint8, where all can read that
	err     error
}

// product is an integer layer with a float32 result.
type product struct {
	x, add *graph.Node      // add may be nil
	conv   *graph.ConvAttrs // nil for Linear
	q      graph.Int8
}

func (p product) node() *graph.Node {
	if p.conv != nil {
		return graph.Conv2DInt8(p.x, p.add, *p.conv, p.q)
	}
	return graph.LinearInt8(p.x, p.add, p.q)
}

func (c *conversion) replace(n *graph.Node, in []*graph.Node) *graph.Node {
	if c.given(n) {
		if r := c.only(n); r != nil && foldable(r) && r.Inputs()[0] == n {
			return nil // replaced together with its normalisation
		}
		return c.layer(n, n, in[0], nil, nil)
	}
	switch n.Op().Name {
	case "BatchNorm":
		if layer := n.Inputs()[0]; c.given(layer) && c.only(layer) == n && foldable(n) {
			scale, shift := affine(n)
			return c.layer(n, layer, in[0].Inputs()[0], scale, shift)
		}
	case "Add":
		if i := c.host(n); i >= 0 {
			p, other := c.made[n.Inputs()[i]], n.Inputs()[1-i]
			if q, a := c.bytes(other); q != nil {
				p.add, p.q.Add = q, a
			} else {
				p.add = in[1-i]
			}
			c.made[n] = p
			return p.node()
		}
	case "Relu":
		if p, ok := c.made[n.Inputs()[0]]; ok && c.only(n.Inputs()[0]) == n {
			p.q.Relu = true
			c.made[n] = p
			return p.node()
		}
	}
	return nil
}

// given reports whether n is a layer with a range.
func (c *conversion) given(n *graph.Node) bool {
	_, ok := c.ranges[c.names[n]]
	return ok && c.names[n] != ""
}

// host returns which operand of n, an addition of equal shapes, is a layer, its
// normalisation included, that nothing else reads; -1 for none.
func (c *conversion) host(n *graph.Node) int {
	in := n.Inputs()
	if n.Op().Name != "Add" || !in[0].Shape().Equal(in[1].Shape()) {
		return -1
	}
	for i, layer := range in {
		if c.only(layer) != n {
			continue
		}
		if foldable(layer) && c.only(layer.Inputs()[0]) == layer {
			layer = layer.Inputs()[0]
		}
		if c.given(layer) {
			return i
		}
	}
	return -1
}

// bytes returns the product n rounded to the grid of what reads it: layers of
// one grid, and additions to a layer. It returns nil where there is another reader.
func (c *conversion) bytes(n *graph.Node) (*graph.Node, graph.Affine) {
	p, ok := c.made[n]
	var grids []graph.Affine
	for _, r := range c.reads[n] {
		switch {
		case r == nil:
			return nil, graph.Affine{}
		case c.given(r):
			grids = append(grids, c.ranges[c.names[r]].Affine())
		default:
			if i := c.host(r); i < 0 || r.Inputs()[i] == n {
				return nil, graph.Affine{}
			}
		}
	}
	if !ok || len(grids) == 0 || len(slices.Compact(grids)) > 1 {
		return nil, graph.Affine{}
	}
	if c.rounded[n] == nil {
		p.q.Out = &grids[0]
		c.rounded[n] = p.node()
	}
	return c.rounded[n], grids[0]
}

// layer makes the integer form of layer, reading x, as the value of n.
func (c *conversion) layer(n, layer, x *graph.Node, scale, shift []float32) *graph.Node {
	w, bias := weight(layer.Inputs()[1]), []float32(nil)
	if in := layer.Inputs(); len(in) > 2 {
		b := weight(in[2])
		if b == nil {
			w = nil
		} else {
			bias = b.Float32s()
		}
	}
	if w == nil {
		c.err = fmt.Errorf("the weights of layer %q are computed; write them into its variables first", c.names[layer])
		return nil
	}
	if scale != nil {
		bias = append(slices.Clone(bias), make([]float32, len(scale)-len(bias))...)
		for k := range bias {
			bias[k] = bias[k]*scale[k] + shift[k]
		}
		for i := range w.Float32s() {
			w.Float32s()[i] *= scale[i%len(scale)]
		}
	}
	a := c.ranges[c.names[layer]].Affine()
	p := product{q: graph.Int8{X: a}}
	p.q.Weight, p.q.Scales = weights(w, w.Rank()-1, c.options.limit())
	p.q.Bias = biases(bias, a.Scale, p.q.Scales)
	if attrs, ok := layer.Op().Attrs.(graph.ConvAttrs); ok {
		p.conv = &attrs
	}
	p.x = c.operand(layer, x, a)
	c.made[n] = p
	return p.node()
}

// operand quantises x, the operand of layer: as part of the integer layer that
// makes it, where that can be.
func (c *conversion) operand(layer, x *graph.Node, a graph.Affine) *graph.Node {
	if q, _ := c.bytes(layer.Inputs()[0]); q != nil {
		return q
	}
	return graph.QuantizeLinear(x, a)
}

// weight returns a copy of the value of a variable or constant, reshaped or
// not; nil for what is computed.
func weight(n *graph.Node) *tensor.Tensor {
	switch a := n.Op().Attrs.(type) {
	case graph.VarAttrs:
		return a.Variable.Value()
	case graph.ConstAttrs:
		return a.Value.Clone()
	}
	if n.Op().Name != "Reshape" {
		return nil
	}
	shape, ok := n.Shape().Known()
	if t := weight(n.Inputs()[0]); ok && t != nil {
		return t.Reshape(shape...)
	}
	return nil
}

// foldable reports whether n is a normalisation by constants.
func foldable(n *graph.Node) bool {
	return n.Op().Name == "BatchNorm" && !slices.ContainsFunc(n.Inputs()[1:], func(v *graph.Node) bool { return weight(v) == nil })
}

// affine returns the scale and shift of each channel of a normalisation.
func affine(n *graph.Node) (scale, shift []float32) {
	var v [4][]float32 // gamma, beta, mean, variance
	for i := range v {
		v[i] = weight(n.Inputs()[1+i]).Float32s()
	}
	eps := n.Op().Attrs.(graph.BatchNormAttrs).Eps
	for k, gamma := range v[0] {
		s := gamma / float32(math.Sqrt(float64(v[3][k]+eps)))
		scale, shift = append(scale, s), append(shift, v[1][k]-v[2][k]*s)
	}
	return scale, shift
}
