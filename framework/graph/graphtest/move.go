package graphtest

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	rules["Reshape"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		return Array{in.shape(n.Shape()), args[0].Data}
	}
	rules["Transpose"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		perm := n.Op().Attrs.(graph.TransposeAttrs).Perm
		return build(in.shape(n.Shape()), func(o []int) float64 {
			i := make([]int, len(o))
			for j, p := range perm {
				i[p] = o[j]
			}
			return args[0].get(i...)
		})
	}
	rules["Concat"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		axis := n.Op().Attrs.(graph.ConcatAttrs).Axis
		return build(in.shape(n.Shape()), func(o []int) float64 {
			i := slices.Clone(o)
			for _, a := range args {
				if i[axis] < a.Shape[axis] {
					return a.get(i...)
				}
				i[axis] -= a.Shape[axis]
			}
			panic("graphtest: Concat")
		})
	}
	rules["Slice"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		at := n.Op().Attrs.(graph.SliceAttrs)
		return build(in.shape(n.Shape()), func(o []int) float64 {
			i := slices.Clone(o)
			for j := range i {
				i[j] = in.dim(at.Start[j]) + o[j]*at.Step[j]
			}
			return args[0].Data[args[0].position(i)]
		})
	}
	rules["Pad"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		at := n.Op().Attrs.(graph.PadAttrs)
		return build(in.shape(n.Shape()), func(o []int) float64 {
			i := slices.Clone(o)
			for j := range i {
				if i[j] -= at.Before[j]; i[j] < 0 || i[j] >= args[0].Shape[j] {
					return at.Value
				}
			}
			return args[0].Data[args[0].position(i)]
		})
	}
	rules["Gather"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		axis, x, index := n.Op().Attrs.(graph.GatherAttrs).Axis, args[0], args[1]
		r := len(index.Shape)
		return build(in.shape(n.Shape()), func(o []int) float64 {
			row := int(index.Data[index.position(o[axis:axis+r])])
			if row < 0 {
				row += x.Shape[axis]
			}
			i := slices.Concat(o[:axis], []int{row}, o[axis+r:])
			return x.Data[x.position(i)]
		})
	}
	rules["OneHot"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		return build(in.shape(n.Shape()), func(o []int) float64 {
			r := len(o) - 1
			return truth(int(args[0].Data[args[0].position(o[:r])]) == o[r])
		})
	}
}

// position is at without broadcasting.
func (a Array) position(index []int) int {
	p := 0
	for i, d := range a.Shape {
		p = p*d + index[i]
	}
	return p
}
