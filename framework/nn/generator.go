package nn

import (
	"fmt"
	"iter"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Generator continues one sequence of tokens with a Decoder. Each run computes
// the new tokens alone; what came before is kept in caches. It is not safe for
// concurrent use.
type Generator struct {
	exec     *graph.Executable
	capacity int
	tokens   []int // in the caches
}

// NewGenerator makes a generator of sequences whose last capacity tokens count.
func NewGenerator(dev chip.Device, d *Decoder, capacity int) (*Generator, error) {
	if capacity < 2 {
		return nil, fmt.Errorf("generator: a capacity of %d tokens is too small", capacity)
	}
	g := graph.New(graph.Inference)
	var in, out []*graph.Node
	err := graph.Trace(func() {
		tokens, first := g.Input("tokens", tensor.Int64, graph.Dims(1, "T")...), g.Input("first", tensor.Int64, graph.Dims(1)...)
		in, out = []*graph.Node{tokens, first}, []*graph.Node{d.ExtendLast(tokens, d.NewCache(1, capacity), first)}
	})
	if err != nil {
		return nil, err
	}
	exec, err := graph.Compile(dev, graph.Program{Inputs: in, Outputs: out})
	if err != nil {
		return nil, err
	}
	return &Generator{exec: exec, capacity: capacity}, nil
}

// Close frees the generator's memory.
func (g *Generator) Close() { g.exec.Close() }

// Reset forgets the sequence.
func (g *Generator) Reset() { g.tokens = g.tokens[:0] }

// Extend appends tokens to the sequence and returns the logits [Vocab] of the
// next one. When the sequence outgrows the capacity, its latest half is read
// anew from position 0.
func (g *Generator) Extend(tokens ...int) ([]float32, error) {
	if len(tokens) == 0 {
		return nil, fmt.Errorf("generator: there are no tokens to extend by")
	}
	if len(g.tokens)+len(tokens) > g.capacity {
		all := append(append([]int(nil), g.tokens...), tokens...)
		g.tokens, tokens = g.tokens[:0], all[len(all)-max(1, min(len(all), g.capacity/2)):]
	}
	ids := tensor.New(tensor.Int64, 1, len(tokens))
	for i, t := range tokens {
		ids.Int64s()[i] = int64(t)
	}
	outs, err := g.exec.Run(ids, tensor.Of([]int64{int64(len(g.tokens))}, 1))
	if err != nil {
		return nil, fmt.Errorf("generator: %w", err)
	}
	g.tokens = append(g.tokens, tokens...)
	return outs[0].Float32s(), nil
}

// Generate appends prompt, then draws tokens one after the other without end;
// the caller stops the iteration. The last one drawn is not yet appended.
func (g *Generator) Generate(prompt []int, s *Sampler) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		next := prompt
		for {
			logits, err := g.Extend(next...)
			if err != nil {
				yield(0, err)
				return
			}
			token := s.Next(logits)
			if !yield(token, nil) {
				return
			}
			next = []int{token}
		}
	}
}
