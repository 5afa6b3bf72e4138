package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"RNN":  {3, 6, func(n *call) kernel { return compileRecurrent(n, 1, 1) }},
	"GRU":  {3, 6, func(n *call) kernel { return compileRecurrent(n, 3, 2) }},
	"LSTM": {3, 8, func(n *call) kernel { return compileRecurrent(n, 4, 3) }},
})

// recurrent is what RNN, GRU and LSTM share: T steps of a batch of B sequences
// through D directions of H units, each with G gates.
//
// X is [T,B,I], W [D,G·H,I], R [D,G·H,H], the bias [D,2·G·H] (of W, then of R),
// the initial states [D,B,H] and the peepholes of LSTM [D,3·H]. The results are Y
// [T,D,B,H] and the last states [D,B,H]. With layout 1 X, Y and the states have
// the batch first. Past a sequence's own length Y is 0.
// Source: the operators' pages of ONNX.
type recurrent struct {
	op                          string
	gates, threads              int
	hidden                      int64
	reversed                    []bool // by direction
	acts                        [][]activation
	clip                        float64 // 0 means none
	batchFirst, coupled, before bool    // before is linear_before_reset
}

func compileRecurrent(n *call, gates, acts int) kernel {
	r := recurrent{
		op: n.node.OpType, gates: gates, threads: n.threads, hidden: n.int("hidden_size", 0), clip: float64(n.float("clip", 0)),
		batchFirst: n.flag("layout", false), coupled: n.flag("input_forget", false), before: n.flag("linear_before_reset", false),
	}
	switch n.choice("direction", "forward", "reverse", "bidirectional") {
	case "forward":
		r.reversed = []bool{false}
	case "reverse":
		r.reversed = []bool{true}
	case "bidirectional":
		r.reversed = []bool{false, true}
	}
	if r.clip < 0 {
		n.fail("attribute clip = %v must not be negative", r.clip)
	}
	r.acts = readActivations(n, len(r.reversed), acts)
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		switch in[0].DType() {
		case tensor.Float32:
			return runRecurrent[float32](r, in)
		case tensor.Float64:
			return runRecurrent[float64](r, in)
		}
		return nil, errType(in[0])
	}
}

// recurrentInput finds an input of a recurrent operator and checks its shape;
// nil when it is left out.
func recurrentInput[T tensor.Element](in []*tensor.Tensor, i int, what string, dims ...int) ([]T, error) {
	if i >= len(in) || in[i] == nil {
		return nil, nil
	}
	if in[i].DType() != in[0].DType() || !slices.Equal(in[i].Shape(), dims) {
		return nil, fmt.Errorf("%s is %v, want %v%v", what, in[i], in[0].DType(), dims)
	}
	return tensor.Values[T](in[i]), nil
}

func runRecurrent[T float32 | float64](r recurrent, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	x, dirs := in[0], len(r.reversed)
	if x.Rank() != 3 || in[2].Rank() != 3 {
		return nil, fmt.Errorf("%v by %v: want [T,B,I] and [D,%d·H,H]", x, in[2], r.gates)
	}
	steps, batch, hidden := x.Shape()[0], x.Shape()[1], in[2].Shape()[2]
	if r.hidden != 0 && r.hidden != int64(hidden) {
		return nil, fmt.Errorf("hidden_size is %d, the recurrence has %d units", r.hidden, hidden)
	}
	state, all := []int{dirs, batch, hidden}, []int{steps, dirs, batch, hidden}
	if r.batchFirst {
		steps, batch = batch, steps
		state, all = []int{batch, dirs, hidden}, []int{batch, steps, dirs, hidden}
	}
	lengths, err := sequenceLengths(in[4], batch, steps)
	if err != nil {
		return nil, err
	}
	s := sequences[T]{recurrent: r, steps: steps, batch: batch, width: x.Shape()[2], hidden: hidden, x: tensor.Values[T](x), lengths: lengths}
	rows := r.gates * hidden
	for _, arg := range []struct {
		to   *[]T
		i    int
		what string
		dims []int
	}{
		{&s.w, 1, "W", []int{dirs, rows, s.width}}, {&s.r, 2, "R", []int{dirs, rows, hidden}}, {&s.bias, 3, "B", []int{dirs, 2 * rows}},
		{&s.h0, 5, "initial_h", state}, {&s.c0, 6, "initial_c", state}, {&s.peep, 7, "P", []int{dirs, 3 * hidden}},
	} {
		if *arg.to, err = recurrentInput[T](in, arg.i, arg.what, arg.dims...); err != nil {
			return nil, err
		}
	}
	y, err := newTensor(x.DType(), all...)
	if err != nil {
		return nil, err
	}
	h, err := newTensor(x.DType(), state...)
	if err != nil {
		return nil, err
	}
	c := tensor.New(x.DType(), state...)
	s.y, s.h, s.c = tensor.Values[T](y), tensor.Values[T](h), tensor.Values[T](c)
	parallel(r.threads, dirs*batch, 1, func(lo, hi int) {
		for p := lo; p < hi; p++ {
			s.run(p/batch, p%batch)
		}
	})
	if r.op == "LSTM" {
		return []*tensor.Tensor{y, h, c}, nil
	}
	return []*tensor.Tensor{y, h}, nil
}

// sequenceLengths gives the steps of each sequence; all of them when t is nil.
func sequenceLengths(t *tensor.Tensor, batch, steps int) ([]int, error) {
	out := slices.Repeat([]int{steps}, batch)
	if t == nil {
		return out, nil
	}
	v, err := int64s(t)
	if err != nil || len(v) != batch {
		return nil, fmt.Errorf("sequence_lens is %v, want %d integers", t, batch)
	}
	for i, n := range v {
		if n < 0 || n > int64(steps) {
			return nil, fmt.Errorf("sequence_lens holds %d, the input has %d steps", n, steps)
		}
		out[i] = int(n)
	}
	return out, nil
}
