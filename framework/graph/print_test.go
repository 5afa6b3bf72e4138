package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// smallStep is a training step of one layer, with what it reads.
func smallStep() (g *graph.Graph, x, loss, fresh *node, vars []*graph.Variable) {
	g = graph.New(graph.Train)
	w := graph.NewVariable("fc/weight", values(1, -1, 1, 3, 2), true)
	b := graph.NewVariable("fc/bias", tensor.New(tensor.Float32, 2), true)
	m := graph.NewVariable("fc/weight/velocity", tensor.New(tensor.Float32, 3, 2), false)
	x = g.Input("x", tensor.Float32, graph.Dims("N", 3)...)
	loss = graph.Mean(graph.Square(graph.Dropout(graph.Linear(x, g.Var(w), g.Var(b)), 0.5)))
	one := g.Const(tensor.Of([]float32{1}, 1))
	fresh = graph.SGD(w, graph.Grad(loss, g.Var(w))[0], m, one, one, chip.SGD{Momentum: 0.9})
	return g, x, loss, fresh, []*graph.Variable{w, b, m, g.StepCounter()}
}

// TestGraphString: the list is the same every time and names operators,
// operands, attributes, types, variables, layers and lines.
func TestGraphString(t *testing.T) {
	g, _, _, _, _ := smallStep()
	text := g.String()
	again, _, _, _, _ := smallStep()
	if text != again.String() {
		t.Error("two graphs of one model print differently")
	}
	for _, want := range []string{
		"\nfc\n", "\n∂ fc\n", `%0 Input "x" float32[N 3]  # print_test.go:`, `Var "fc/weight" float32[3 2]`, "Linear(%0, %1, %2) float32[N 2]  # print_test.go:",
		"Momentum=0.9", "fc/weight := %", "Random(", "P=0.5",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the list lacks %q:\n%s", want, text)
		}
	}
	if lines := strings.Count("\n"+text, "\n  %"); lines != len(g.Nodes()) {
		t.Errorf("%d lines for %d nodes", lines, len(g.Nodes()))
	}
}

func TestDOT(t *testing.T) {
	g, _, loss, _, _ := smallStep()
	text := g.DOT()
	if !strings.HasPrefix(text, "digraph {") || !strings.Contains(text, `label="fc";`) || !strings.Contains(text, fmt.Sprintf("-> n%d;", loss.ID())) || strings.Count(text, "{") != strings.Count(text, "}") {
		t.Errorf("graph\n%s", text)
	}
	if again := g.DOT(); again != text {
		t.Error("two calls differ")
	}
}

// TestPlan: fused operators, offsets and sizes are shown, and no instruction
// has more of the arena in use than there is.
func TestPlan(t *testing.T) {
	_, x, loss, _, _ := smallStep()
	e := compile(t, cpu.New(cpu.Options{Threads: 1}), graph.Program{Inputs: nodes{x}, Outputs: nodes{loss}})
	if e.Plan() != "" {
		t.Error("there is a plan before the first run")
	}
	mustRun(t, e, values(3, -1, 1, 4, 3))
	text := e.Plan()
	for _, want := range []string{"Gemm Bias=true", "Linear fc/weight", `input "x" float32[4 3]`, "fc/weight float32[3 2]", "@0+", "output 0 float32[]"} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan lacks %q:\n%s", want, text)
		}
	}
	most := 0
	for line := range strings.Lines(text) {
		var live, arena int
		if n, _ := fmt.Sscanf(line, " arena %d of %d", &live, &arena); n == 2 {
			if live > arena {
				t.Errorf("%d bytes are in use of an arena of %d", live, arena)
			}
			most = max(most, live)
		}
	}
	if most == 0 || int64(most) > e.Stats().Arena {
		t.Errorf("at most %d bytes are in use of %d", most, e.Stats().Arena)
	}
}

// TestEvalAnyNode evaluates every node of a training graph, gradients and
// updates included: its shape is right and no variable changes, and a random
// node gives what the next run draws.
func TestEvalAnyNode(t *testing.T) {
	g, x, loss, fresh, vars := smallStep()
	dev := cpu.New(cpu.Options{Threads: 1})
	in := values(3, -1, 1, 4, 3)
	var before tensors
	for _, v := range vars {
		before = append(before, v.Value())
	}
	eval := func(n *node) *tensor.Tensor {
		got, err := graph.Eval(dev, n, map[*node]*tensor.Tensor{x: in})
		if err != nil {
			t.Fatalf("%v: %v", n, err)
		}
		return got
	}
	for _, n := range slices.Clone(g.Nodes()) {
		want, err := n.Shape().Eval(map[string]int{"N": 4})
		if got := eval(n); err != nil || !slices.Equal(got.Shape(), want) || got.DType() != n.DType() {
			t.Errorf("%v is %v", n, got)
		}
	}
	for i, v := range vars {
		if !tensor.Equal(v.Value(), before[i]) {
			t.Errorf("evaluation changed %s", v.Name())
		}
	}
	lossNow, freshNow := eval(loss), eval(fresh)
	e := compile(t, dev, graph.Program{Inputs: nodes{x}, Outputs: nodes{loss}})
	if got := mustRun(t, e, in)[0]; got.Float32s()[0] != lossNow.Float32s()[0] {
		t.Errorf("the loss was evaluated as %v, a run gives %v", lossNow.Float32s(), got.Float32s())
	}
	for i, got := range vars[0].Value().Float32s() {
		if d := got - freshNow.Float32s()[i]; d > 1e-6 || d < -1e-6 {
			t.Errorf("the new weight %d was evaluated as %v, a run gives %v", i, freshNow.Float32s()[i], got)
		}
	}
}
