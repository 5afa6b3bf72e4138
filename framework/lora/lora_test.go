package lora_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/lora"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

var dev = cpu.New(cpu.Options{Threads: 1})

// model looks tokens up, convolves them as an image and classifies. Its
// table is read in two ways.
type model struct {
	params *nn.Params
	table  *nn.Embedding
	conv   *nn.Conv2D
	head   *nn.Linear
}

func newModel(seed uint64) *model {
	p := nn.NewParams(seed)
	return &model{p, nn.NewEmbeddingWith(p.Sub("table"), 7, 4, nn.Normal(1)), nn.NewConv2D(p.Sub("conv"), 4, 5, 3, nn.ConvOptions{Pad: 1}), nn.NewLinear(p.Sub("head"), 5, 7)}
}

// forward maps ids [N,T] to logits [N,7].
func (m *model) forward(ids *graph.Node) *graph.Node {
	x := m.table.Forward(ids)
	x = graph.Relu(m.conv.Forward(graph.Unsqueeze(x, 1)))
	y := m.head.Forward(graph.GlobalAvgPool(x))
	// A use of the table's matrix that is no look-up.
	return graph.Add(y, graph.Reshape(graph.Sum(squashed(x, m.table), 1), graph.Const(7)))
}

func squashed(x *graph.Node, e *nn.Embedding) *graph.Node { return graph.Tanh(x.Graph().Var(e.Table)) }

var batch = tensor.Of([]int64{0, 3, 6, 1, 2, 2, 5, 4}, 2, 4)

// trace gives the inference graph, with adapters where l is not nil.
func (m *model) trace(l *lora.Adapters) (ids, y *graph.Node) {
	ids = graph.New(graph.Inference).Input("ids", tensor.Int64, graph.Dims("N", "T")...)
	y = m.forward(ids)
	if l != nil {
		y = l.Apply(y)[0]
	}
	return ids, y
}

func (m *model) outputs(t *testing.T, l *lora.Adapters) *tensor.Tensor {
	t.Helper()
	ids, y := m.trace(l)
	out, err := graph.Eval(dev, y, map[*graph.Node]*tensor.Tensor{ids: batch})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (m *model) train(t *testing.T, l *lora.Adapters, steps int) (first, last float32) {
	t.Helper()
	g := graph.New(graph.Train)
	ids := g.Input("ids", tensor.Int64, graph.Dims("N", "T")...)
	label := g.Input("label", tensor.Int64, graph.Dims("N")...)
	lr := g.Input("lr", tensor.Float32, graph.Dims(1)...)
	loss := nn.CrossEntropy(l.Apply(m.forward(ids))[0], label, 0)
	optim.Apply(loss, l.Params(), optim.AdamW{}, lr, optim.Options{})
	exec, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{ids, label, lr}, Outputs: []*graph.Node{loss}})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Close()
	for i := range steps {
		outs, err := exec.Run(batch, tensor.Of([]int64{1, 6}, 2), tensor.Of([]float32{0.02}, 1))
		if err != nil {
			t.Fatal(err)
		}
		if last = outs[0].Float32s()[0]; i == 0 {
			first = last
		}
	}
	return first, last
}

func apart(a, b *tensor.Tensor) (worst float64) {
	for i, v := range a.Float32s() {
		worst = max(worst, math.Abs(float64(v-b.Float32s()[i])))
	}
	return worst
}

func largest(t *tensor.Tensor) float64 { return apart(t, tensor.New(tensor.Float32, t.Shape()...)) }

// TestMergeKeepsTheFunction: of random models with random adapters the merged
// one equals the adapted one to 1e-6 of the largest output. They round at other
// places: x·W + s·(x·A)·B rounds two products and a sum, the merged model
// W + s·A·B before its one product. Each is as near to the adapted graph in
// float64, which the merged model in float64 is too but for the rounding of W.
func TestMergeKeepsTheFunction(t *testing.T) {
	var apartMost, adaptedMost, mergedMost, roundedMost float64
	for seed := range uint64(40) {
		m := newModel(seed)
		l := lora.New(m.params, lora.Config{Rank: 1 + int(seed%4), Alpha: 1 + float32(seed%3), Seed: seed})
		for i, v := range l.Params().Variables() {
			if err := v.Set(noise(7*seed+uint64(i), v.Shape()...)); err != nil {
				t.Fatal(err)
			}
		}
		exact := func(l *lora.Adapters) graphtest.Array {
			ids, y := m.trace(l)
			return graphtest.NewInterpreter(map[*graph.Node]graphtest.Array{ids: graphtest.ArrayOf(batch)}).Value(y)
		}
		want, adapted := exact(l), m.outputs(t, l)
		if err := l.Merge(); err != nil {
			t.Fatal(err)
		}
		merged, rounded, size := m.outputs(t, nil), exact(nil), largest(adapted)
		if d := apart(merged, adapted); d > 1e-6*size {
			t.Errorf("seed %d: the merged model differs by %v of %v", seed, d, size)
		}
		apartMost = max(apartMost, apart(merged, adapted)/size)
		for i, v := range want.Data {
			adaptedMost = max(adaptedMost, math.Abs(float64(adapted.Float32s()[i])-v)/size)
			mergedMost = max(mergedMost, math.Abs(float64(merged.Float32s()[i])-v)/size)
			roundedMost = max(roundedMost, math.Abs(rounded.Data[i]-v)/size)
		}
	}
	t.Logf("of the largest output: merged from adapted %.2g; from float64: adapted %.2g, merged %.2g, merged with float64 sums %.2g",
		apartMost, adaptedMost, mergedMost, roundedMost)
	if adaptedMost > 1e-6 || mergedMost > 1e-6 {
		t.Errorf("from float64, the adapted models are off by %v, the merged ones by %v", adaptedMost, mergedMost)
	}
}

