package graph

import (
	"fmt"
	"hash/fnv"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Mode says what a graph is for.
type Mode uint8

const (
	Inference Mode = iota // running statistics, no dropout
	Train                 // batch statistics, dropout
)

// Graph records operators in the order in which they were called. It is not
// safe for concurrent use while it is built.
type Graph struct {
	mode    Mode
	seed    uint64
	nodes   []*Node
	inputs  map[string]*Node
	vars    map[*Variable]*Node
	assigns []assign
	counter *Variable // steps of this graph's random operators
	randoms int       // random operators so far

	sweeping   bool  // Grad is adding nodes
	gradientOf *call // what the nodes made now are the gradient of
}

// assign is an update of a variable.
type assign struct {
	variable *Variable
	value    *Node
}

// New makes an empty graph.
func New(mode Mode) *Graph {
	return &Graph{mode: mode, inputs: map[string]*Node{}, vars: map[*Variable]*Node{}}
}

// Training reports whether layers should behave as in training.
func (g *Graph) Training() bool { return g.mode == Train }

// Seed sets the seed of the random operators added from now on. Operators
// differ by their number in the graph, runs by the step counter.
func (g *Graph) Seed(seed uint64) { g.seed = seed }

// Input declares a value that Run is given. Names are unique in a graph.
func (g *Graph) Input(name string, dt tensor.DType, dims ...Dim) *Node {
	if g.inputs[name] != nil {
		Fail("Input", nil, "the graph has an input %q already", name)
	}
	n := apply("Input", g, InputAttrs{Name: name, Type: Type{dt, Shape(dims)}})
	g.inputs[name] = n
	return n
}

// Const makes a node of a fixed value, which must not change afterwards.
func (g *Graph) Const(t *tensor.Tensor) *Node { return apply("Const", g, ConstAttrs{Value: t}) }

// Scalar makes a float32 constant of rank 0.
func Scalar(g *Graph, v float32) *Node { return g.Const(tensor.Scalar(v)) }

// Fill makes a float32 node of the given shape, every element v.
func Fill(g *Graph, v float32, dims ...Dim) *Node { return Broadcast(Scalar(g, v), dims...) }

// Var reads a variable as it is before the run's updates. The node is made once.
func (g *Graph) Var(v *Variable) *Node {
	n := g.vars[v]
	if n == nil {
		n = apply("Var", g, VarAttrs{Variable: v})
		g.vars[v] = n
	}
	return n
}

// Assign makes each run of a program compiled from this graph store value in v.
// A variable is assigned at most once in a graph.
func (g *Graph) Assign(v *Variable, value *Node) {
	if value.dtype != v.dtype || !value.shape.Equal(Ints(v.shape...)) {
		Fail("Assign", []*Node{value}, "variable %q is %v%v", v.name, v.dtype, v.shape)
	}
	for _, a := range g.assigns {
		if a.variable == v {
			Fail("Assign", []*Node{value}, "variable %q is assigned already", v.name)
		}
	}
	g.assigns = append(g.assigns, assign{v, value})
}

// Nodes returns all nodes in the order in which they were made.
func (g *Graph) Nodes() []*Node { return g.nodes }

// StepCounter returns the variable (Int64 [1]) that counts this graph's runs
// for its random operators. Restoring it repeats their stream.
func (g *Graph) StepCounter() *Variable {
	if g.counter == nil {
		g.UseStepCounter(NewVariable("step", tensor.Of([]int64{0}, 1), false))
	}
	return g.counter
}

// UseStepCounter sets the variable that StepCounter returns, so that graphs
// can share it. It must be called before the first random operator.
func (g *Graph) UseStepCounter(v *Variable) {
	if g.counter != nil {
		Fail("UseStepCounter", nil, "the graph has a step counter already; share one before the first random operator")
	}
	g.counter = v
	one := g.Const(tensor.Of([]int64{1}, 1))
	g.Assign(v, Add(g.Var(v), one))
}

// nextSeed returns a seed that differs for every random operator.
func (g *Graph) nextSeed() uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d", g.seed, g.randoms)
	g.randoms++
	return h.Sum64()
}

// Assigned returns the value that runs will leave in v, or nil.
func (g *Graph) Assigned(v *Variable) *Node {
	for _, a := range g.assigns {
		if a.variable == v {
			return a.value
		}
	}
	return nil
}
