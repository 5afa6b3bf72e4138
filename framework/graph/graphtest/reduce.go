package graphtest

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	sum := func(v []float64) float64 {
		s := 0.0
		for _, x := range v {
			s += x
		}
		return s
	}
	for name, f := range map[string]func(v []float64) float64{
		"ReduceSum":  sum,
		"ReduceMean": func(v []float64) float64 { return sum(v) / float64(len(v)) },
		"ReduceMax":  slices.Max[[]float64],
		"ReduceMin":  slices.Min[[]float64],
		"ReduceProd": func(v []float64) float64 {
			p := 1.0
			for _, x := range v {
				p *= x
			}
			return p
		},
	} {
		rules[name] = func(in *Interpreter, n *graph.Node, args []Array) Array {
			y := Array{in.shape(n.Shape()), reduce(args[0], n.Op().Attrs.(graph.ReduceAttrs).Axes, f)}
			return y
		}
	}
	rules["ArgMax"] = argMax
	rules["MaxPool2D"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		return pool(in, n, args[0], func(v []float64, _ int) float64 { return slices.Max(v) })
	}
	rules["AvgPool2D"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		return pool(in, n, args[0], func(v []float64, size int) float64 {
			if !n.Op().Attrs.(graph.PoolAttrs).CountPad {
				size = len(v)
			}
			return sum(v) / float64(size)
		})
	}
}

// reduce combines the elements along axes, in row-major order of the others.
func reduce(x Array, axes []int, f func(v []float64) float64) []float64 {
	kept := slices.Clone(x.Shape)
	for _, a := range axes {
		kept[a] = 1
	}
	out := newArray(kept)
	groups := make([][]float64, len(out.Data))
	each(x.Shape, func(i []int) {
		p := out.at(i)
		groups[p] = append(groups[p], x.get(i...))
	})
	for i, g := range groups {
		out.Data[i] = f(g)
	}
	return out.Data
}

func argMax(in *Interpreter, n *graph.Node, args []Array) Array {
	at := n.Op().Attrs.(graph.ArgMaxAttrs)
	data := reduce(args[0], []int{at.Axis}, func(v []float64) float64 {
		if at.Min {
			return float64(slices.Index(v, slices.Min(v)))
		}
		return float64(slices.Index(v, slices.Max(v)))
	})
	return Array{in.shape(n.Shape()), data}
}

func pool(in *Interpreter, n *graph.Node, x Array, f func(v []float64, size int) float64) Array {
	w := n.Op().Attrs.(graph.PoolAttrs).Window
	return build(in.shape(n.Shape()), func(o []int) float64 {
		var v []float64
		window(w, x, o, func(h, wd, _, _ int) { v = append(v, x.get(o[0], h, wd, o[3])) })
		return f(v, w.Size[0]*w.Size[1])
	})
}

// rows applies f to every row along the last axis.
func rows(x Array, f func(v []float64) []float64) Array {
	c := x.Shape[len(x.Shape)-1]
	y := newArray(x.Shape)
	for i := 0; i+c <= len(x.Data); i += c {
		copy(y.Data[i:], f(x.Data[i:i+c]))
	}
	return y
}

func init() {
	rules["Softmax"] = func(_ *Interpreter, _ *graph.Node, args []Array) Array { return rows(args[0], softmax) }
	rules["LogSoftmax"] = func(_ *Interpreter, _ *graph.Node, args []Array) Array {
		return rows(args[0], func(v []float64) []float64 {
			p := softmax(v)
			for i := range p {
				p[i] = math.Log(p[i])
			}
			return p
		})
	}
	rules["CrossEntropy"] = crossEntropy
}

func softmax(v []float64) []float64 {
	p, sum, top := make([]float64, len(v)), 0.0, slices.Max(v)
	for i, x := range v {
		p[i] = math.Exp(x - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func crossEntropy(_ *Interpreter, n *graph.Node, args []Array) Array {
	x, label, s := args[0], args[1], float64(n.Op().Attrs.(graph.CrossEntropyAttrs).Smoothing)
	k := x.Shape[1]
	return build(x.Shape[:1], func(i []int) float64 {
		y := int(label.Data[i[0]])
		if y < 0 {
			return 0
		}
		loss := 0.0
		for c, p := range softmax(x.Data[i[0]*k : (i[0]+1)*k]) {
			loss -= (s/float64(k) + (1-s)*truth(c == y)) * math.Log(p)
		}
		return loss
	})
}
