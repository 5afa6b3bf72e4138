package graphtest

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	rules["Attention"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		a := n.Op().Attrs.(graph.AttentionAttrs)
		heads, time := 1, 2
		if a.TimeFirst {
			heads, time = 2, 1
		}
		q, k, v := args[0], args[1], args[2]
		group := q.Shape[heads] / max(1, k.Shape[heads])
		at := func(x Array, sample, head, i, c int) float64 {
			if a.TimeFirst {
				return x.get(sample, i, head, c)
			}
			return x.get(sample, head, i, c)
		}
		return build(in.shape(n.Shape()), func(i []int) float64 {
			sample, head, query := i[0], i[heads], i[time]
			seen := k.Shape[time]
			if a.Causal {
				seen = min(seen, query+1)
			}
			sum, y := 0.0, 0.0
			for j := range seen {
				score := 0.0
				for c := range q.Shape[3] {
					score += at(q, sample, head, query, c) * at(k, sample, head/group, j, c)
				}
				w := math.Exp(float64(a.Scale) * score)
				sum += w
				y += w * at(v, sample, head/group, j, i[3])
			}
			return y / max(sum, math.SmallestNonzeroFloat64)
		})
	}
}
