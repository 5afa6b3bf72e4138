package onnx

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// maxDifferenced bounds the elements of a row's float inputs: each takes two runs
// of the interpreter.
const maxDifferenced = 150

// TestImportGradients compares the gradients of all float outputs by all float
// inputs with central differences, on the small rows of the operators' own tests
// and on gradientModels. Every operator that has a lifter is checked, or listed in
// unchecked with the reason.
func TestImportGradients(t *testing.T) {
	rows := map[string]int{}
	check := func(name string, ops []string, m *Model, feeds map[string]*tensor.Tensor) bool {
		in, build := differentiable(m, feeds)
		if build == nil {
			return false
		}
		for _, op := range ops {
			rows[op]++
		}
		t.Run(fmt.Sprintf("%s/%d", name, rows[ops[0]]), func(t *testing.T) {
			graphtest.Check(t, device, graphtest.Case{Inputs: in, Build: build, Tol: 1e-3})
		})
		return true
	}
	for _, c := range allCases {
		for _, c := range c.differentiated() {
			m, feeds := c.model()
			check(c.op, []string{c.op}, m, feeds)
		}
	}
	for _, c := range gradientModels() {
		if _, build := asNetwork(c.model, c.feeds, nil); build == nil || !check(c.name, c.ops, c.model, c.feeds) {
			t.Errorf("%s: the graph has no form or no gradient of this model", c.name)
		}
	}
	for _, op := range slices.Sorted(maps.Keys(lifters)) {
		switch why := unchecked[op]; {
		case rows[op] > 0 && why != "":
			t.Errorf("%s is listed as unchecked (%s), but its gradient is checked", op, why)
		case rows[op] == 0 && why == "":
			t.Errorf("no row checks the gradient of %s, and unchecked gives no reason", op)
		}
	}
	for op := range unchecked {
		if lifters[op] == nil {
			t.Errorf("%s is listed as unchecked, but has no lifter", op)
		}
	}
	t.Logf("gradients of %d operators are checked, those of %d are not: %v", len(rows), len(unchecked), slices.Sorted(maps.Keys(unchecked)))
}

// differentiated gives c and, where it makes constants of floats that are no
// bounds or the like, c with them as inputs.
func (c opCase) differentiated() []opCase {
	if c.kink {
		return nil
	}
	for i, x := range c.ins {
		if i >= len(c.ins)-c.fixed && x != nil && x.DType() == tensor.Float32 && x.Len() > 1 && !slices.Contains(valueInputs[c.op], i) {
			free := c
			free.fixed = 0
			return []opCase{c, free}
		}
	}
	return []opCase{c}
}

// differentiable imports m and gives its inputs with the function of them to
// check; nil where the graph has none, or none with a gradient. Bounds and the like
// are inputs where the graph can have them so, else constants.
func differentiable(m *Model, feeds map[string]*tensor.Tensor) ([]*tensor.Tensor, func(*graph.Graph, []*graph.Node) *graph.Node) {
	for _, x := range feeds {
		if x.DType() != tensor.Float32 {
			continue
		}
		for _, v := range x.Float32s() {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, nil
			}
		}
		if x.Len() > maxDifferenced {
			return nil, nil
		}
	}
	fixed := map[string]*tensor.Tensor{}
	for name := range readByValue(m.Graph) {
		if feeds[name] != nil {
			fixed[name] = feeds[name]
		}
	}
	for _, f := range []map[string]*tensor.Tensor{nil, fixed} {
		if in, build := asNetwork(m, feeds, f); build != nil && isDifferentiable(in, build) {
			return in, build
		}
	}
	return nil, nil
}

// asNetwork imports m and gives its inputs and the function of them that joins its
// float outputs; nil where it is not imported.
func asNetwork(m *Model, feeds, fixed map[string]*tensor.Tensor) ([]*tensor.Tensor, func(*graph.Graph, []*graph.Node) *graph.Node) {
	net, err := Import(m, nn.NewParams(1), ImportOptions{Fixed: fixed})
	if err != nil {
		return nil, nil
	}
	var in []*tensor.Tensor
	for _, i := range net.Inputs() {
		in = append(in, feeds[i.Name])
	}
	return in, func(_ *graph.Graph, in []*graph.Node) *graph.Node { return joined(net.Forward(in...)) }
}

// isDifferentiable reports whether a graph can have build, with a float input and
// a float result.
func isDifferentiable(in []*tensor.Tensor, build func(*graph.Graph, []*graph.Node) *graph.Node) bool {
	g := graph.New(graph.Inference)
	var nodes []*graph.Node
	float := false
	for i, x := range in {
		nodes = append(nodes, g.Input(fmt.Sprint(i), x.DType(), graph.Ints(x.Shape()...)...))
		float = float || x.DType() == tensor.Float32 && x.Len() > 0
	}
	var y *graph.Node
	err := graph.Trace(func() { y = build(g, nodes) })
	return float && err == nil && y != nil
}

// joined lays the float32 ones of nodes side by side; nil when there are none.
func joined(nodes []*graph.Node) *graph.Node {
	var flat []*graph.Node
	for _, n := range nodes {
		if n.DType() == tensor.Float32 {
			flat = append(flat, graph.Reshape(n, graph.Const(-1)))
		}
	}
	if flat == nil {
		return nil
	}
	return graph.Concat(0, flat...)
}

// unchecked lists the operators with a lifter whose gradient TestImportGradients
// does not check.
var unchecked = func() map[string]string {
	list := map[string]string{
		"QuantizeLinear":        "its gradient is straight-through by definition: TestQuantisedGradient",
		"DynamicQuantizeLinear": "its gradient is straight-through by definition, the range of x being held: TestDynamicGradient",
	}
	for why, ops := range map[string][]string{
		"it gives truth values":           {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Not", "Xor", "IsNaN", "IsInf"},
		"it gives positions or sizes":     {"ArgMax", "ArgMin", "Shape", "Size", "SequenceLength"},
		"its operands are sizes or known": {"ConstantOfShape", "Range"},
	} {
		for _, op := range ops {
			list[op] = why
		}
	}
	return list
}()
