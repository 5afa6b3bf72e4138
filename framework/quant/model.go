package quant

import (
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ModelOptions configure Model.
type ModelOptions struct {
	Options
	Calibration Calibration
	Skip        func(n *onnx.Node) bool // leaves operators in float32; nil means none
}

// Report says what Model did.
type Report struct {
	Layers        int                // operators with int8 weights
	Before, After int                // bytes of the files
	Deviation     map[string]float64 // of each float output: the largest difference over the samples
	Largest       map[string]float64 // of each float output: the largest absolute value of the float model
}

// Model quantises a float ONNX model: weights of Conv, Gemm and MatMul become
// int8 per output channel, what these operators read and make uint8 per tensor,
// as QuantizeLinear and DequantizeLinear around them. samples are inputs by name;
// they choose the ranges and give the report's deviations, of an onnx.Session
// that runs either model (another runtime's sums of integers may round otherwise).
//
// The result is at operator set 13 or later. An older model is raised to 13 when
// all of its operators mean the same there, else it is an error. Operators inside
// branches and loops stay float. m is not changed.
func Model(m *onnx.Model, dev chip.Device, samples []map[string]*tensor.Tensor, o ModelOptions) (*onnx.Model, Report, error) {
	fail := func(err error) (*onnx.Model, Report, error) {
		return nil, Report{}, fmt.Errorf("quantise model: %w", err)
	}
	before := m.Marshal()
	m, err := onnx.Unmarshal(before)
	if err != nil {
		return fail(err)
	}
	if len(samples) == 0 {
		return fail(fmt.Errorf("there are no samples"))
	}
	if err := raise(m); err != nil {
		return fail(err)
	}
	q, err := newModelPlan(m, o)
	if err != nil {
		return fail(err)
	}
	float, err := q.calibrate(dev, samples)
	if err != nil {
		return fail(err)
	}
	out := q.rewrite()
	rounded, err := runAll(out, dev, samples)
	if err != nil {
		return fail(err)
	}
	r := Report{Layers: len(q.layers), Before: len(before), After: len(out.Marshal()), Deviation: map[string]float64{}, Largest: map[string]float64{}}
	for i := range samples {
		for _, v := range m.Graph.Outputs {
			if a, b := float[i][v.Name], rounded[i][v.Name]; a.DType() == tensor.Float32 {
				for j, x := range a.Float32s() {
					r.Deviation[v.Name] = max(r.Deviation[v.Name], math.Abs(float64(x-b.Float32s()[j])))
					r.Largest[v.Name] = max(r.Largest[v.Name], math.Abs(float64(x)))
				}
			}
		}
	}
	return out, r, nil
}

// runAll runs m on each sample.
func runAll(m *onnx.Model, dev chip.Device, samples []map[string]*tensor.Tensor) ([]map[string]*tensor.Tensor, error) {
	s, err := onnx.NewSession(m, dev)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var all []map[string]*tensor.Tensor
	for _, in := range samples {
		outs, err := s.Run(context.Background(), in)
		if err != nil {
			return nil, err
		}
		all = append(all, outs)
	}
	return all, nil
}

// steady lists operators that mean the same from the given set to set 13.
var steady = map[string]int64{"Conv": 1, "Relu": 6, "MaxPool": 1, "AveragePool": 7, "GlobalAveragePool": 1, "GlobalMaxPool": 1,
	"Reshape": 5, "MatMul": 1, "Gemm": 7, "Add": 7, "Sub": 7, "Mul": 7, "Div": 7, "Sigmoid": 6, "Tanh": 6, "LeakyRelu": 6, "PRelu": 9,
	"Concat": 4, "Transpose": 1, "Flatten": 1, "Identity": 1, "Constant": 1, "BatchNormalization": 9, "Shape": 1, "Gather": 1, "Cast": 9,
	"Exp": 6, "Sqrt": 6, "Erf": 9, "Neg": 6, "ConstantOfShape": 9, "Expand": 8, "Slice": 10, "Pad": 11, "Clip": 11, "HardSigmoid": 6, "Resize": 11}

// raise brings the model to a set with quantisation per channel, 13.
func raise(m *onnx.Model) error {
	const wanted = 13
	m.IRVersion = max(m.IRVersion, 7)
	for _, set := range m.Opsets {
		if set.Domain != "" && set.Domain != "ai.onnx" || set.Version >= wanted {
			continue
		}
		for _, n := range m.Graph.Nodes {
			from, ok := steady[n.OpType]
			if n.Domain == "" && (!ok || from > set.Version) {
				return fmt.Errorf("operator %s of set %d may mean something else in set %d; convert the model to set %d first", n.OpType, set.Version, wanted, wanted)
			}
		}
		set.Version = wanted
	}
	return nil
}
