package tabular

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
)

// perceptron is blocks of linear, normalisation, SiLU and dropout, the later
// ones with a shortcut around them, over encoded columns and embeddings.
type perceptron struct {
	dense   int // columns that are not embedded
	embed   []*nn.Embedding
	blocks  []block
	dropout float32
	head    *nn.Linear
}

type block struct {
	linear *nn.Linear
	norm   *nn.LayerNorm
}

func newPerceptron(p *nn.Params, dense int, embedded []*feature.Lookup, outputs int, c toolbox.Config) *perceptron {
	n := &perceptron{dense: dense, dropout: float32(c.Float("dropout"))}
	in, width := dense, c.Int("width")
	for i, l := range embedded {
		levels := len(l.Levels) + 1
		size := min(16, int(math.Ceil(1.6*math.Pow(float64(levels), 0.4))))
		n.embed = append(n.embed, nn.NewEmbeddingWith(p.Subf("embed%d", i), levels, size, nn.Normal(0.1)))
		in += size
	}
	for i := range c.Int("depth") {
		b := p.Subf("block%d", i)
		n.blocks = append(n.blocks, block{nn.NewLinear(b.Sub("linear"), in, width), nn.NewLayerNorm(b.Sub("norm"), width)})
		in = width
	}
	n.head = nn.NewLinearWith(p.Sub("head"), in, outputs, nn.LinearOptions{Init: nn.Normal(0.01)})
	return n
}

// forward maps x [N, dense] and codes [N, 1] of each embedding to [N, outputs].
func (n *perceptron) forward(in []*graph.Node) *graph.Node {
	var parts []*graph.Node
	if n.dense > 0 {
		parts, in = append(parts, in[0]), in[1:]
	}
	for i, e := range n.embed {
		parts = append(parts, graph.Squeeze(e.Forward(in[i]), 1))
	}
	x := parts[0]
	if len(parts) > 1 {
		x = graph.Concat(1, parts...)
	}
	for i, b := range n.blocks {
		y := graph.Dropout(graph.SiLU(b.norm.Forward(b.linear.Forward(x))), n.dropout)
		if i > 0 {
			y = graph.Add(x, y)
		}
		x = y
	}
	return n.head.Forward(x)
}
