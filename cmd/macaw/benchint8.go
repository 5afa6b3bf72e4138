package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
)

// ownFloat32 is the peer of works in fewer bits: the same one in float32.
const ownFloat32 = "own float32"

// newPrecisionTask prepares inference of a built-in network and a batch, such as
// "resnet18 32", in float32 or int8. Ranges of integers come from the very batch.
func newPrecisionTask(precision, work string, dev chip.Device) (*task, error) {
	name, size, _ := strings.Cut(work, " ")
	m, ok := trainModels[name]
	batch, err := strconv.Atoi(size)
	if !ok || m.tokens || err != nil || batch < 1 {
		return nil, fault.Errorf(fault.Invalid, "There is no inference %q in %s; one is \"resnet18 32\".", work, precision)
	}
	shape := append([]int{batch}, m.dims...)
	samples, err := madeUp(tensor.Float32, shape)
	if err != nil {
		return nil, err
	}
	var ins, outs []*graph.Node
	err = graph.Trace(func() {
		x := graph.New(graph.Inference).Input("x", tensor.Float32, graph.Ints(shape...)...)
		ins, outs = []*graph.Node{x}, []*graph.Node{m.net(nn.NewParams(1)).Forward(x)}
	})
	if err != nil {
		return nil, err
	}
	if precision == "int8" {
		ranges, err := quant.Calibrate(dev, ins, outs, slices.Values([][]*tensor.Tensor{{samples}}), quant.Calibration{})
		if err != nil {
			return nil, err
		}
		if outs, err = quant.Integer(ranges, quant.Options{}, outs...); err != nil {
			return nil, err
		}
	}
	exec, err := graph.Compile(dev, graph.Program{Inputs: ins, Outputs: outs})
	if err != nil {
		return nil, err
	}
	return executableTask(exec, len(outs), samples), nil
}
