package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// compilePad takes pads and the value from attributes before opset 11, then
// from inputs, with axes from opset 18. Negative pads crop.
func compilePad(n *call) kernel {
	mode := n.choice("mode", "constant", "reflect", "edge", "wrap")
	attr, value := n.padsAttr(), n.float("value", 0)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		pads, fill := attr, in[2]
		if n.version < 11 {
			if in[0].DType() != tensor.Float32 {
				return nil, errType(in[0])
			}
			fill = tensor.Scalar(value)
		}
		var err error
		if in[1] != nil {
			if pads, err = int64s(in[1]); err != nil {
				return nil, err
			}
		}
		before, after, err := padAmounts(in[0].Rank(), pads, in[3])
		if err != nil {
			return nil, err
		}
		return pad(in[0], before, after, mode, fill)
	})
}

// padsAttr is the attribute pads, which operator set 1 calls paddings.
func (n *call) padsAttr() []int64 {
	if n.version < 2 {
		return n.ints("paddings")
	}
	return n.ints("pads")
}

// padAmounts spreads pads over all axes.
func padAmounts(rank int, pads []int64, axes *tensor.Tensor) (before, after []int, err error) {
	before, after = make([]int, rank), make([]int, rank)
	var which []int64
	if axes != nil {
		if which, err = int64s(axes); err != nil {
			return nil, nil, err
		}
	} else {
		for i := range rank {
			which = append(which, int64(i))
		}
	}
	if len(pads) != 2*len(which) {
		return nil, nil, fmt.Errorf("pads %v do not match %d axes", pads, len(which))
	}
	for i, axis := range which {
		a, err := axisOf(axis, rank)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range []int64{pads[i], pads[len(which)+i]} {
			if p < -maxOutput || p > maxOutput {
				return nil, nil, errTooLarge
			}
		}
		before[a], after[a] = int(pads[i]), int(pads[len(which)+i])
	}
	return before, after, nil
}

func pad(x *tensor.Tensor, before, after []int, mode string, fill *tensor.Tensor) (*tensor.Tensor, error) {
	shape := make([]int, x.Rank())
	for i, d := range x.Shape() {
		shape[i] = d + before[i] + after[i]
	}
	out, err := newTensor(x.DType(), shape...)
	if err != nil {
		return nil, err
	}
	if fill != nil {
		if fill.DType() != x.DType() || fill.Len() != 1 {
			return nil, fmt.Errorf("the fill %v does not suit %v", fill, x)
		}
		strided(out, fill, shape, 0, make([]int, len(shape)))
	}
	from := make([][]int, len(shape)) // source index of each output index, -1 for the fill
	for i, n := range shape {
		from[i] = make([]int, n)
		for j := range from[i] {
			from[i][j] = padSource(j-before[i], x.Shape()[i], mode)
		}
	}
	steps := rowMajor(x.Shape())
	index, at := make([]int, len(shape)), 0
	if out.Len() == 0 {
		return out, nil
	}
	for {
		src := 0
		for i, j := range index {
			if from[i][j] < 0 {
				src = -1
				break
			}
			src += from[i][j] * steps[i]
		}
		if src >= 0 {
			copyRun(out.Data(), at, x.Data(), src, 1)
		}
		at++
		i := len(shape) - 1
		for ; i >= 0; i-- {
			if index[i]++; index[i] < shape[i] {
				break
			}
			index[i] = 0
		}
		if i < 0 {
			return out, nil
		}
	}
}

func padSource(j, dim int, mode string) int {
	if j >= 0 && j < dim {
		return j
	}
	if dim == 0 {
		return -1
	}
	switch mode {
	case "edge":
		return min(max(j, 0), dim-1)
	case "wrap":
		return ((j % dim) + dim) % dim
	case "reflect":
		if dim == 1 {
			return 0
		}
		period := 2 * (dim - 1)
		j = ((j % period) + period) % period
		return min(j, period-j)
	}
	return -1
}
