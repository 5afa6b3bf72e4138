package graphtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Case is a differentiable function of some inputs. Float inputs are
// differentiated; others are only fed.
type Case struct {
	Inputs []*tensor.Tensor
	Build  func(g *graph.Graph, in []*graph.Node) *graph.Node
	Mode   graph.Mode
	// Symbolic is how many inputs get a symbol, named by its length, as their
	// first dimension. A case that cannot be traced then is skipped.
	Symbolic int
	Tol      float64 // relative to the largest value; 0 means 1e-4
}

// Check compiles the case for dev and compares its value with the interpreter
// and its gradients with the interpreter's central differences. The loss is a
// random combination of all outputs, so that every Jacobian entry counts.
func Check(t *testing.T, dev chip.Device, c Case) {
	t.Helper()
	g := graph.New(c.Mode)
	in := make([]*graph.Node, len(c.Inputs))
	feeds := map[*graph.Node]Array{}
	for i, v := range c.Inputs {
		dims := graph.Ints(v.Shape()...)
		if i < c.Symbolic && len(dims) > 0 {
			dims[0] = graph.Symbol("N" + string(rune('0'+v.Shape()[0]%10)))
		}
		in[i] = g.Input(string(rune('a'+i)), v.DType(), dims...)
		feeds[in[i]] = ArrayOf(v)
	}
	var y *graph.Node
	if err := graph.Trace(func() { y = c.Build(g, in) }); err != nil {
		if c.Symbolic > 0 {
			t.Skipf("needs constant dimensions: %v", err)
		}
		t.Fatal(err)
	}
	weights, mix := g.Input("weights", tensor.Float32, y.Shape()...), combination(NewInterpreter(feeds).shape(y.Shape()))
	feeds[weights] = ArrayOf(mix)
	loss := graph.Sum(graph.Mul(y, weights))
	var by []*graph.Node
	for _, n := range in {
		if n.DType() == tensor.Float32 {
			by = append(by, n)
		}
	}
	exec, err := graph.Compile(dev, graph.Program{Inputs: slices.Concat(in, []*graph.Node{weights}), Outputs: append([]*graph.Node{y}, graph.Grad(loss, by...)...)})
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	defer exec.Close()
	got, err := exec.Run(slices.Concat(c.Inputs, []*tensor.Tensor{mix})...)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	if c.Tol == 0 {
		c.Tol = 1e-4
	}
	Compare(t, "value", ArrayOf(got[0]), NewInterpreter(feeds).Value(y), c.Tol)
	for i, n := range by {
		Compare(t, "gradient by "+n.Op().Attrs.(graph.InputAttrs).Name, ArrayOf(got[1+i]), differences(feeds, n, loss), c.Tol)
	}
}

// combination makes fixed weights between 0.5 and 1.5 of random sign.
func combination(shape []int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(1, 2))
	w := tensor.New(tensor.Float32, shape...)
	for i := range w.Float32s() {
		w.Float32s()[i] = (0.5 + r.Float32()) * float32(1-2*r.IntN(2))
	}
	return w
}

// differences is the gradient of loss by n from central differences.
func differences(feeds map[*graph.Node]Array, n, loss *graph.Node) Array {
	const h = 1e-6
	x := feeds[n]
	grad := newArray(x.Shape)
	for i, v := range x.Data {
		var side [2]float64
		for s, d := range []float64{h, -h} {
			x.Data[i] = v + d
			side[s] = NewInterpreter(feeds).Value(loss).Data[0]
		}
		x.Data[i] = v
		grad.Data[i] = (side[0] - side[1]) / (2 * h)
	}
	return grad
}

// Compare fails unless got equals want up to tol times the largest value of want
// (at least 1).
func Compare(t *testing.T, what string, got, want Array, tol float64) {
	t.Helper()
	if len(got.Data) != len(want.Data) {
		t.Fatalf("%s: shape %v, want %v", what, got.Shape, want.Shape)
	}
	scale := 1.0
	for _, v := range want.Data {
		if !math.IsInf(v, 0) {
			scale = max(scale, math.Abs(v))
		}
	}
	for i, w := range want.Data {
		g := got.Data[i]
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		if !(math.Abs(g-w) <= tol*scale) {
			t.Errorf("%s: element %d is %v, want %v", what, i, g, w)
			return
		}
	}
}