func TestAdapters(t *testing.T) {
	m := newModel(3)
	base, plain := m.params.Tensors(), m.outputs(t, nil)
	l := lora.New(m.params, lora.Config{Rank: 2, Alpha: 4})
	if n := len(l.Params().Variables()); n != 6 {
		t.Fatalf("there are %d adapter variables, want two for each of three weights", n)
	}
	if got := m.outputs(t, l); !tensor.Equal(got, plain) {
		t.Errorf("with B = 0 the outputs are %v, not the base's %v", got.Float32s(), plain.Float32s())
	}
	first, last := m.train(t, l, 60)
	if !(last < first/4) {
		t.Errorf("the loss went from %v to %v", first, last)
	}
	for name, v := range base {
		if !tensor.Equal(m.params.Get(name).Value(), v) {
			t.Errorf("training moved %q of the base", name)
		}
	}
	for _, v := range l.Params().Variables() {
		if strings.HasSuffix(v.Name(), "lora_b") && apart(v.Value(), tensor.New(tensor.Float32, v.Shape()...)) == 0 {
			t.Errorf("%q did not move", v.Name())
		}
	}
	adapted := m.outputs(t, l)
	if d := apart(adapted, plain); d < 0.1 {
		t.Errorf("the adapted model differs from the base by %v only", d)
	}
	var file bytes.Buffer
	if err := l.Save(&file); err != nil {
		t.Fatal(err)
	}
	if err := l.Merge(); err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]*tensor.Tensor{"merged": m.outputs(t, nil), "merged with adapters": m.outputs(t, l)} {
		if d := apart(got, adapted); d > 1e-6*largest(adapted) {
			t.Errorf("%s model differs from the adapted one by %v of %v", what, d, largest(adapted))
		}
	}

	other := newModel(3)
	l2 := lora.New(other.params, lora.Config{Rank: 2, Alpha: 4, Seed: 9})
	if err := l2.Load(bytes.NewReader(file.Bytes())); err != nil {
		t.Fatal(err)
	}
	if got := other.outputs(t, l2); !tensor.Equal(got, adapted) {
		t.Error("the loaded adapters give other outputs")
	}
}

func TestTargetsAndErrors(t *testing.T) {
	m := newModel(3)
	l := lora.New(m.params, lora.Config{Rank: 2, Targets: func(name string, _ []int) bool { return strings.HasPrefix(name, "head/") }})
	if names := l.Params().Variables(); len(names) != 2 || names[0].Name() != "head/weight/lora_a" {
		t.Errorf("the adapters are %v", names)
	}
	var file bytes.Buffer
	if err := lora.New(m.params, lora.Config{Rank: 3, Alpha: 2}).Save(&file); err != nil {
		t.Fatal(err)
	}
	for _, c := range []lora.Config{{Rank: 3, Alpha: 3}, {Rank: 2, Alpha: 2}, {Rank: 3, Alpha: 2, Targets: func(name string, _ []int) bool { return name == "head/weight" }}} {
		if err := lora.New(m.params, c).Load(bytes.NewReader(file.Bytes())); err == nil {
			t.Errorf("%+v took the file of other adapters", c)
		}
	}
	if err := l.Load(strings.NewReader("nonsense")); err == nil {
		t.Error("nonsense was loaded")
	}
}

func noise(seed uint64, dims ...int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 1))
	t := tensor.New(tensor.Float32, dims...)
	for i := range t.Float32s() {
		t.Float32s()[i] = float32(r.NormFloat64())
	}
	return t
}

// The two forms, by row and by weight, are the same function.
func TestRowFormEqualsWeightForm(t *testing.T) {
	p := nn.NewParams(1)
	head := nn.NewLinear(p, 6, 4)
	l := lora.New(p, lora.Config{Rank: 3, Alpha: 1.5})
	for _, v := range l.Params().Variables() {
		if err := v.Set(noise(uint64(len(v.Name())), v.Shape()...)); err != nil {
			t.Fatal(err)
		}
	}
	g := graph.New(graph.Inference)
	x := g.Const(noise(2, 5, 6))
	got, err := graph.Eval(dev, l.Apply(head.Forward(x))[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := graph.Eval(dev, l.Apply(graph.Add(graph.MatMul(x, g.Var(head.Weight)), g.Var(head.Bias)))[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := apart(got, want); d > 1e-6*largest(want) {
		t.Errorf("the forms differ by %v of %v", d, largest(want))
	}
}
