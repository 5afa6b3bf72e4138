package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{"Scan": {0, unlimited, overValues(compileScan)}})

func init() { resultTypes["Scan"] = fixedTypes() }

// scan is a Scan node. Its body takes the states and one slice of every scan
// input, and gives the states and one slice of every scan output.
type scan struct {
	body              *program
	states, ins       int
	inAxes, outAxes   []int64
	inTurns, outTurns []int64 // 1 takes or fills an axis from its end
	declared          []*ValueInfo
}

// compileScan reads opset 8, whose values have a batch in front and whose first
// input gives the lengths within the batch, and the form since 9.
func compileScan(n *call) valueKernel {
	body := n.body("body")
	if n.err != nil {
		return nil
	}
	skip := 0
	if n.version < 9 {
		skip = 1
	}
	own := len(n.node.Inputs)
	s := &scan{body: body, ins: int(n.int("num_scan_inputs", 0))}
	s.states = own - skip - s.ins
	outs := len(body.outputs) - s.states
	if s.ins < 1 || s.ins > own || s.states < 0 || outs < 0 || len(body.inputs) != own-skip+len(n.captures) {
		n.fail("the body has %d inputs and %d outputs for %d inputs, %d of them scanned", len(body.inputs)-len(n.captures), len(body.outputs), own-skip, s.ins)
		return nil
	}
	s.declared = n.find("body").G.Outputs[s.states:]
	// perValue reads a list with one entry for each value; left out, all are 0.
	perValue := func(name string, count int) []int64 {
		v := n.ints(name)
		if v == nil {
			v = make([]int64, count)
		}
		if len(v) != count {
			n.fail("attribute %s has %d entries, want %d", name, len(v), count)
		}
		return v
	}
	if n.version < 9 {
		s.inTurns, s.outTurns = perValue("directions", s.ins), make([]int64, outs)
		s.inAxes, s.outAxes = make([]int64, s.ins), make([]int64, outs)
		return func(ctx context.Context, in []Value) ([]Value, error) {
			return s.runBatch(ctx, in[0], in[1:own], in[own:])
		}
	}
	s.inAxes, s.inTurns = perValue("scan_input_axes", s.ins), perValue("scan_input_directions", s.ins)
	s.outAxes, s.outTurns = perValue("scan_output_axes", outs), perValue("scan_output_directions", outs)
	return func(ctx context.Context, in []Value) ([]Value, error) {
		return s.run(ctx, in[:s.states], in[s.states:own], in[own:])
	}
}

// run scans one sample.
func (s *scan) run(ctx context.Context, states, ins, captures []Value) ([]Value, error) {
	rounds, axes := 0, make([]int, s.ins)
	for i, v := range ins {
		if v.t == nil {
			return nil, fmt.Errorf("the scan input %d is %v, want a tensor", i, v)
		}
		a, err := axisOf(s.inAxes[i], v.t.Rank())
		if err != nil {
			return nil, err
		}
		if axes[i] = a; i == 0 {
			rounds = v.t.Shape()[a]
		} else if v.t.Shape()[a] != rounds {
			return nil, fmt.Errorf("the scan input %d has length %d, the first %d", i, v.t.Shape()[a], rounds)
		}
	}
	for i, v := range states {
		if v.Kind() == NoValue {
			return nil, fmt.Errorf("the state %d is left out", i)
		}
	}
	state := slices.Clone(states)
	gathered := newScanOutputs(len(s.outAxes))
	for round := range rounds {
		args := slices.Clone(state)
		for i, v := range ins {
			at := round
			if s.inTurns[i] != 0 {
				at = rounds - 1 - round
			}
			args = append(args, TensorValue(slab(v.t, axes[i], at, 1).Reshape(without(v.t.Shape(), axes[i])...)))
		}
		outs, err := s.body.run(ctx, append(args, captures...))
		if err != nil {
			return nil, err
		}
		copy(state, outs)
		if err := gathered.add(outs[s.states:]); err != nil {
			return nil, err
		}
	}
	for i, axis := range s.outAxes {
		t, err := gathered.stack(i, axis, s.outTurns[i] != 0, s.declared[i])
		if err != nil {
			return nil, err
		}
		state = append(state, TensorValue(t))
	}
	return state, nil
}

