package onnx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// loopModel doubles x for as many rounds as "rounds" says or until it exceeds
// 100, and collects x of every round; then it takes one of two branches that
// read values of the graph around them.
func loopModel() *Model {
	b := NewBuilder("loop")
	x, rounds := b.Input("x", tensor.Float32, "N"), b.Input("rounds", tensor.Int64)
	limit, zero := b.Const(tensor.Scalar(float32(100))), b.Const(tensor.Scalar(float32(0)))
	body := b.Body("double")
	body.Input("round", tensor.Int64)
	body.Input("going", tensor.Bool)
	v := body.Input("v", tensor.Float32, "N")
	twice := body.Op("Add", nil, v, v)
	body.Output(body.Op("Less", nil, body.Op("ReduceMax", Attrs{"keepdims": 0}, twice), limit), tensor.Bool)
	body.Output(twice, tensor.Float32, "N")
	body.Output(body.Op("Mul", nil, twice, x), tensor.Float32, "N")
	out := b.OpN(2, "Loop", Attrs{"body": body.Graph()}, rounds, b.Const(tensor.Scalar(true)), x)

	yes, no := b.Body("yes"), b.Body("no")
	yes.Output(yes.Op("Neg", nil, out[0]), tensor.Float32, "N")
	no.Output(no.Op("Add", nil, out[0], x), tensor.Float32, "N")
	positive := b.Op("Greater", nil, b.Op("ReduceSum", Attrs{"keepdims": 0}, x), zero)
	b.Output("chosen", b.Op("If", Attrs{"then_branch": yes.Graph(), "else_branch": no.Graph()}, positive), tensor.Float32, "N")
	b.Output("scan", out[1], tensor.Float32, "R", "N")
	return b.Model()
}

func TestControlFlow(t *testing.T) {
	for _, x := range []*tensor.Tensor{floats(1, 2), floats(-1, 0.5), floats(60)} {
		for _, rounds := range []int64{1, 3, 50} {
			both(t, loopModel(), map[string]*tensor.Tensor{"x": x, "rounds": tensor.Scalar(rounds)}, 1e-5)
		}
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	b := NewBuilder("forever")
	body := b.Body("again")
	body.Input("round", tensor.Int64)
	going := body.Input("going", tensor.Bool)
	v := body.Input("v", tensor.Float32)
	body.Output(body.Op("Identity", nil, going), tensor.Bool)
	body.Output(body.Op("Neg", nil, v), tensor.Float32)
	b.Output("y", b.Op("Loop", Attrs{"body": body.Graph()}, "", b.Const(tensor.Scalar(true)), b.Input("x", tensor.Float32)), tensor.Float32)
	s, err := NewSession(b.Model(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	if _, err := s.Run(ctx, map[string]*tensor.Tensor{"x": tensor.Scalar(float32(1))}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an endless loop ended with %v", err)
	}
}

func TestConcurrentRuns(t *testing.T) {
	m, _, _ := networks[1].export(t)
	s, err := NewSession(m, device)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			x := uniform32(i, 1+i%3, 9, 11, 3)
			first, err := s.Run(context.Background(), map[string]*tensor.Tensor{"in0": x})
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				again, err := s.Run(context.Background(), map[string]*tensor.Tensor{"in0": x})
				if err != nil || compare(again["out0"], first["out0"], 0) != "" {
					t.Errorf("a second run differs: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

// uniform32 is uniform without the shared generator.
func uniform32(seed int, dims ...int) *tensor.Tensor {
	v := make([]float32, tensor.Size(dims))
	for i := range v {
		v[i] = float32((i*7919+seed*104729)%1000) / 1000
	}
	return tensor.Of(v, dims...)
}

func TestSessionErrors(t *testing.T) {
	build := func(f func(b *Builder)) *Model {
		b := NewBuilder("bad")
		f(b)
		return b.Model()
	}
	x := func(b *Builder) string { return b.Input("x", tensor.Float32, "N", 2) }
	for want, m := range map[string]*Model{
		`node "Hash_1" (Hash): this operator is not supported`: build(func(b *Builder) { b.Output("y", b.Op("Hash", nil, x(b)), tensor.Float32) }),
		`attribute "axis" has type 1, want 2`:                  build(func(b *Builder) { b.Output("y", b.Op("Softmax", Attrs{"axis": 1.5}, x(b)), tensor.Float32) }),
		`attribute mode = "lanczos" is not supported`: build(func(b *Builder) {
			b.Output("y", b.Op("Resize", Attrs{"mode": "lanczos"}, x(b), "", "", b.Ints(1, 1)), tensor.Float32)
		}),
		`3 inputs do not suit the operator`: build(func(b *Builder) { b.Output("y", b.Op("MatMul", nil, x(b), "x", "x"), tensor.Float32) }),
		`input 0 must not be left out`:      build(func(b *Builder) { b.Output("y", b.Op("MatMul", nil, "", x(b)), tensor.Float32) }),
		`reads "z" before it is made`:       {Opsets: []*Opset{{Version: 21}}, Graph: &Graph{Nodes: []*Node{{OpType: "Relu", Inputs: []string{"z"}, Outputs: []string{"y"}}}}},
		`version 24 is not supported`:       {Opsets: []*Opset{{Version: 24}}, Graph: &Graph{}},
		`no operator set for domain`:        {Graph: &Graph{Nodes: []*Node{{OpType: "Constant", Outputs: []string{"y"}}}}},
		`output "y" is made by no node`:     {Graph: &Graph{Outputs: []*ValueInfo{NewValueInfo("y", tensor.Float32)}}},
	} {
		if _, err := NewSession(m, device); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestRunErrors(t *testing.T) {
	b := NewBuilder("ok")
	b.Output("y", b.Op("MatMul", nil, b.Input("x", tensor.Float32, "N", 2), b.Const(normal(2, 3))), tensor.Float32, "N", 3)
	s, err := NewSession(b.Model(), device)
	if err != nil {
		t.Fatal(err)
	}
	for want, feeds := range map[string]map[string]*tensor.Tensor{
		`input "x" is missing`:         {},
		`wants float32, got int64`:     {"x": ints(1, 2)},
		`wants shape [N 2], got [2]`:   {"x": floats(1, 2)},
		`wants shape [N 2], got [1 3]`: {"x": normal(1, 3)},
		`has no input called "z"`:      {"x": normal(1, 2), "z": normal(1)},
	} {
		if _, err := s.Run(context.Background(), feeds); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if _, err := s.Run(context.Background(), map[string]*tensor.Tensor{"x": normal(4, 2)}); err != nil {
		t.Error(fmt.Errorf("a good run after bad ones: %w", err))
	}
}
