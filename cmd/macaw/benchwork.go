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
	"github.com/macaw-ai/macaw/internal/fault"
)

// task is a work that both Macaw and a peer do, prepared on Macaw's side.
type task struct {
	run    func() error
	traced func() ([]graph.Span, error) // run, with the instructions
	close  func()
}

// newTask prepares a work by the name that peers know it by: "sgemm 512",
// "conv forward 64 56", "train gpt", "infer lenet 32", whose networks lie in
// folder as ONNX files; and by names of our own: "train gpt bfloat16" of mixed
// precision, "int8 resnet18 1", "float32 mlp 4".
func newTask(ctx context.Context, work, folder string, dev chip.Device) (*task, error) {
	kind, rest, _ := strings.Cut(work, " ")
	switch kind {
	case "train":
		return newTrainTask(rest, dev)
	case "infer":
		return newInferTask(ctx, rest, folder, dev)
	case "int8", "float32":
		return newPrecisionTask(kind, rest, dev)
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

func newTrainTask(work string, dev chip.Device) (*task, error) {
	name, mixed := strings.CutSuffix(work, " bfloat16")
	precision := graph.FullPrecision
	if mixed {
		precision = graph.MixedPrecision
	}
	w, err := newTrainStep(name, 0, precision, dev)
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

// newOperatorTask prepares a work of one or few operators.
func newOperatorTask(work string, dev chip.Device) (*task, error) {
	var name []string
	var sizes []int
	for _, word := range strings.Fields(work) {
		if n, err := strconv.Atoi(word); err != nil {
			name = append(name, word)
		} else if n > 0 {
			sizes = append(sizes, n)
		}
	}
	op, ok := operatorTasks[strings.Join(name, " ")]
	if !ok || len(sizes) != op.sizes {
		return nil, fault.Errorf(fault.Invalid, "There is no work %q; works are such as \"sgemm 512\", \"conv forward 64 56\", \"rows gelu\" and \"train gpt\".", work)
	}
	g := graph.New(graph.Train)
	var outs []*graph.Node
	if err := graph.Trace(func() { outs = op.build(g, sizes) }); err != nil {
		return nil, err
	}
	exec, err := graph.Compile(dev, graph.Program{Outputs: outs, Graph: g})
	if err != nil {
		return nil, err
	}
	return executableTask(exec, len(outs)), nil
}

// operatorTasks are the works of operators: how many sizes each has, and the
// nodes that it computes.
var operatorTasks = map[string]struct {
	sizes int
	build func(g *graph.Graph, n []int) []*graph.Node
}{
	"sgemm": {1, func(g *graph.Graph, n []int) []*graph.Node {
		return []*graph.Node{graph.MatMul(operand(g, n[0], n[0]), operand(g, n[0], n[0]))}
	}},
	"conv forward": {2, func(g *graph.Graph, n []int) []*graph.Node {
		y, _, _ := convolution(g, n[0], n[1])
		return []*graph.Node{y}
	}},
	"conv all": {2, func(g *graph.Graph, n []int) []*graph.Node {
		y, x, w := convolution(g, n[0], n[1])
		slope := operand(g, 32, n[1], n[1], n[0])
		return append(graph.Grad(graph.Sum(graph.Mul(y, slope)), x, w), y)
	}},
	"rows softmax": {0, func(g *graph.Graph, _ []int) []*graph.Node {
		return []*graph.Node{graph.Softmax(operand(g, 4096, 1024))}
	}},
	"rows layernorm": {0, func(g *graph.Graph, _ []int) []*graph.Node {
		return []*graph.Node{graph.LayerNorm(operand(g, 4096, 1024), operand(g, 1024), operand(g, 1024), 1e-5)}
	}},
	"rows gelu": {0, func(g *graph.Graph, _ []int) []*graph.Node {
		return []*graph.Node{graph.GELU(operand(g, 4096, 1024))}
	}},
	"adamw": {1, func(g *graph.Graph, n []int) []*graph.Node {
		params := nn.NewParams(1)
		loss := graph.Sum(graph.Mul(g.Var(params.Weight("p", nn.Normal(1), n[0])), operand(g, n[0])))
		optim.Apply(loss, params, optim.AdamW{}, graph.Fill(g, 1e-3, graph.Const(1)), optim.Options{})
		return nil // the update is part of every program of g
	}},
}

// operand is a variable of g, so that nothing is copied in or out.
func operand(g *graph.Graph, dims ...int) *graph.Node {
	t, err := madeUp(tensor.Float32, dims)
	if err != nil {
		graph.Fail("operand", nil, "%v", err)
	}
	return g.Var(graph.NewVariable(fmt.Sprint("operand of ", dims), t, true))
}

// convolution is 3 by 3, of a batch of 32.
func convolution(g *graph.Graph, channels, side int) (y, x, w *graph.Node) {
	x, w = operand(g, 32, side, side, channels), operand(g, 3, 3, channels, channels)
	return graph.Conv2D(x, w, nil, graph.ConvOptions{Pad: 1}), x, w
}
