package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/cmd/macaw/peers"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// task is a work that both Macaw and a peer do, prepared on Macaw's side.
type task struct {
	run    func() error
	traced func() ([]graph.Span, error) // run, with the instructions
	close  func()
}

// newTask prepares a work by the name that peers know it by: "sgemm 512",
// "conv forward 64 56", "train gpt", "infer lenet 32". Networks for inference
// lie in folder as ONNX files.
func newTask(ctx context.Context, work, folder string, dev chip.Device) (*task, error) {
	kind, rest, _ := strings.Cut(work, " ")
	switch kind {
	case "train":
		return newTrainTask(rest, dev)
	case "infer":
		return newInferTask(ctx, rest, folder, dev)
	}
	return newOperatorTask(work, dev)
}

// measure repeats the task for about so many seconds, at least three times.
func (t *task) measure(seconds float64) (peers.Sample, error) {
	var times []float64
	for begin := time.Now(); len(times) < 3 || time.Since(begin).Seconds() < seconds; {
		start := time.Now()
		if err := t.run(); err != nil {
			return peers.Sample{}, err
		}
		times = append(times, time.Since(start).Seconds())
	}
	slices.Sort(times)
	return peers.Sample{Median: times[len(times)/2], Least: times[0], Runs: len(times)}, nil
}

// floor is the least time by the roofline, instruction by instruction.
func (t *task) floor(roof graph.Roofline) (time.Duration, error) {
	spans, err := t.traced()
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, s := range spans {
		if s.Worker == 0 {
			least, _ := roof.Bound(s.FLOPs, s.Bytes)
			sum += least
		}
	}
	return sum, nil
}

func newTrainTask(name string, dev chip.Device) (*task, error) {
	w, err := newTrainStep(name, 0, dev)
	if err != nil {
		return nil, err
	}
	return executableTask(w.exec, 1, w.ins...), nil
}

func executableTask(exec *graph.Executable, outputs int, ins ...*tensor.Tensor) *task {
	outs := make([]*tensor.Tensor, outputs) // computed but not read
	return &task{
		run: func() error { return exec.RunInto(outs, ins) },
		traced: func() ([]graph.Span, error) {
			_, spans, err := exec.RunTraced(ins...)
			return spans, err
		},
		close: exec.Close,
	}
}

func newInferTask(ctx context.Context, work, folder string, dev chip.Device) (*task, error) {
	name, batch, _ := strings.Cut(work, " ")
	b, err := os.ReadFile(filepath.Join(folder, name+".onnx"))
	if err != nil {
		return nil, err
	}
	m, err := onnx.Unmarshal(b)
	if err != nil {
		return nil, err
	}
	s, err := onnx.NewSession(m, dev)
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(batch)
	in := s.Inputs()[0]
	dims, _ := in.Dims()
	shape := []int{n}
	for _, d := range dims[1:] {
		shape = append(shape, d.(int))
	}
	x, err := madeUp(in.DType(), shape)
	if err != nil {
		return nil, err
	}
	ins := map[string]*tensor.Tensor{in.Name: x}
	return &task{
		run: func() error {
			_, err := s.Run(ctx, ins)
			return err
		},
		traced: func() ([]graph.Span, error) {
			_, spans, err := s.RunTraced(ctx, ins)
			return spans, err
		},
		close: func() { s.Close() },
	}, nil
}

// newOperatorTask prepares a work of one or few operators, whose operands are
// variables of the graph, so that nothing is copied in or out.
func newOperatorTask(work string, dev chip.Device) (*task, error) {
	args := strings.Fields(work)
	var n []int
	for _, a := range args[1:] {
		if v, err := strconv.Atoi(a); err == nil {
			n = append(n, v)
		}
	}
	g := graph.New(graph.Train)
	operand := func(dims ...int) (*graph.Node, error) {
		t, err := madeUp(tensor.Float32, dims)
		if err != nil {
			return nil, err
		}
		return g.Var(graph.NewVariable(fmt.Sprint("operand of ", dims), t, true)), nil
	}
	var outs []*graph.Node
	var err error
	shapes := func(f func(in []*graph.Node) []*graph.Node, shapes ...[]int) {
		var in []*graph.Node
		for _, s := range shapes {
			x, e := operand(s...)
			if e != nil {
				err = e
				return
			}
			in = append(in, x)
		}
		outs = f(in)
	}
	if e := graph.Trace(func() {
		switch args[0] {
		case "sgemm":
			shapes(func(in []*graph.Node) []*graph.Node { return []*graph.Node{graph.MatMul(in[0], in[1])} }, []int{n[0], n[0]}, []int{n[0], n[0]})
		case "conv":
			image := []int{32, n[1], n[1], n[0]}
			shapes(func(in []*graph.Node) []*graph.Node {
				y := graph.Conv2D(in[0], in[1], nil, graph.ConvOptions{Pad: 1})
				if args[1] == "forward" {
					return []*graph.Node{y}
				}
				return append(graph.Grad(graph.Sum(graph.Mul(y, in[2])), in[0], in[1]), y)
			}, image, []int{3, 3, n[0], n[0]}, image)
		case "rows":
			shapes(func(in []*graph.Node) []*graph.Node { return []*graph.Node{rowsOf[args[1]](in[0], in[1], in[2])} }, []int{4096, 1024}, []int{1024}, []int{1024})
		case "adamw":
			err = adamW(g, n[0])
		default:
			err = fmt.Errorf("there is no work %q", work)
		}
	}); e != nil {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	exec, err := graph.Compile(dev, graph.Program{Outputs: outs, Graph: g})
	if err != nil {
		return nil, err
	}
	return executableTask(exec, len(outs)), nil
}

var rowsOf = map[string]func(x, gamma, beta *graph.Node) *graph.Node{
	"softmax":   func(x, _, _ *graph.Node) *graph.Node { return graph.Softmax(x) },
	"layernorm": func(x, gamma, beta *graph.Node) *graph.Node { return graph.LayerNorm(x, gamma, beta, 1e-5) },
	"gelu":      func(x, _, _ *graph.Node) *graph.Node { return graph.GELU(x) },
}

// adamW adds the update of n parameters, whose gradient is a variable too.
func adamW(g *graph.Graph, n int) error {
	params := nn.NewParams(1)
	p := g.Var(params.Weight("p", nn.Normal(1), n))
	t, err := madeUp(tensor.Float32, []int{n})
	if err != nil {
		return err
	}
	slope := g.Var(graph.NewVariable("slope", t, false))
	rate := graph.Fill(g, 1e-3, graph.Const(1))
	optim.Apply(graph.Sum(graph.Mul(p, slope)), params, optim.AdamW{}, rate, optim.Options{})
	return nil
}
