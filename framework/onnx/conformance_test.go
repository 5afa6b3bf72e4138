package onnx

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// opCase is one node run here and in onnxruntime.
type opCase struct {
	op    string
	attrs Attrs
	ins   []*tensor.Tensor // nil leaves an input out
	fixed int              // so many inputs at the end are constants of the model
	outs  int              // 0 means 1
	tol   float64          // 0 means 1e-4
	host  bool             // the graph of the device is not meant to have it
	kink  bool             // its gradient is not checked: the derivative jumps there, or is straight-through
	opset int64            // 0 means that of Builder
}

var noise = rand.New(rand.NewPCG(1, 2))

// normal makes reproducible normal values.
func normal(dims ...int) *tensor.Tensor {
	v := make([]float32, tensor.Size(dims))
	for i := range v {
		v[i] = float32(noise.NormFloat64())
	}
	return tensor.Of(v, dims...)
}

// uniform makes values in (lo, hi).
func uniform(lo, hi float32, dims ...int) *tensor.Tensor {
	v := make([]float32, tensor.Size(dims))
	for i := range v {
		v[i] = lo + (hi-lo)*noise.Float32()
	}
	return tensor.Of(v, dims...)
}

func ints(v ...int64) *tensor.Tensor     { return tensor.Of(v, len(v)) }
func words(v ...string) *tensor.Tensor   { return tensor.Of(v, len(v)) }
func floats(v ...float32) *tensor.Tensor { return tensor.Of(v, len(v)) }

// pickInts makes reproducible integers in [lo, hi).
func pickInts(lo, hi int64, dims ...int) *tensor.Tensor {
	v := make([]int64, tensor.Size(dims))
	for i := range v {
		v[i] = lo + noise.Int64N(hi-lo)
	}
	return tensor.Of(v, dims...)
}

func as(t *tensor.Tensor, dt tensor.DType) *tensor.Tensor {
	out, err := cast(t, dt)
	if err != nil {
		panic(err)
	}
	return out
}

func (c opCase) model() (*Model, map[string]*tensor.Tensor) {
	b := NewBuilder("case")
	feeds := map[string]*tensor.Tensor{}
	var names []string
	for i, t := range c.ins {
		switch {
		case t == nil:
			names = append(names, "")
		case i >= len(c.ins)-c.fixed:
			names = append(names, b.Const(t))
		default:
			dims := []any{}
			for range t.Shape() {
				dims = append(dims, "")
			}
			name := fmt.Sprintf("in%d", i)
			feeds[name] = t
			names = append(names, b.Input(name, t.DType(), dims...))
		}
	}
	var outs []string
	if op, ok := strings.CutPrefix(c.op, MLDomain+"."); ok {
		outs = b.MLN(max(c.outs, 1), op, c.attrs, names...)
	} else {
		outs = b.OpN(max(c.outs, 1), c.op, c.attrs, names...)
	}
	for i, o := range outs {
		b.Output(fmt.Sprintf("out%d", i), o, tensor.Float32)
	}
	m := b.Model()
	if c.opset != 0 {
		m.Opsets[0].Version = c.opset
	}
	return m, feeds
}

// declare sets the output types, which onnxruntime checks, to those of outs.
func declare(m *Model, outs map[string]*tensor.Tensor) {
	for _, o := range m.Graph.Outputs {
		if t := outs[o.Name]; t != nil {
			o.Type.Tensor.Elem, o.Type.Tensor.Shape = dataTypes[t.DType()], nil
		}
	}
}

// compare reports how got differs from want: by type, shape, or any value by
// more than tol (relative above 1); the text is empty when they agree.
func compare(got, want *tensor.Tensor, tol float64) string {
	if got == nil || want == nil {
		return fmt.Sprintf("got %v, want %v", got, want)
	}
	if got.DType() != want.DType() || fmt.Sprint(got.Shape()) != fmt.Sprint(want.Shape()) {
		return fmt.Sprintf("got %v, want %v", got, want)
	}
	switch g := got.Data().(type) {
	case []float32:
		for i, w := range want.Float32s() {
			if !near(float64(g[i]), float64(w), tol) {
				return fmt.Sprintf("element %d is %v, want %v", i, g[i], w)
			}
		}
		return ""
	case []float64:
		for i, w := range tensor.Values[float64](want) {
			if !near(g[i], w, tol) {
				return fmt.Sprintf("element %d is %v, want %v", i, g[i], w)
			}
		}
		return ""
	}
	if !tensor.Equal(got, want) {
		return fmt.Sprintf("got %v, want %v", got.Data(), want.Data())
	}
	return ""
}

func near(a, b, tol float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) || math.IsInf(a, 0) || math.IsInf(b, 0) {
		return a == b || math.IsNaN(a) && math.IsNaN(b)
	}
	return math.Abs(a-b) <= tol*math.Max(1, math.Abs(b))
}

func (c opCase) check(t *testing.T) {
	m, feeds := c.model()
	s, err := NewSession(m, testDevice(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.Run(context.Background(), feeds)
	if err != nil {
		t.Fatal(err)
	}
	declare(m, got)
	want := ort(t, m, feeds)
	tol := c.tol
	if tol == 0 {
		tol = 1e-4
	}
	for name, w := range want {
		if diff := compare(got[name], w, tol); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// allCases are the rows of the tables of this package's tests.
var allCases []opCase

func addCases(cases []opCase) bool {
	allCases = append(allCases, cases...)
	return true
}

func TestOperators(t *testing.T) {
	covered := map[string]bool{}
	for i, c := range allCases {
		covered[c.op] = true
		t.Run(fmt.Sprintf("%s/%d", c.op, i), c.check)
	}
	for _, c := range oldCases {
		covered[c.op] = true
	}
	for _, op := range graphCases {
		covered[op] = true
	}
	covered["Scatter"] = true // in TestStandard; operator set 21 has ScatterElements instead
	for op := range operators {
		if !covered[op] {
			t.Errorf("operator %s has no case", op)
		}
	}
}
