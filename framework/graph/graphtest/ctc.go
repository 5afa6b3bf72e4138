package graphtest

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

// The probability of a sequence is summed over prefixes: after each frame, p[i]
// is that of the first i labels ending in a blank, q[i] in label i itself.
func init() {
	rules["CTC"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		logp, labels, blank := args[0], args[1], n.Op().Attrs.(graph.CTCAttrs).Blank
		return build(logp.Shape[:1], func(s []int) float64 {
			var want []int
			for i := range labels.Shape[1] {
				if y := int(labels.get(s[0], i)); y >= 0 {
					want = append(want, y)
				}
			}
			p, q := make([]float64, len(want)+1), make([]float64, len(want)+1)
			p[0] = 1
			for t := range int(args[2].Data[s[0]]) {
				of := func(y int) float64 { return math.Exp(logp.get(s[0], t, y)) }
				for i := len(want); i >= 0; i-- {
					stay := q[i]
					if i > 0 {
						from := q[i] + p[i-1]
						if i > 1 && want[i-1] != want[i-2] {
							from += q[i-1]
						}
						q[i] = from * of(want[i-1])
					}
					p[i] = (p[i] + stay) * of(blank)
				}
			}
			return -math.Log(p[len(want)] + q[len(want)])
		})
	}
}
