package quant

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// modelWriter makes the quantised model.
type modelWriter struct {
	*modelPlan
	graph   *onnx.Graph
	rounded map[string]string // by activation
	stored  map[string]bool   // constants made so far
}

// rewrite returns the model that the plan describes. It shares what does not
// change with the plan's model.
func (q *modelPlan) rewrite() *onnx.Model {
	m, g := *q.model, *q.model.Graph
	m.Graph = &g
	w := &modelWriter{modelPlan: q, graph: &g, rounded: map[string]string{}, stored: map[string]bool{}}
	g.Nodes, g.Initializers, g.ValueInfos = nil, slices.Clone(g.Initializers), nil
	for _, v := range g.Inputs {
		w.round(v.Name)
	}
	for _, n := range q.model.Graph.Nodes {
		c := *n
		c.Inputs = slices.Clone(n.Inputs)
		for i, in := range c.Inputs {
			if to := w.rounded[in]; to != "" {
				c.Inputs[i] = to
			}
		}
		if axis, ok := q.layers[n]; ok {
			w.layer(n, &c, axis)
		}
		g.Nodes = append(g.Nodes, &c)
		for _, out := range n.Outputs {
			w.round(out)
		}
	}
	used := map[string]bool{}
	for name := range q.outputs {
		used[name] = true
	}
	reads(g.Nodes, used)
	g.Initializers = slices.DeleteFunc(g.Initializers, func(t *onnx.TensorProto) bool { return !used[t.Name] })
	return &m
}

// reads marks what nodes and their sub-graphs read.
func reads(nodes []*onnx.Node, used map[string]bool) {
	for _, n := range nodes {
		for _, in := range n.Inputs {
			used[in] = true
		}
		for _, a := range n.Attributes {
			for _, g := range append(slices.Clone(a.Graphs), a.G) {
				if g == nil {
					continue
				}
				reads(g.Nodes, used)
				for _, o := range g.Outputs {
					used[o.Name] = true
				}
			}
		}
	}
}

// node adds an operator and returns its output, called name.
func (w *modelWriter) node(op, name string, attrs []*onnx.Attribute, inputs ...string) string {
	w.graph.Nodes = append(w.graph.Nodes, &onnx.Node{OpType: op, Name: name, Inputs: inputs, Outputs: []string{name}, Attributes: attrs})
	return name
}

// store adds a constant once and returns its name.
func (w *modelWriter) store(name string, t *tensor.Tensor) string {
	if !w.stored[name] {
		w.stored[name] = true
		w.graph.Initializers = append(w.graph.Initializers, onnx.NewTensorProto(name, t))
	}
	return name
}

// round quantises the activation name, if it is one to quantise, and back.
func (w *modelWriter) round(name string) {
	a, ok := w.grids[name]
	if !ok {
		return
	}
	scale, zero := w.store(name+"/scale", tensor.Scalar(a.Scale)), w.store(name+"/zero", tensor.Scalar(a.Zero))
	q := w.node("QuantizeLinear", name+"/quantized", nil, name, scale, zero)
	w.rounded[name] = w.node("DequantizeLinear", name+"/rounded", nil, q, scale, zero)
}

// layer gives c, the new form of n, integer weights and bias.
func (w *modelWriter) layer(n, c *onnx.Node, axis int) {
	q, scales := weights(w.consts[n.Inputs[1]], axis, w.options.limit())
	stem := fmt.Sprintf("%s/axis%d", n.Inputs[1], axis) // two layers may share a weight
	c.Inputs[1] = w.constant(stem, q, scales, axis)
	if len(n.Inputs) < 3 || n.Inputs[2] == "" {
		return
	}
	bias := w.consts[n.Inputs[2]]
	a, ok := w.grids[n.Inputs[0]]
	if !ok || bias == nil || bias.DType() != tensor.Float32 || bias.Rank() != 1 || bias.Len() != len(scales) {
		return
	}
	units := make([]float32, len(scales))
	for k, s := range scales {
		units[k] = a.Scale * s
	}
	ints := biases(bias.Float32s(), a.Scale, scales)
	// A bias is rounded for its layer.
	c.Inputs[2] = w.constant(fmt.Sprintf("%s/of/%s", n.Inputs[2], n.Outputs[0]), tensor.Of(ints, len(ints)), units, 0)
}

// constant adds integers q and returns what they stand for.
func (w *modelWriter) constant(stem string, q *tensor.Tensor, scales []float32, axis int) string {
	name := stem + "/rounded"
	if !w.stored[stem+"/quantized"] {
		inputs := []string{w.store(stem+"/quantized", q), w.store(stem+"/scale", tensor.Of(scales, len(scales)))}
		w.node("DequantizeLinear", name, []*onnx.Attribute{{Name: "axis", Type: onnx.AttrInt, I: int64(axis)}}, inputs...)
	}
	return name
}
