package graphtest

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	for i, name := range []string{"LSTM", "LSTM#1", "LSTM#2"} {
		rules[name] = func(_ *Interpreter, n *graph.Node, args []Array) Array {
			return lstm(n.Op().Attrs.(graph.LSTMAttrs), args)[i]
		}
	}
	for i, name := range []string{"GRU", "GRU#1"} {
		rules[name] = func(_ *Interpreter, n *graph.Node, args []Array) Array {
			return gru(n.Op().Attrs.(graph.GRUAttrs), args)[i]
		}
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// overTime calls step for the positions of each row, in order, that lie within
// its length.
func overTime(x Array, reverse bool, lengths []float64, step func(n, t int)) {
	for n := range x.Shape[0] {
		for s := range x.Shape[1] {
			t := s
			if reverse {
				t = x.Shape[1] - 1 - s
			}
			if lengths == nil || float64(t) < lengths[n] {
				step(n, t)
			}
		}
	}
}

// extras gives the vector and the lengths behind the first operands.
func extras(args []Array, vector, lengths bool) (v, l []float64) {
	if vector {
		v, args = args[0].Data, args[1:]
	}
	if lengths {
		l = args[0].Data
	}
	return v, l
}

func lstm(a graph.LSTMAttrs, args []Array) [3]Array {
	xw, r, h := args[0], args[1], args[1].Shape[0]
	p, lengths := extras(args[4:], a.Peephole, a.Lengths)
	if p == nil {
		p = make([]float64, 3*h)
	}
	y, hs, cs := newArray([]int{xw.Shape[0], xw.Shape[1], h}), clone(args[2]), clone(args[3])
	overTime(xw, a.Reverse, lengths, func(n, t int) {
		before := append([]float64(nil), hs.Data[n*h:(n+1)*h]...)
		sum := func(gate, j int) float64 {
			s := xw.get(n, t, gate*h+j)
			for k, v := range before {
				s += v * r.get(k, gate*h+j)
			}
			return s
		}
		for j := range h {
			old := cs.get(n, j)
			i, f := sigmoid(sum(0, j)+p[j]*old), sigmoid(sum(2, j)+p[2*h+j]*old)
			c := f*old + i*math.Tanh(sum(3, j))
			o := sigmoid(sum(1, j) + p[h+j]*c)
			cs.Data[n*h+j], hs.Data[n*h+j] = c, o*math.Tanh(c)
		}
		copy(y.Data[(n*xw.Shape[1]+t)*h:], hs.Data[n*h:(n+1)*h])
	})
	return [3]Array{y, hs, cs}
}

func gru(a graph.GRUAttrs, args []Array) [2]Array {
	xw, r, h := args[0], args[1], args[1].Shape[0]
	b, lengths := extras(args[3:], a.ResetAfter, a.Lengths)
	y, hs := newArray([]int{xw.Shape[0], xw.Shape[1], h}), clone(args[2])
	overTime(xw, a.Reverse, lengths, func(n, t int) {
		before := append([]float64(nil), hs.Data[n*h:(n+1)*h]...)
		product := func(x []float64, gate, j int) (s float64) {
			for k, v := range x {
				s += v * r.get(k, gate*h+j)
			}
			return s
		}
		reset, resetState := make([]float64, h), make([]float64, h)
		for j := range h {
			reset[j] = sigmoid(xw.get(n, t, h+j) + product(before, 1, j))
			resetState[j] = reset[j] * before[j]
		}
		for j := range h {
			z, q := sigmoid(xw.get(n, t, j)+product(before, 0, j)), 0.0
			if a.ResetAfter {
				q = reset[j] * (product(before, 2, j) + b[j])
			} else {
				q = product(resetState, 2, j)
			}
			hs.Data[n*h+j] = (1-z)*math.Tanh(xw.get(n, t, 2*h+j)+q) + z*before[j]
		}
		copy(y.Data[(n*xw.Shape[1]+t)*h:], hs.Data[n*h:(n+1)*h])
	})
	return [2]Array{y, hs}
}

func clone(a Array) Array { return Array{a.Shape, append([]float64(nil), a.Data...)} }
