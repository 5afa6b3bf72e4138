package models

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
)

// GPTConfig is the size of a GPT.
type GPTConfig struct {
	Vocab, Context       int // tokens that there are, and that a sample has at most
	Width, Layers, Heads int
}

// GPT maps tokens int64 [N,T] to the logits [N,T,Vocab] of the next ones: a
// decoder with learned positions, layer norms in front and GELU, as GPT-2, but
// with a head of its own. Source: Radford et al. 2019, "Language Models are
// Unsupervised Multitask Learners", §2.3.
func GPT(p *nn.Params, c GPTConfig) nn.Layer {
	net := nn.Sequential{nn.NewEmbedding(p.Sub("tokens"), c.Vocab, c.Width), nn.NewLearnedPositions(p.Sub("positions"), c.Context, c.Width)}
	for i := range c.Layers {
		net = append(net, gptBlock(p.Subf("block%d", i+1), c.Width, c.Heads))
	}
	return append(net, nn.NewLayerNorm(p.Sub("norm"), c.Width), nn.NewLinearWith(p.Sub("head"), c.Width, c.Vocab, nn.LinearOptions{NoBias: true}))
}

func gptBlock(p *nn.Params, width, heads int) nn.Layer {
	norm1, norm2 := nn.NewLayerNorm(p.Sub("norm1"), width), nn.NewLayerNorm(p.Sub("norm2"), width)
	attention := nn.NewMultiHeadAttention(p.Sub("attention"), width, heads, nn.AttentionOptions{Causal: true})
	up, down := nn.NewLinear(p.Sub("up"), width, 4*width), nn.NewLinear(p.Sub("down"), 4*width, width)
	return nn.Func(func(x *graph.Node) *graph.Node {
		x = graph.Add(x, attention.Forward(norm1.Forward(x), nil))
		return graph.Add(x, down.Forward(graph.GELU(up.Forward(norm2.Forward(x)))))
	})
}
