package graphtest

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	rules["GatherGrad"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		y := newArray(in.shape(n.Shape()))
		width := len(y.Data) / max(1, y.Shape[0])
		for i, r := range args[1].Data {
			row := (int(r) + y.Shape[0]) % y.Shape[0]
			for j := range width {
				y.Data[row*width+j] += args[0].Data[i*width+j]
			}
		}
		return y
	}
	rules["ArgSort"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		y, x := newArray(in.shape(n.Shape())), args[0]
		l, k := x.Shape[len(x.Shape)-1], y.Shape[len(y.Shape)-1]
		for r := 0; k > 0 && r < len(y.Data)/k; r++ {
			row, at := x.Data[r*l:(r+1)*l], make([]int, l)
			for i := range at {
				at[i] = i
			}
			sign := 1.0
			if n.Op().Attrs.(graph.ArgSortAttrs).Descending {
				sign = -1
			}
			slices.SortStableFunc(at, func(a, b int) int {
				d := sign * (row[a] - row[b])
				return int(math.Copysign(truth(d != 0), d))
			})
			for i := range k {
				y.Data[r*k+i] = float64(at[i])
			}
		}
		return y
	}
}
