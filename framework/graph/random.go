package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// RandomAttrs are the attributes of "Random".
type RandomAttrs struct {
	Kind  chip.RandomKind
	Seed  uint64
	P     float32
	Shape Shape
}

var _ = register(operator{
	name:  "Random",
	shape: func(c *call) []Type { return one(tensor.Float32, c.attrs.(RandomAttrs).Shape...) },
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(RandomAttrs)
		return b.emit(&chip.Random{Kind: a.Kind, Seed: a.Seed, P: a.P}, in, b.types(c)...)
	},
})

func random(g *Graph, kind chip.RandomKind, p float32, dims Shape) *Node {
	counter := g.Var(g.StepCounter())
	return on("Random", RandomAttrs{kind, g.nextSeed(), p, dims}, counter)
}

// Uniform draws from [0,1), anew in every run.
func Uniform(g *Graph, dims ...Dim) *Node { return random(g, chip.Uniform, 0, dims) }

// Normal draws from the standard normal distribution, anew in every run.
func Normal(g *Graph, dims ...Dim) *Node { return random(g, chip.Normal, 0, dims) }

// Bernoulli draws 1 with probability p and else 0 (float32), anew in every run.
func Bernoulli(g *Graph, p float32, dims ...Dim) *Node { return random(g, chip.Bernoulli, p, dims) }

// Dropout zeroes elements with probability p and scales the others by 1/(1-p)
// in a training graph; otherwise it returns x.
// Source: Srivastava et al. 2014, JMLR 15.
func Dropout(x *Node, p float32) *Node {
	if !drops(x, p) {
		return x
	}
	mask := MulScalar(Bernoulli(x.Graph(), 1-p, x.shape...), 1/(1-p))
	return Mul(x, mask)
}

// drops tells whether Dropout does anything, and fails for no probability.
func drops(x *Node, p float32) bool {
	if p < 0 || p >= 1 {
		Fail("Dropout", []*Node{x}, "the probability %v is not in [0, 1)", p)
	}
	return p != 0 && x.Graph().Training()
}
