package chiptest

import (
	"fmt"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

func attentionRows() []row {
	var rs []row
	for i, s := range []chip.AttentionSizes{
		{N: 1, H: 1, K: 1, T: 1, S: 1, D: 1, E: 1},
		{N: 2, H: 3, K: 3, T: 5, S: 5, D: 4, E: 4},
		{N: 1, H: 2, K: 1, T: 33, S: 33, D: 16, E: 16}, // one more than a panel
		{N: 2, H: 4, K: 2, T: 100, S: 100, D: 64, E: 64},
		{N: 1, H: 6, K: 2, T: 7, S: 70, D: 5, E: 9}, // fewer queries than keys
		{N: 3, H: 2, K: 2, T: 40, S: 3, D: 33, E: 17},
		{N: 1, H: 1, K: 1, T: 530, S: 530, D: 8, E: 8}, // two blocks of keys
		{N: 1, H: 3, K: 1, T: 50, S: 1100, D: 20, E: 12},
		{N: 0, H: 2, K: 1, T: 3, S: 4, D: 2, E: 2},
		{N: 2, H: 2, K: 2, T: 0, S: 4, D: 2, E: 3},
		{N: 2, H: 2, K: 2, T: 3, S: 0, D: 2, E: 3},
	} {
		for _, causal := range []bool{false, true} {
			rs = append(rs, attentionRow(s, causal, i%2 == 0)...)
			if i < 7 {
				rs = append(rs, attentionRow(s, causal, i%2 == 1)...)
			}
		}
	}
	return rs
}

func attentionRow(s chip.AttentionSizes, causal, timeFirst bool) []row {
	shape := func(heads, time, width int) []int {
		if timeFirst {
			return []int{s.N, time, heads, width}
		}
		return []int{s.N, heads, time, width}
	}
	qs, ks, vs, ys := shape(s.H, s.T, s.D), shape(s.K, s.S, s.D), shape(s.K, s.S, s.E), shape(s.H, s.T, s.E)
	q, k, v, dy := noise(1, qs...), noise(2, ks...), noise(3, vs...), noise(4, ys...)
	q = q.with(func(x float64) float64 { return 4 * x })
	name := fmt.Sprintf("causal=%v time first=%v", causal, timeFirst)
	op := &chip.Attention{Scale: 0.5, Causal: causal, TimeFirst: timeFirst}
	ins, kept := []array{q, k, v}, []array{f32(ys...), f32(s.N, s.H, s.T)}
	refAttention(op, ins, kept)
	keep := func(x float64) float64 { return x }
	return []row{
		{name: name, op: op, ins: ins, outs: []array{f32(ys...), f32(s.N, s.H, s.T)}, tol: 1e-5},
		{name: name, op: &chip.AttentionGrad{Scale: 0.5, Causal: causal, TimeFirst: timeFirst},
			ins: append(ins, kept[0].with(keep), kept[1].with(keep), dy), outs: []array{f32(qs...), f32(ks...), f32(vs...)}, tol: 5e-5},
	}
}

// RunAttention tests attentions of some sizes alone, and their gradients.
func RunAttention(t *testing.T, dev chip.Device, s chip.AttentionSizes, causal, timeFirst bool) {
	for _, r := range attentionRow(s, causal, timeFirst) {
		r.run(t, dev)
	}
}
