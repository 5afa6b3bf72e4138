package onnx

import "github.com/macaw-ai/macaw/framework/graph"

func init() {
	lifters["ScatterElements"], lifters["Scatter"], lifters["ScatterND"] = liftScatterElements, liftScatterElements, liftScatterND
	lifters["TopK"], lifters["Einsum"] = liftTopK, liftEinsum
	for _, name := range []string{"ScatterElements", "Scatter", "ScatterND", "Einsum"} {
		floatOnly[name] = true
	}
	for _, name := range []string{"ScatterElements", "Scatter", "ScatterND", "TopK"} {
		forTraining[name] = true
	}
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
