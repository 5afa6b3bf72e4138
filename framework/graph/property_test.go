package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
	"pgregory.net/rapid"
)

// sketch builds a random graph of bounded values over two inputs [N,6] and
// [N,6] and two variables [6] and [6,6].
type sketch struct {
	t     *rapid.T
	g     *graph.Graph
	nodes nodes
}

// pick draws one of the nodes that are ok.
func (s *sketch) pick(name string, ok func(*node) bool) *node {
	fit := slices.DeleteFunc(slices.Clone(s.nodes), func(n *node) bool { return !ok(n) })
	if len(fit) == 0 {
		return nil
	}
	return rapid.SampledFrom(fit).Draw(s.t, name)
}

var steps = map[string]func(s *sketch, x *node) *node{
	"relu":    func(s *sketch, x *node) *node { return graph.Relu(x) },
	"tanh":    func(s *sketch, x *node) *node { return graph.Tanh(x) },
	"silu":    func(s *sketch, x *node) *node { return graph.SiLU(x) },
	"gelu":    func(s *sketch, x *node) *node { return graph.GELU(x) },
	"scale":   func(s *sketch, x *node) *node { return graph.MulScalar(x, 0.5) },
	"shift":   func(s *sketch, x *node) *node { return graph.AddScalar(x, 0.25) },
	"twice":   func(s *sketch, x *node) *node { return graph.Sub(graph.Add(x, x), graph.Scalar(s.g, 0)) },
	"softmax": func(s *sketch, x *node) *node { return graph.Softmax(x) },
	"sum":     func(s *sketch, x *node) *node { return graph.Sum(x, -1) },
	"mean":    func(s *sketch, x *node) *node { return graph.MeanKeep(x, 0) },
	"swap":    func(s *sketch, x *node) *node { return graph.Transpose(x) },
	"flat":    func(s *sketch, x *node) *node { return graph.Reshape(x, x.Dim(1), graph.Const(-1)) },
	"shape":   func(s *sketch, x *node) *node { return graph.Reshape(graph.Sin(x), x.Shape()...) },
	"slice":   func(s *sketch, x *node) *node { return graph.Slice(x, 0, 1, graph.End) },
	"pad":     func(s *sketch, x *node) *node { return graph.Pad(x, []int{1, 0}, []int{0, 0}, 0.5) },
	"where":   func(s *sketch, x *node) *node { return graph.Where(graph.Gt(x, graph.Scalar(s.g, 0)), x, graph.Exp(x)) },
	"const": func(s *sketch, x *node) *node {
		return graph.Mul(x, graph.Sqrt(graph.AddScalar(graph.Scalar(s.g, 2), 1)))
	},
	"matmul": func(s *sketch, x *node) *node {
		y := s.pick("right", func(n *node) bool { return n.Rank() == 2 && n.Dim(0).Equal(x.Dim(1)) })
		if y == nil {
			return nil
		}
		return graph.Tanh(graph.MatMul(x, y))
	},
	"add": func(s *sketch, x *node) *node { return s.two(x, graph.Add) },
	"mul": func(s *sketch, x *node) *node {
		return s.two(x, func(a, b *node) *node { return graph.Tanh(graph.Mul(a, b)) })
	},
	"max": func(s *sketch, x *node) *node { return s.two(x, graph.Max) },
}

func (s *sketch) two(x *node, f func(a, b *node) *node) *node {
	y := s.pick("other", func(n *node) bool {
		if n.Rank() > 2 {
			return false
		}
		return graph.Trace(func() { graph.Add(x, n) }) == nil
	})
	if y == nil {
		return nil
	}
	return f(x, y)
}

// grow adds up to n random steps.
func (s *sketch) grow(n int) {
	names := []string{}
	for name := range steps {
		names = append(names, name)
	}
	slices.Sort(names)
	for range n {
		x := s.pick("x", func(n *node) bool { return n.Rank() == 2 })
		step := steps[rapid.SampledFrom(names).Draw(s.t, "step")]
		var y *node
		if err := graph.Trace(func() { y = step(s, x) }); err == nil && y != nil {
			s.nodes = append(s.nodes, y)
		}
	}
}

// TestCompiledMatchesReference compares plain programs with the interpreter,
// and optimised ones, gradients and updates included, with plain ones.
func TestCompiledMatchesReference(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 1})
	weights := tensors{values(5, -1, 1, 6), values(6, -1, 1, 6, 6)}
	feeds := tensors{values(7, -1, 1, 4, 6), values(8, -1, 1, 4, 6)}
	rapid.Check(t, func(t *rapid.T) {
		vars := []*graph.Variable{graph.NewVariable("v", weights[0], true), graph.NewVariable("w", weights[1], true)}
		program, outputs := draw(t, vars)
		// results runs once from the initial weights.
		results := func(e *graph.Executable, err error) (values map[string]*tensor.Tensor) {
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			for i, v := range vars {
				if err := v.Set(weights[i]); err != nil {
					t.Fatal(err)
				}
			}
			got, err := e.Run(feeds...)
			if err != nil {
				t.Fatal(err)
			}
			values = map[string]*tensor.Tensor{"v": vars[0].Value(), "w": vars[1].Value()}
			for i, o := range got {
				values[fmt.Sprint("output ", i)] = o
			}
			return values
		}
		plain := results(graph.CompilePlain(dev, program))
		fast := results(graph.Compile(dev, program))
		for name, want := range plain {
			same(t, name, graphtest.ArrayOf(fast[name]), graphtest.ArrayOf(want))
		}
		for i, v := range vars {
			if err := v.Set(weights[i]); err != nil {
				t.Fatal(err)
			}
		}
		reference := graphtest.NewInterpreter(map[*node]graphtest.Array{
			program.Inputs[0]: graphtest.ArrayOf(feeds[0]), program.Inputs[1]: graphtest.ArrayOf(feeds[1])})
		for i := range outputs {
			name := fmt.Sprint("output ", i)
			same(t, "plain "+name, graphtest.ArrayOf(plain[name]), reference.Value(program.Outputs[i]))
		}
	})
}

// draw makes a random program: some outputs, then the gradients of the first
// one's mean, with which the variables are updated.
func draw(t *rapid.T, vars []*graph.Variable) (p graph.Program, outputs int) {
	g := graph.New(graph.Train)
	a, b := g.Input("a", tensor.Float32, graph.Dims("N", 6)...), g.Input("b", tensor.Float32, graph.Dims("N", 6)...)
	s := &sketch{t: t, g: g, nodes: nodes{a, b, g.Var(vars[0]), g.Var(vars[1])}}
	s.grow(rapid.IntRange(1, 14).Draw(t, "steps"))
	outputs = rapid.IntRange(1, 4).Draw(t, "outputs")
	p.Inputs = nodes{a, b}
	for range outputs {
		p.Outputs = append(p.Outputs, rapid.SampledFrom(s.nodes).Draw(t, "out"))
	}
	grads := graph.Grad(graph.Mean(p.Outputs[0]), a, b, g.Var(vars[0]), g.Var(vars[1]))
	for i, v := range vars {
		g.Assign(v, graph.Sub(g.Var(v), graph.MulScalar(grads[2+i], 0.1)))
	}
	p.Outputs = append(p.Outputs, grads...)
	return p, outputs
}

func same(t *rapid.T, what string, got, want graphtest.Array) {
	for i, w := range want.Data {
		if d := got.Data[i] - w; d > 1e-4*(1+abs(w)) || d < -1e-4*(1+abs(w)) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got.Data[i], w)
		}
	}
}

func abs(v float64) float64 { return max(v, -v) }
