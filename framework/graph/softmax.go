package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var (
	_ = softmaxOperator("Softmax", false)
	_ = softmaxOperator("LogSoftmax", true)
	_ = softmaxGradOperator("SoftmaxGrad", false)
	_ = softmaxGradOperator("LogSoftmaxGrad", true)
)

func softmaxOperator(name string, log bool) *operator {
	return register(operator{
		name: name,
		shape: func(c *call) []Type {
			if c.in[0].Rank() == 0 {
				c.fail("the operand has no axes")
			}
			return same(c)
		},
		vjp: func(c *call, dy []*Node) []*Node {
			if log {
				return []*Node{on("LogSoftmaxGrad", nil, c.out[0], dy[0])}
			}
			return []*Node{on("SoftmaxGrad", nil, c.out[0], dy[0])}
		},
		lower: func(b *builder, c *call, in []value) []value {
			return b.emit(&chip.Softmax{Log: log}, in, b.types(c)...)
		},
	})
}

func softmaxGradOperator(name string, log bool) *operator {
	return register(operator{
		name:  name,
		shape: same,
		lower: func(b *builder, c *call, in []value) []value {
			return b.emit(&chip.SoftmaxGrad{Log: log}, in, b.types(c)...)
		},
	})
}

// Softmax returns exp(x)/Σexp(x) over the last axis.
func Softmax(x *Node) *Node { return on("Softmax", nil, x) }

// LogSoftmax returns the logarithm of Softmax, computed without overflow.
func LogSoftmax(x *Node) *Node { return on("LogSoftmax", nil, x) }

// CrossEntropyAttrs are the attributes of "CrossEntropy".
type CrossEntropyAttrs struct{ Smoothing float32 }

var _ = register(operator{
	name: "CrossEntropy",
	shape: func(c *call) []Type {
		x := c.wantRank(0, tensor.Float32, 2)
		c.wantShape(1, tensor.Int64, x.Dim(0))
		if s := c.attrs.(CrossEntropyAttrs).Smoothing; s < 0 || s >= 1 {
			c.fail("label smoothing %v is not in [0, 1)", s)
		}
		return []Type{{tensor.Float32, x.shape[:1]}, {tensor.Float32, x.shape}}
	},
	vjp: func(c *call, dy []*Node) []*Node {
		return []*Node{on("CrossEntropyGrad", c.attrs, c.out[1], c.in[1], dy[0]), nil}
	},
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.CrossEntropy{Smoothing: c.attrs.(CrossEntropyAttrs).Smoothing}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name:  "CrossEntropyGrad",
	shape: like(0),
	lower: func(b *builder, c *call, in []value) []value {
		return b.emit(&chip.CrossEntropyGrad{Smoothing: c.attrs.(CrossEntropyAttrs).Smoothing}, in, b.types(c)...)
	},
})

// CrossEntropy returns the loss [N] of logits [N,K] against labels int64 [N]:
// -Σ_k q_k·log softmax(x)_k with q = (1-smoothing)·onehot + smoothing/K. A
// negative label gives loss 0, one of K or more is an error of Run. Source: Szegedy et al. 2016, arXiv:1512.00567, §7.
func CrossEntropy(logits, labels *Node, smoothing float32) *Node {
	return on("CrossEntropy", CrossEntropyAttrs{smoothing}, logits, labels)
}
