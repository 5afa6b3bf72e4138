package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ReverseSequence": {2, 2, compileReverseSequence},
})

// compileReverseSequence reverses the first lens[b] steps of every batch entry b
// and leaves the steps after them. Batch and time are axes 0 and 1 in either
// order; lens is [batch].
func compileReverseSequence(n *call) kernel {
	batchAxis, timeAxis := n.int("batch_axis", 1), n.int("time_axis", 0)
	if batchAxis < 0 || batchAxis > 1 || timeAxis != 1-batchAxis {
		n.fail("batch_axis %d and time_axis %d must be 0 and 1 in either order", batchAxis, timeAxis)
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x := in[0]
		lens, err := int64s(in[1])
		if err != nil {
			return nil, err
		}
		if x.Rank() < 2 || in[1].Rank() != 1 || len(lens) != x.Shape()[batchAxis] {
			return nil, fmt.Errorf("lengths %v do not suit %v", in[1], x)
		}
		steps, run := x.Shape()[timeAxis], tensor.Size(x.Shape()[2:])
		at := func(b, t int) int {
			if batchAxis == 0 {
				return (b*steps + t) * run
			}
			return (t*len(lens) + b) * run
		}
		out := tensor.New(x.DType(), x.Shape()...)
		for b, l := range lens {
			if l < 0 || l > int64(steps) {
				return nil, fmt.Errorf("length %d is outside %d steps", l, steps)
			}
			for t := range steps {
				from := t
				if t < int(l) {
					from = int(l) - 1 - t
				}
				copyRun(out.Data(), at(b, t), x.Data(), at(b, from), run)
			}
		}
		return out, nil
	})
}