// without is shape less the axis a.
func without(shape []int, a int) []int { return slices.Delete(slices.Clone(shape), a, a+1) }

// runBatch scans every sample of a batch as far as its length says, as opset 8
// has it. Scan outputs are zero behind that; states are those of the last round.
func (s *scan) runBatch(ctx context.Context, lengths Value, in, captures []Value) ([]Value, error) {
	batch, longest := -1, 0
	for i, v := range in {
		if v.t == nil || v.t.Rank() < 1 || i >= s.states && v.t.Rank() < 2 {
			return nil, fmt.Errorf("the input %d is %v, want a tensor with a batch", i+1, v)
		}
		if d := v.t.Shape()[0]; batch >= 0 && d != batch {
			return nil, fmt.Errorf("the input %d has a batch of %d, the first one of %d", i+1, d, batch)
		}
		batch = v.t.Shape()[0]
		if i >= s.states {
			longest = max(longest, v.t.Shape()[1])
		}
	}
	lens, err := batchLengths(lengths, batch, longest)
	if err != nil {
		return nil, err
	}
	made := make([][]*tensor.Tensor, s.states+len(s.outAxes))
	for b := range batch {
		sample := make([]Value, len(in))
		for i, v := range in {
			t := slab(v.t, 0, b, 1)
			t = t.Reshape(without(t.Shape(), 0)...)
			if i >= s.states {
				if t.Shape()[0] != longest {
					return nil, fmt.Errorf("the scan input %d has length %d, another %d", i-s.states, t.Shape()[0], longest)
				}
				t = slab(t, 0, 0, lens[b])
			}
			sample[i].t = t
		}
		outs, err := s.run(ctx, sample[:s.states], sample[s.states:], captures)
		if err != nil {
			return nil, err
		}
		for i, v := range outs {
			if v.t == nil {
				return nil, fmt.Errorf("the output %d is %v, want a tensor", i, v)
			}
			t := v.t
			if i >= s.states {
				if t, err = lengthen(t, longest); err != nil {
					return nil, err
				}
			}
			made[i] = append(made[i], t)
		}
	}
	out := make([]Value, len(made))
	for i, ts := range made {
		if len(ts) == 0 {
			return nil, fmt.Errorf("an empty batch is not supported")
		}
		t, err := stackTensors(ts, 0)
		if err != nil {
			return nil, err
		}
		out[i].t = t
	}
	return out, nil
}

// batchLengths reads the length of each sample; left out, all are the longest.
func batchLengths(v Value, batch, longest int) ([]int, error) {
	lens := slices.Repeat([]int{longest}, batch)
	if v.Kind() == NoValue {
		return lens, nil
	}
	if v.t == nil {
		return nil, fmt.Errorf("the lengths are %v, want a tensor", v)
	}
	given, err := int64s(v.t)
	if err != nil {
		return nil, err
	}
	if len(given) != batch {
		return nil, fmt.Errorf("%d lengths for a batch of %d", len(given), batch)
	}
	for i, l := range given {
		if l < 0 || l > int64(longest) {
			return nil, fmt.Errorf("length %d is outside 0 to %d", l, longest)
		}
		lens[i] = int(l)
	}
	return lens, nil
}

// lengthen pads the first axis of t with zeros.
func lengthen(t *tensor.Tensor, n int) (*tensor.Tensor, error) {
	shape := slices.Clone(t.Shape())
	shape[0] = n
	out, err := newTensor(t.DType(), shape...)
	if err != nil {
		return nil, err
	}
	copyRun(out.Data(), 0, t.Data(), 0, t.Len())
	return out, nil
}
