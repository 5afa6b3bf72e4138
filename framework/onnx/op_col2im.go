package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Col2Im": {3, 3, compileCol2Im},
})

// compileCol2Im adds up the columns of x [N, C·|block|, L], one for each position
// of a block that slides over an image, to that image [N, C, image].
func compileCol2Im(n *call) kernel {
	attrs := readWindow(n)
	attrs.autoPad = "NOTSET" // the operator has no such attribute
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		switch in[0].DType() {
		case tensor.Float32:
			return col2im[float32](attrs, in)
		case tensor.Float64:
			return col2im[float64](attrs, in)
		case tensor.Int8:
			return col2im[int8](attrs, in)
		case tensor.Uint8:
			return col2im[uint8](attrs, in)
		case tensor.Int16:
			return col2im[int16](attrs, in)
		case tensor.Uint16:
			return col2im[uint16](attrs, in)
		case tensor.Int32:
			return col2im[int32](attrs, in)
		case tensor.Uint32:
			return col2im[uint32](attrs, in)
		case tensor.Int64:
			return col2im[int64](attrs, in)
		case tensor.Uint64:
			return col2im[uint64](attrs, in)
		}
		return nil, errType(in[0])
	})
}

func col2im[T number](attrs windowAttrs, in []*tensor.Tensor) (*tensor.Tensor, error) {
	x := in[0]
	image, err := dimsOf(in[1])
	if err != nil {
		return nil, err
	}
	block, err := dimsOf(in[2])
	if err != nil {
		return nil, err
	}
	if x.Rank() != 3 || len(image) == 0 || len(image) != len(block) || slices.Contains(block, 0) {
		return nil, fmt.Errorf("%v, image %v and block %v: want [N,C·block,L] and two shapes of one rank", x, image, block)
	}
	if err := checkShape(image); err != nil {
		return nil, err
	}
	if err := checkShape(block); err != nil {
		return nil, err
	}
	axes, err := attrs.resolve(image, block)
	if err != nil {
		return nil, err
	}
	if err := checkShape(outShape(1, 1, axes)); err != nil {
		return nil, err
	}
	plane, area, size := sizes(axes)
	if x.Shape()[1]%size != 0 || x.Shape()[2] != area {
		return nil, fmt.Errorf("%v holds no %d columns of blocks of %d", x, area, size)
	}
	batch, channels := x.Shape()[0], x.Shape()[1]/size
	out, err := newTensor(x.DType(), append([]int{batch, channels}, image...)...)
	if err != nil {
		return nil, err
	}
	dst, src := tensor.Values[T](out), tensor.Values[T](x)
	for p := range batch * channels {
		eachTap(axes, func(k int, tap []int) {
			spread(dst[p*plane:(p+1)*plane], src[(p*size+k)*area:][:area], 1, axes, tap)
		})
	}
	return out, nil
}

// dimsOf reads a tensor of dimensions.
func dimsOf(t *tensor.Tensor) ([]int, error) {
	v, err := int64s(t)
	if err != nil {
		return nil, err
	}
	return toDims(v)
}
