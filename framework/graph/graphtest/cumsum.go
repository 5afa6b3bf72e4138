package graphtest

import "github.com/macaw-ai/macaw/framework/graph"

func init() {
	rules["CumSum"] = func(_ *Interpreter, n *graph.Node, args []Array) Array {
		a, x := n.Op().Attrs.(graph.CumSumAttrs), args[0]
		return build(x.Shape, func(i []int) (sum float64) {
			at := append([]int(nil), i...)
			for j := range x.Shape[a.Axis] {
				if at[a.Axis] = j; (j < i[a.Axis]) != a.Reverse && j != i[a.Axis] || j == i[a.Axis] && !a.Exclusive {
					sum += x.get(at...)
				}
			}
			return sum
		})
	}
}
