package onnx

import "github.com/macaw-ai/macaw/framework/graph"

// batchStatistics normalises by the batch in any graph, for a model that reads the
// running statistics of the step as values.
func (c *lifting) batchStatistics() error {
	x := c.arg(0)
	axes := append([]int{0}, axesFrom(2, x.Rank())...)
	beside := func(v *graph.Node) *graph.Node { return perChannel(v, x.Rank()) }
	mean := graph.Mean(x, axes...)
	variance := graph.Mean(graph.Square(graph.Sub(x, beside(mean))), axes...)
	y := normalised(x, beside(c.arg(1)), beside(c.arg(2)), beside(mean), beside(variance), c.call.float("epsilon", 1e-5))
	momentum := c.call.float("momentum", 0.9)
	moved := func(old, now *graph.Node) *lifted {
		return &lifted{plain: graph.Add(graph.MulScalar(old, momentum), graph.MulScalar(now, 1-momentum))}
	}
	return c.putAll([]*lifted{{plain: y}, moved(c.arg(3), mean), moved(c.arg(4), variance), {plain: mean}, {plain: variance}})
}
