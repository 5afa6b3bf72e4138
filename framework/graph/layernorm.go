package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// NormAttrs are the attributes of "LayerNorm" and "RMSNorm".
type NormAttrs struct{ Eps float32 }

var (
	_ = rowNorm("LayerNorm", false)
	_ = rowNorm("RMSNorm", true)
	_ = rowNormGrad("LayerNormGrad", false)
	_ = rowNormGrad("RMSNormGrad", true)
)

func rowNorm(name string, rms bool) *operator {
	return register(operator{
		name: name,
		shape: func(c *call) []Type {
			x := c.want(0, tensor.Float32)
			if x.Rank() < 1 {
				c.fail("the operand has no axes")
			}
			for i := 1; i < len(c.in); i++ {
				c.wantShape(i, tensor.Float32, x.Dim(-1))
			}
			rows := x.shape[:x.Rank()-1]
			return []Type{{tensor.Float32, x.shape}, {tensor.Float32, rows}, {tensor.Float32, rows}}
		},
		vjp: func(c *call, dy []*Node) []*Node {
			return applyAll(name+"Grad", c.graph, c.attrs, c.in[0], c.in[1], c.out[1], c.out[2], dy[0])
		},
		lower: func(b *builder, c *call, in []value) []value {
			return b.emit(&chip.LayerNorm{Eps: c.attrs.(NormAttrs).Eps, RMS: rms}, in, b.types(c)...)
		},
	})
}

func rowNormGrad(name string, rms bool) *operator {
	return register(operator{
		name: name,
		shape: func(c *call) []Type {
			x, gamma := c.in[0], c.in[1]
			types := []Type{{tensor.Float32, x.shape}, {tensor.Float32, gamma.shape}, {tensor.Float32, gamma.shape}}
			if rms {
				types = types[:2]
			}
			return types
		},
		lower: func(b *builder, c *call, in []value) []value {
			return b.emit(&chip.LayerNormGrad{RMS: rms}, in, b.types(c)...)
		},
	})
}

// LayerNorm returns (x-mean)/sqrt(var+eps)·gamma + beta over the last axis C.
// x is [..., C], gamma and beta are [C]; the variance is biased.
// Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450, §3.
func LayerNorm(x, gamma, beta *Node, eps float32) *Node {
	return on("LayerNorm", NormAttrs{eps}, x, gamma, beta)
}

// RMSNorm returns x/sqrt(mean(x²)+eps)·gamma over the last axis.
// Source: Zhang and Sennrich 2019, arXiv:1910.07467.
func RMSNorm(x, gamma *Node, eps float32) *Node {
	return on("RMSNorm", NormAttrs{eps}, x, gamma)
}
