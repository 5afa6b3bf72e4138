package onnx

import "github.com/macaw-ai/macaw/framework/graph"

// batchStatistics normalises by the batch in any graph, for a model that reads the
// running statistics of the step as values.
func (c *lifting) batchStatistics() error {
	x, eps := c.arg(0), c.call.float("epsilon", 1e-5)
	axes := append([]int{0}, axesFrom(2, x.Rank())...)
	mean := graph.Mean(x, axes...)
	centred := graph.Sub(x, perChannel(mean, x.Rank()))
	variance := graph.Mean(graph.Square(centred), axes...)
	scale := graph.Mul(c.arg(1), graph.Rsqrt(graph.AddScalar(variance, eps)))
	y := graph.Add(graph.Mul(centred, perChannel(scale, x.Rank())), perChannel(c.arg(2), x.Rank()))
	momentum := c.call.float("momentum", 0.9)
	moved := func(old, now *graph.Node) *lifted {
		return &lifted{plain: graph.Add(graph.MulScalar(old, momentum), graph.MulScalar(now, 1-momentum))}
	}
	return c.putAll([]*lifted{{plain: y}, moved(c.arg(3), mean), moved(c.arg(4), variance), {plain: mean}, {plain: variance}})
}
