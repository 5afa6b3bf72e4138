// Package graphtest holds the reference against which compiled graphs are
// tested: an interpreter in float64 that is written for clearness, and a check
// of gradients against its finite differences.
package graphtest

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Array is a value of the interpreter; integers and truth values are held as
// float64 too.
type Array struct {
	Shape []int
	Data  []float64
}

func newArray(shape []int) Array { return Array{shape, make([]float64, tensor.Size(shape))} }

// ArrayOf copies a tensor.
func ArrayOf(t *tensor.Tensor) Array {
	a := newArray(t.Shape())
	for i := range a.Data {
		switch d := t.Data().(type) {
		case []float32:
			a.Data[i] = float64(d[i])
		case []int64:
			a.Data[i] = float64(d[i])
		case []int32:
			a.Data[i] = float64(d[i])
		case []tensor.BFloat16:
			a.Data[i] = float64(d[i].Float32())
		case []uint8:
			a.Data[i] = float64(d[i])
		case []bool:
			if d[i] {
				a.Data[i] = 1
			}
		default:
			panic(fmt.Sprintf("graphtest.ArrayOf: %v", t))
		}
	}
	return a
}

// Interpreter evaluates the nodes of one graph for given inputs.
type Interpreter struct {
	feeds   map[*graph.Node]Array
	symbols map[string]int
	values  map[*graph.Node]Array
}

// NewInterpreter learns the symbols from the inputs' shapes.
func NewInterpreter(feeds map[*graph.Node]Array) *Interpreter {
	in := &Interpreter{feeds: feeds, symbols: map[string]int{}, values: map[*graph.Node]Array{}}
	for n, a := range feeds {
		for i, d := range n.Shape() {
			if name, ok := d.Name(); ok {
				in.symbols[name] = a.Shape[i]
			}
		}
	}
	return in
}

// rules computes the first result of an operator; those of "Name#1" and so on,
// its further ones.
var rules = map[string]func(in *Interpreter, n *graph.Node, args []Array) Array{}

// Value evaluates n. It panics on operators that it does not know: gradients,
// updates and random numbers.
func (in *Interpreter) Value(n *graph.Node) Array {
	if a, ok := in.feeds[n]; ok {
		return a
	}
	if a, ok := in.values[n]; ok {
		return a
	}
	name := n.Op().Name
	if n.Index() > 0 {
		name = fmt.Sprintf("%s#%d", name, n.Index())
	}
	rule := rules[name]
	if rule == nil {
		panic(fmt.Sprintf("graphtest: cannot interpret %v", n))
	}
	args := make([]Array, len(n.Inputs()))
	for i, m := range n.Inputs() {
		args[i] = in.Value(m)
	}
	a := rule(in, n, args)
	if want := in.shape(n.Shape()); fmt.Sprint(want) != fmt.Sprint(a.Shape) {
		panic(fmt.Sprintf("graphtest: %v has shape %v", n, a.Shape))
	}
	in.values[n] = a
	return a
}

func (in *Interpreter) shape(s graph.Shape) []int {
	dims, err := s.Eval(in.symbols)
	if err != nil {
		panic(err)
	}
	return dims
}

func (in *Interpreter) dim(d graph.Dim) int { return in.shape(graph.Shape{d})[0] }

func init() {
	rules["Const"] = func(_ *Interpreter, n *graph.Node, _ []Array) Array {
		return ArrayOf(n.Op().Attrs.(graph.ConstAttrs).Value)
	}
	rules["Var"] = func(_ *Interpreter, n *graph.Node, _ []Array) Array {
		return ArrayOf(n.Op().Attrs.(graph.VarAttrs).Variable.Value())
	}
	rules["Size"] = func(in *Interpreter, n *graph.Node, _ []Array) Array {
		return Array{nil, []float64{float64(in.dim(n.Op().Attrs.(graph.SizeAttrs).Dim))}}
	}
	rules["Positions"] = func(in *Interpreter, n *graph.Node, _ []Array) Array {
		a := newArray(in.shape(n.Shape()))
		for i := range a.Data {
			a.Data[i] = float64(i)
		}
		return a
	}
	rules["StopGradient"] = func(_ *Interpreter, _ *graph.Node, args []Array) Array { return args[0] }
}
