package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	lifters["ScatterElements"], lifters["Scatter"], lifters["ScatterND"] = liftScatterElements, liftScatterElements, liftScatterND
	lifters["TopK"], lifters["Einsum"] = liftTopK, liftEinsum
	for _, name := range []string{"ScatterElements", "Scatter", "ScatterND", "Einsum"} {
		floatOnly[name] = true
	}
	for _, name := range []string{"ScatterElements", "Scatter", "ScatterND", "TopK"} {
		forTraining[name] = true
	}
	exporters["GatherGrad"], exporters["TopK"] = exportGatherGrad, exportTopK
}

func liftScatterElements(c *lifting) error {
	reduction, axis := c.call.str("reduction", "none"), int(c.call.int("axis", 0))
	if f := reductions[reduction]; f != nil {
		return c.reduceElements(f, axis)
	}
	return c.set(graph.ScatterElements(c.arg(0), c.arg(1), c.arg(2), axis, reduction == "add"))
}

func liftScatterND(c *lifting) error {
	reduction := c.call.str("reduction", "none")
	if f := reductions[reduction]; f != nil {
		return c.reduceRows(f)
	}
	return c.set(graph.ScatterND(c.arg(0), c.arg(1), c.arg(2), reduction == "add"))
}

func liftTopK(c *lifting) error {
	var k graph.Dim
	if c.call.version < 10 {
		k = graph.Const(int(c.call.int("k", 0)))
	} else {
		dims, err := c.dims(1)
		if err != nil {
			return err
		}
		if len(dims) != 1 {
			return noForm("%d numbers of elements", len(dims))
		}
		k = dims[0]
	}
	values, positions := graph.TopK(c.arg(0), k, int(c.call.int("axis", -1)), !c.call.flag("largest", true))
	return c.putAll([]*lifted{{plain: values}, {plain: positions}})
}

func liftEinsum(c *lifting) error {
	var in []*graph.Node
	for i := range c.in {
		in = append(in, c.arg(i))
	}
	return c.set(graph.Einsum(c.call.str("equation", ""), in...))
}

// exportGatherGrad adds rows to zeros.
func exportGatherGrad(x *exporter, n *graph.Node) error {
	shape, err := x.dims(n, n.Op().Attrs.(graph.ShapeAttrs).Shape, nil, false)
	if err != nil {
		return err
	}
	b, in := x.b, n.Inputs()
	zeros := b.Op("ConstantOfShape", nil, shape)
	index := b.Op("Unsqueeze", nil, b.Op("Cast", Attrs{"to": tensor.Int64}, x.plain(in[1])), b.Ints(-1))
	return x.set(n, b.Op("ScatterND", Attrs{"reduction": "add"}, zeros, index, x.plain(in[0])))
}

func exportTopK(x *exporter, n *graph.Node) error {
	a := n.Op().Attrs.(graph.TopKAttrs)
	k, err := x.dims(n, graph.Shape{a.K}, n.Inputs()[0], false)
	if err != nil {
		return err
	}
	return x.set(n, x.b.OpN(2, "TopK", Attrs{"largest": !a.Smallest}, x.plain(n.Inputs()[0]), k)[1])
}
