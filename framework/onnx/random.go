package onnx

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// randomOperators draw random numbers. Equal nodes of them are not one, and
// constants do not make their results constant. So does Dropout in training.
var randomOperators = []string{"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}

// draws says whether n or a sub-graph of it draws random numbers.
func (n *Node) draws() bool {
	if slices.Contains(randomOperators, n.OpType) || n.OpType == "Dropout" && len(n.Inputs) > 2 {
		return true
	}
	for _, a := range n.Attributes {
		if a.G != nil && slices.ContainsFunc(a.G.Nodes, (*Node).draws) {
			return true
		}
	}
	return false
}

// source makes the random numbers of a node. The seed fixes what the first run
// of a session draws, what the second draws, and so on; without one sessions
// differ. Runs at the same time take their turns in no fixed order.
type source struct {
	mu sync.Mutex
	r  *rand.Rand
}

// source marks the node as one that draws; seed is used when the node has the
// attribute.
func (n *call) source(seed uint64) *source {
	n.draws = true
	if !n.has("seed") {
		seed = rand.Uint64()
	}
	return &source{r: rand.New(rand.NewPCG(seed, 0x6f6e6e78))}
}

// floatSeed is the attribute seed of the random operators.
func (n *call) floatSeed() uint64 { return uint64(math.Float32bits(n.float("seed", 0))) }

// next returns the numbers of one run.
func (s *source) next() *rand.Rand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rand.New(rand.NewPCG(s.r.Uint64(), s.r.Uint64()))
}
