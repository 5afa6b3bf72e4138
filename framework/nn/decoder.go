package nn

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

// DecoderConfig is the size of a Decoder. Vocab, Width, Layers and Heads must be given.
type DecoderConfig struct {
	Vocab, Width, Layers, Heads int

	KeyValueHeads int                 // 0 means Heads
	Hidden        int                 // of the SwiGLU; 0 means 8/3·Width rounded up to a multiple of 16
	Rotary        graph.RotaryOptions // positions
	Eps           float32             // of the norms; 0 means 1e-5
	Untied        bool                // the head has weights of its own instead of the embedding's
	Dropout       float32             // of attention weights and of what each block adds, in training
}

// Validate reports sizes that do not fit together.
func (c DecoderConfig) Validate() error {
	switch {
	case c.Vocab < 1 || c.Width < 1 || c.Layers < 1 || c.Heads < 1:
		return fmt.Errorf("decoder: a vocabulary of %d, a width of %d, %d layers and %d heads must all be positive", c.Vocab, c.Width, c.Layers, c.Heads)
	case c.KeyValueHeads < 0 || c.Hidden < 0:
		return fmt.Errorf("decoder: %d key and value heads and a hidden width of %d must not be negative", c.KeyValueHeads, c.Hidden)
	case c.Width%c.Heads != 0 || c.Width/c.Heads%2 != 0:
		return fmt.Errorf("decoder: %d heads do not divide width %d into even parts", c.Heads, c.Width)
	case c.KeyValueHeads > 0 && c.Heads%c.KeyValueHeads != 0:
		return fmt.Errorf("decoder: %d key and value heads do not divide %d heads", c.KeyValueHeads, c.Heads)
	}
	return nil
}

func (c DecoderConfig) withDefaults() DecoderConfig {
	if c.KeyValueHeads == 0 {
		c.KeyValueHeads = c.Heads
	}
	if c.Hidden == 0 {
		c.Hidden = (8*c.Width/3 + 15) / 16 * 16
	}
	if c.Rotary.Base == 0 {
		c.Rotary.Base = 10000
	}
	c.Eps = epsilon(c.Eps)
	return c
}

// Decoder is a causal language model of the llama family: blocks of attention
// with rotary positions and of SwiGLU, each behind an RMSNorm and added to its
// input. Sources: Touvron et al. 2023, arXiv:2302.13971, §2.2; weights start as
// in Radford et al. 2019 (GPT-2), §2.3.
type Decoder struct {
	Embedding *Embedding // [Vocab, Width]
	Blocks    []*DecoderBlock
	Norm      *RMSNorm
	Head      *Linear // [Width, Vocab]; nil when tied
	config    DecoderConfig
}

// DecoderBlock is one layer of a Decoder.
type DecoderBlock struct {
	AttentionNorm, FeedNorm *RMSNorm
	Attention               *MultiHeadAttention
	Feed                    *SwiGLU
	dropout                 float32
}

// NewDecoder makes a model. It panics with a *graph.ShapeError when c is not valid.
func NewDecoder(p *Params, c DecoderConfig) *Decoder {
	if err := c.Validate(); err != nil {
		graph.Fail("Decoder", nil, "%v", err)
	}
	c = c.withDefaults()
	init, last := Normal(0.02), Normal(0.02/float32(math.Sqrt(2*float64(c.Layers))))
	d := &Decoder{config: c, Embedding: NewEmbeddingWith(p.Sub("embedding"), c.Vocab, c.Width, init)}
	norm := func(p *Params) *RMSNorm { n := NewRMSNorm(p, c.Width); n.Eps = c.Eps; return n }
	for i := range c.Layers {
		b := p.Subf("block%d", i+1)
		d.Blocks = append(d.Blocks, &DecoderBlock{
			AttentionNorm: norm(b.Sub("attention_norm")),
			Attention: NewMultiHeadAttention(b.Sub("attention"), c.Width, c.Heads, AttentionOptions{Causal: true, Dropout: c.Dropout,
				KeyValueHeads: c.KeyValueHeads, Rotary: &c.Rotary, NoBias: true, Init: init, OutputInit: last}),
			FeedNorm: norm(b.Sub("feed_norm")),
			Feed:     NewSwiGLU(b.Sub("feed"), c.Width, c.Hidden, SwiGLUOptions{Init: init, DownInit: last}),
			dropout:  c.Dropout,
		})
	}
	d.Norm = norm(p.Sub("norm"))
	if c.Untied {
		d.Head = NewLinearWith(p.Sub("head"), c.Width, c.Vocab, LinearOptions{NoBias: true, Init: init})
	}
	return d
}

// Config returns what the model was made with, with its defaults.
func (d *Decoder) Config() DecoderConfig { return d.config }

// Forward maps tokens int64 [N,T] to the logits [N,T,Vocab] of the next ones.
func (d *Decoder) Forward(tokens *graph.Node) *graph.Node {
	return d.logits(d.through(tokens, func(_ int, b *DecoderBlock, x *graph.Node) *graph.Node { return b.Attention.Forward(x, nil) }))
}

// NewCache makes an empty cache for n sequences of up to capacity tokens.
func (d *Decoder) NewCache(n, capacity int) []*KeyValueCache {
	caches := make([]*KeyValueCache, len(d.Blocks))
	for i, b := range d.Blocks {
		caches[i] = b.Attention.NewCache(n, capacity)
	}
	return caches
}

// Extend is Forward for tokens that continue those in the caches, the first of
// them at position first, int64 [1]; see MultiHeadAttention.Extend.
func (d *Decoder) Extend(tokens *graph.Node, caches []*KeyValueCache, first *graph.Node) *graph.Node {
	return d.logits(d.extended(tokens, caches, first))
}

// ExtendLast is Extend for the logits [N,1,Vocab] behind the last token alone,
// which is all that generating needs: the head is not computed for a prompt.
func (d *Decoder) ExtendLast(tokens *graph.Node, caches []*KeyValueCache, first *graph.Node) *graph.Node {
	return d.logits(graph.Slice(d.extended(tokens, caches, first), 1, -1, graph.End))
}

func (d *Decoder) extended(tokens *graph.Node, caches []*KeyValueCache, first *graph.Node) *graph.Node {
	return d.through(tokens, func(i int, b *DecoderBlock, x *graph.Node) *graph.Node {
		return b.Attention.Extend(x, caches[i], first)
	})
}

// through applies the blocks: [N,T] to [N,T,Width].
func (d *Decoder) through(tokens *graph.Node, attention func(i int, b *DecoderBlock, x *graph.Node) *graph.Node) *graph.Node {
	if tokens.Rank() != 2 {
		graph.Fail("Decoder", []*graph.Node{tokens}, "the tokens must be [N T]")
	}
	x := d.Embedding.Forward(tokens)
	for i, b := range d.Blocks {
		x = graph.Add(x, graph.Dropout(attention(i, b, b.AttentionNorm.Forward(x)), b.dropout))
		x = graph.Add(x, graph.Dropout(b.Feed.Forward(b.FeedNorm.Forward(x)), b.dropout))
	}
	return x
}

// logits applies the norm and the head to what the blocks gave.
func (d *Decoder) logits(x *graph.Node) *graph.Node {
	x = d.Norm.Forward(x)
	if d.Head != nil {
		return d.Head.Forward(x)
	}
	return graph.MatMulT(x, x.Graph().Var(d.Embedding.Table), false, true)
}
