package nn

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// LearnedPositions adds a learned vector for each position.
type LearnedPositions struct {
	Table *graph.Variable // [longest, d]
}

// NewLearnedPositions makes vectors for positions 0 to longest-1, drawn from
// N(0, 0.02²) truncated.
func NewLearnedPositions(p *Params, longest, d int) *LearnedPositions {
	return &LearnedPositions{Table: p.Weight("table", TruncatedNormal(0.02), longest, d)}
}

// Forward adds to x [N,T,d]. A T beyond the longest is an error of Run.
func (l *LearnedPositions) Forward(x *graph.Node) *graph.Node {
	if x.Rank() != 3 {
		graph.Fail("LearnedPositions", []*graph.Node{x}, "the operand must be [N T d]")
	}
	g := x.Graph()
	return graph.Add(x, graph.Embedding(g.Var(l.Table), graph.Positions(g, x.Dim(1))))
}

// SinusoidalPositions is a layer that adds to x [N,T,d], d even, at position t
// sin(t/10000^(2i/d)) to element 2i and the cosine to element 2i + 1.
// Source: Vaswani et al. 2017, arXiv:1706.03762, §3.5.
var SinusoidalPositions Layer = Func(func(x *graph.Node) *graph.Node {
	size := 0
	if x.Rank() == 3 {
		size, _ = x.Dim(2).Known()
	}
	if size == 0 || size%2 != 0 {
		graph.Fail("SinusoidalPositions", []*graph.Node{x}, "the operand must be [N T d] with d even")
	}
	g, speed, phase := x.Graph(), tensor.New(tensor.Float32, size), tensor.New(tensor.Float32, size)
	for i := range size {
		speed.Float32s()[i] = float32(math.Pow(10000, -float64(i/2*2)/float64(size)))
		phase.Float32s()[i] = float32(float64(i%2) * math.Pi / 2) // cos x = sin(x + π/2)
	}
	t := graph.Unsqueeze(graph.Cast(graph.Positions(g, x.Dim(1)), tensor.Float32), 1)
	return graph.Add(x, graph.Sin(graph.Add(graph.Mul(t, g.Const(speed)), g.Const(phase))))
})
