package onnx

import (
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func TestBuilderSharesConstants(t *testing.T) {
	b := NewBuilder("c")
	first := b.Const(tensor.Of([]float32{1}, 1))
	if again := b.Const(tensor.Of([]float32{1}, 1)); again != first {
		t.Error("equal constants get two names")
	}
	if b.Const(tensor.Of([]float32{1}, 1)) == b.Const(tensor.Of([]float32{1}, 1, 1)) {
		t.Error("constants of two shapes share a name")
	}
}

func TestBuilderOutputRenames(t *testing.T) {
	b := NewBuilder("o")
	x := b.Input("x", tensor.Float32, "N")
	y := b.Op("Relu", nil, x)
	b.Output("y", y, tensor.Float32, "N")
	z := b.Op("Neg", nil, y) // the old name still means the value
	b.Output("z", z, tensor.Float32, "N")
	b.Output("again", y, tensor.Float32, "N")
	b.Output("echo", x, tensor.Float32, "N")
	var ops []string
	for _, n := range b.Model().Graph.Nodes {
		ops = append(ops, n.OpType+":"+n.Inputs[0]+">"+n.Outputs[0])
	}
	want := []string{"Relu:x>y", "Neg:y>z", "Identity:y>again", "Identity:x>echo"}
	if !slices.Equal(ops, want) {
		t.Errorf("nodes %v, want %v", ops, want)
	}
}

func TestInline(t *testing.T) {
	inner := NewBuilder("inner")
	y := inner.Op("Add", nil, inner.Input("x", tensor.Float32, "N"), inner.Const(tensor.Scalar(float32(2))))
	inner.Output("y", y, tensor.Float32, "N")

	b := NewBuilder("outer")
	x := b.Input("x", tensor.Float32, "N")
	first, err := b.Inline(inner.Model(), map[string]string{"x": x})
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Inline(inner.Model(), map[string]string{"x": first["y"]})
	if err != nil {
		t.Fatal(err)
	}
	b.Output("y", second["y"], tensor.Float32, "N")
	g := b.Model().Graph
	if len(g.Nodes) != 2 || len(g.Initializers) != 1 || g.Nodes[1].Inputs[0] != g.Nodes[0].Outputs[0] {
		t.Errorf("inlining twice gave %d nodes over %d constants: %+v", len(g.Nodes), len(g.Initializers), g.Nodes)
	}
	if _, err := b.Inline(inner.Model(), nil); err == nil {
		t.Error("a missing input is not an error")
	}
	old := inner.Model()
	old.Opsets[0].Version = 9
	if _, err := b.Inline(old, map[string]string{"x": x}); err == nil {
		t.Error("another operator set is not an error")
	}
}

// TestInlineSharesEqualParts: two text models side by side tokenise once.
func TestInlineSharesEqualParts(t *testing.T) {
	one := textModel(10)
	b := NewBuilder("both")
	text := b.Input("text", tensor.String, "N")
	var probs []string
	for range 2 {
		out, err := b.Inline(one, map[string]string{"text": text})
		if err != nil {
			t.Fatal(err)
		}
		probs = append(probs, out["probabilities"])
		one = textModel(10) // another classifier, the same vocabulary
	}
	b.Output("probabilities", Average(b, probs, []float32{1, 3}), tensor.Float32, "N", 2)
	m := b.Model()
	count := map[string]int{}
	for _, n := range m.Graph.Nodes {
		count[n.OpType]++
	}
	if count["TfIdfVectorizer"] != 1 || count["Gemm"] != 2 || count["Loop"] != len([]rune(separators+marks)) {
		t.Errorf("want one tokenizer and two classifiers, got %v", count)
	}
	feeds := map[string]*tensor.Tensor{"text": words("w1 w2, w3.w4", "", "W5!")}
	both(t, m, feeds, 1e-5)
}
