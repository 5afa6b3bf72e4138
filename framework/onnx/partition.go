package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// heavy lists the operators that make it worth to go to the device.
var heavy = map[string]bool{
	"MatMul": true, "Gemm": true, "Conv": true, "MaxPool": true, "AveragePool": true, "GlobalAveragePool": true, "GlobalMaxPool": true,
	"BatchNormalization": true, "LayerNormalization": true, "Resize": true,
}

// forTraining lists operators whose form in a graph is there for gradients: it is
// made of several nodes, or of as many as there are rounds, where the host has one
// kernel. Sessions leave them to the host; the lifters' files add more. The list
// follows from how the forms are built, not from measurements.
var forTraining = map[string]bool{
	"RNN": true, "GRU": true, "LSTM": true, "If": true, "Loop": true, "Scan": true, "NegativeLogLikelihoodLoss": true, "SoftmaxCrossEntropyLoss": true, "ReverseSequence": true,
	"GatherND": true, "GatherElements": true, "CumSum": true, "Compress": true, "Hardmax": true, "LRN": true, "Range": true,
}

// partition gathers the steps that the device can run into segments. A step's
// phase is the least one, even for the host and odd for the device, that no
// value it reads comes after; the device steps of one phase are a segment.
// Steps that are denied stay on the host.
func (p *program) partition(dev chip.Device, declared []tensor.DType, denied map[*call]bool) []*segment {
	types := p.slotTypes(declared)
	phase := make([]int, len(p.consts)) // of the slot's maker; 0 for inputs and constants
	stepPhase := make([]int, len(p.steps))
	sized := make([]bool, len(p.consts)) // made of shapes and constants alone
	for i, st := range p.steps {
		at := 0
		ofSizes := p.ofSizes(&st, sized)
		for _, s := range st.outs {
			if s >= 0 {
				sized[s] = ofSizes
			}
		}
		if !denied[st.call] && (liftable(&st, types) || ofSizes && sizeArithmetic[operatorName(st.call.node)] != nil) {
			at = 1
		}
		for _, s := range st.ins {
			for s >= 0 && at < phase[s] {
				at += 2
			}
		}
		stepPhase[i] = at
		for _, s := range st.outs {
			if s >= 0 {
				phase[s] = at
			}
		}
	}
	groups := map[int][]int{}
	last := 0
	for i, at := range stepPhase {
		groups[at] = append(groups[at], i)
		last = max(last, at)
	}
	var steps []step
	var segments []*segment
	for at := 0; at <= last; at++ {
		var group []step
		busy := false
		for _, i := range groups[at] {
			group = append(group, p.steps[i])
			busy = busy || heavy[operatorName(p.steps[i].call.node)]
		}
		if at%2 == 0 || !busy {
			steps = append(steps, group...)
			continue
		}
		s := p.newSegment(dev, group, groups[at])
		s.denied = denied
		segments = append(segments, s)
		steps = append(steps, step{call: &call{node: &Node{Name: p.name, OpType: "device segment"}}, run: kernel(s.run).values, ins: s.ins, outs: s.outs})
	}
	p.steps = steps
	return segments
}

// ofSizes reports whether st reads nothing but shapes, constants and what is made
// of these: when its graph is traced the results are sizes or known.
func (p *program) ofSizes(st *step, sized []bool) bool {
	if operatorName(st.call.node) == "Shape" {
		return true
	}
	for _, s := range st.ins {
		if s >= 0 && p.consts[s] == nil && !sized[s] {
			return false
		}
	}
	return !st.call.draws && !st.call.graphs
}

// liftable reports whether the device may run st as far as its types tell.
func liftable(st *step, types []tensor.DType) bool {
	name := operatorName(st.call.node)
	if lifters[name] == nil || forTraining[name] {
		return false
	}
	for _, s := range append(slices.Clone(st.ins), st.outs...) {
		if s >= 0 && !onDevice(types[s]) {
			return false
		}
	}
	if name == "Resize" && st.call.flag("antialias", false) {
		return false // images of many sizes: plans of their own would compile the network again
	}
	if name == "Equal" && types[st.ins[0]] == tensor.Bool {
		return false
	}
	if f := floatOnly[name]; f && types[st.ins[0]] != tensor.Float32 {
		return false
	}
	return true
}

func onDevice(dt tensor.DType) bool {
	switch dt {
	case tensor.Float32, tensor.Int64, tensor.Int32, tensor.Bool, tensor.Uint8:
		return true
	}
	return false
}

// newSegment finds what the steps read and make for others.
func (p *program) newSegment(dev chip.Device, group []step, members []int) *segment {
	s := &segment{dev: dev, steps: group, consts: p.consts}
	made, seen := map[int]bool{}, map[int]bool{}
	for _, st := range group {
		for _, in := range st.ins {
			if in >= 0 && p.consts[in] == nil && !made[in] && !seen[in] {
				seen[in] = true
				s.ins = append(s.ins, in)
			}
		}
		for _, o := range st.outs {
			made[o] = true
		}
	}
	read := map[int]bool{}
	for _, o := range p.outputs {
		read[o] = true
	}
	for i, st := range p.steps {
		if !slices.Contains(members, i) {
			for _, in := range st.ins {
				read[in] = true
			}
		}
	}
	for _, st := range group {
		for _, o := range st.outs {
			if o >= 0 && read[o] {
				s.outs = append(s.outs, o)
			}
		}
	}
	s.byVal = s.wantedValues()
	return s
}

// valueInputs lists the inputs whose elements, not only shape, a step must know
// when its graph is traced: shapes, axes, bounds.
var valueInputs = map[string][]int{
	"Reshape": {1}, "Expand": {1}, "Slice": {1, 2, 3, 4}, "Split": {1}, "Squeeze": {1}, "Unsqueeze": {1}, "Pad": {1, 2, 3},
	"Resize": {1, 2, 3}, "Clip": {1, 2}, "ReduceSum": {1}, "ReduceMean": {1}, "ReduceMax": {1}, "ReduceMin": {1}, "ReduceProd": {1},
	"ReduceL2": {1}, "ReduceSumSquare": {1}, "Dropout": {1, 2},
	"ReduceL1": {1}, "ReduceLogSum": {1}, "ReduceLogSumExp": {1}, "Upsample": {1}, "Tile": {1}, "TopK": {1}, "OneHot": {1, 2}, "CumSum": {1},
	"Trilu": {1}, "Range": {0, 1, 2}, "ConstantOfShape": {0}, "QuantizeLinear": {1, 2}, "DequantizeLinear": {1, 2}, "CenterCropPad": {1},
	"AffineGrid": {1}, "Compress": {1}, "MaxUnpool": {2}, "Col2Im": {1, 2}, "DFT": {1, 2}, "STFT": {1, 3}, "Loop": {0, 1}, "RoiAlign": {1}, "MaxRoiPool": {1},
}

// wantedValues follows the values that must be known back to the segment's inputs.
func (s *segment) wantedValues() []bool {
	want := map[int]bool{}
	for _, st := range slices.Backward(s.steps) {
		name := operatorName(st.call.node)
		for _, i := range valueInputs[name] {
			if i < len(st.ins) && st.ins[i] >= 0 {
				want[st.ins[i]] = true
			}
		}
		if name == "Shape" || !slices.ContainsFunc(st.outs, func(o int) bool { return want[o] }) {
			continue
		}
		for _, in := range st.ins {
			want[in] = true
		}
	}
	out := make([]bool, len(s.ins))
	for i, in := range s.ins {
		out[i] = want[in]
	}
	return out
}
