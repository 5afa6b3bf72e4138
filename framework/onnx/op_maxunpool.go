package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"MaxUnpool":     {2, 3, compileMaxUnpool},
	"CenterCropPad": {2, 2, compileCenterCropPad},
})

// compileMaxUnpool puts the elements of x [N,C,spatial] where MaxPool took them
// from, by its indices, and 0 elsewhere. Indices count in the result whose size
// follows from the window; as in the standard's cases, and unlike in onnxruntime,
// they do so when output_shape asks for a larger result, which 0 fills.
func compileMaxUnpool(n *call) kernel {
	w := readPool(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x := in[0]
		rank := x.Rank() - 2
		if rank < 1 || len(w.kernel) != rank || w.strides != nil && len(w.strides) != rank || w.pads != nil && len(w.pads) != 2*rank {
			return nil, fmt.Errorf("%v does not suit a window of %v", x, w.kernel)
		}
		shape := append([]int(nil), x.Shape()...)
		for i := range rank {
			stride, pads := 1, 0
			if w.strides != nil {
				stride = int(w.strides[i])
			}
			if w.pads != nil {
				pads = int(w.pads[i] + w.pads[rank+i])
			}
			shape[2+i] = (shape[2+i]-1)*stride + int(w.kernel[i]) - pads
		}
		out, err := newTensor(x.DType(), shape...)
		if err != nil {
			return nil, err
		}
		index, err := int64s(in[1])
		if err != nil || len(index) != x.Len() {
			return nil, fmt.Errorf("the indices %v do not suit %v", in[1], x)
		}
		for i, at := range index {
			if at < 0 || at >= int64(out.Len()) {
				return nil, fmt.Errorf("index %d is outside %v", at, out)
			}
			copyRun(out.Data(), int(at), x.Data(), i, 1)
		}
		if in[2] == nil {
			return out, nil
		}
		want, err := dimsOf(in[2])
		if err != nil {
			return nil, err
		}
		after := make([]int, len(shape))
		for i := range after {
			if len(want) != len(shape) || want[i] < shape[i] {
				return nil, fmt.Errorf("output_shape %v does not hold %v", want, shape)
			}
			after[i] = want[i] - shape[i]
		}
		return pad(out, make([]int, len(shape)), after, "constant", nil)
	})
}

// compileCenterCropPad crops axes, or pads them with 0, to the sizes of the second
// input, about their middle: of an odd difference the larger half is at the end.
func compileCenterCropPad(n *call) kernel {
	axes := n.ints("axes")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x := in[0]
		want, err := dimsOf(in[1])
		if err != nil {
			return nil, err
		}
		which := axes
		if which == nil {
			for i := range x.Rank() {
				which = append(which, int64(i))
			}
		}
		if _, err := axesOf(which, x.Rank()); err != nil || len(which) != len(want) {
			return nil, fmt.Errorf("axes %v do not suit %v and shape %v", which, x, want)
		}
		before, after := make([]int, x.Rank()), make([]int, x.Rank())
		for i, v := range which {
			a, _ := axisOf(v, x.Rank())
			total := want[i] - x.Shape()[a]
			before[a] = total / 2 // towards 0 both when it pads and when it crops
			after[a] = total - before[a]
		}
		return pad(x, before, after, "constant", nil)
	})
}
