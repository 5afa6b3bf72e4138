package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	lifters["NegativeLogLikelihoodLoss"] = func(c *lifting) error {
		return c.likelihood(c.arg(0))
	}
	lifters["SoftmaxCrossEntropyLoss"] = func(c *lifting) error {
		logs := channelsAtEnd(c.arg(0), graph.LogSoftmax)
		if len(c.st.outs) > 1 {
			if err := c.put(1, &lifted{plain: logs}); err != nil {
				return err
			}
		}
		return c.likelihood(logs)
	}
	floatOnly["NegativeLogLikelihoodLoss"], floatOnly["SoftmaxCrossEntropyLoss"] = true, true
}

// likelihood is the loss of log-probabilities [N,C,...] for targets [N,...],
// weighted by class; the mean is by weight.
func (c *lifting) likelihood(logs *graph.Node) error {
	target := graph.Cast(c.arg(1), tensor.Int64)
	hit := graph.Cast(graph.Eq(graph.Unsqueeze(target, 1), graph.PositionsAlong(c.g, logs.Dim(1), 1, logs.Rank())), tensor.Float32)
	weight := hit // [N,C,...]
	if c.has(2) {
		weight = graph.Mul(hit, perChannel(c.arg(2), logs.Rank()))
	}
	if c.call.has("ignore_index") {
		counts := graph.Ne(target, c.g.Const(tensor.Scalar(c.call.int("ignore_index", 0))))
		weight = graph.Mul(weight, graph.Unsqueeze(graph.Cast(counts, tensor.Float32), 1))
	}
	loss := graph.Neg(graph.Sum(graph.Mul(logs, weight), 1))
	var y *graph.Node
	switch c.call.str("reduction", "mean") {
	case "none":
		y = loss
	case "sum":
		y = graph.Sum(loss)
	default:
		y = graph.Div(graph.Sum(loss), graph.Sum(weight))
	}
	return c.put(0, &lifted{plain: y})
}
