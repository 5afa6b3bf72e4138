package graphtest

import (
	"cmp"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	rules["GatherGrad"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		y := newArray(in.shape(n.Shape()))
		if len(args[1].Data) == 0 {
			return y
		}
		width := len(args[0].Data) / len(args[1].Data)
		for i, at := range args[1].Data {
			if at < 0 {
				at += float64(y.Shape[0])
			}
			for j := range width {
				y.Data[int(at)*width+j] += args[0].Data[i*width+j]
			}
		}
		return y
	}
	rules["TopK"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		y, x := newArray(in.shape(n.Shape())), args[0]
		width, k := x.Shape[len(x.Shape)-1], y.Shape[len(y.Shape)-1]
		for r := range len(x.Data) / width {
			row := x.Data[r*width : (r+1)*width]
			order := make([]int, width)
			for i := range order {
				order[i] = i
			}
			slices.SortStableFunc(order, func(a, b int) int {
				if n.Op().Attrs.(graph.TopKAttrs).Smallest {
					a, b = b, a
				}
				return cmp.Compare(row[b], row[a])
			})
			for i, p := range order[:k] {
				y.Data[r*k+i] = float64(p)
			}
		}
		return y
	}
}
