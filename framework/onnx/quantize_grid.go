package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// grid is how scales lie over a tensor that is quantised: one for all of it,
// one for each place along an axis, or one for each block of block_size places
// along the axis.
type grid struct {
	axis, block int64
}

func readGrid(n *call) grid {
	g := grid{axis: n.int("axis", 1), block: n.int("block_size", 0)}
	if g.block < 0 {
		n.fail("attribute block_size must not be negative, got %d", g.block)
	}
	return g
}

// gridLayout is a grid over a tensor [outer, n, inner]. With one scale for all,
// n and inner are 1.
type gridLayout struct {
	outer, n, inner int
	block, blocks   int // with blocks, scales are [outer, blocks, inner], else [n]
	scales          []float32
}

// layout checks the shapes of scale and of zero, which may be nil.
func (g grid) layout(x, scale, zero *tensor.Tensor) (gridLayout, error) {
	l := gridLayout{outer: x.Len(), n: 1, inner: 1}
	if zero != nil && zero.Len() != scale.Len() {
		return l, fmt.Errorf("the zero point %v does not suit the scale %v", zero, scale)
	}
	if dt := scale.DType(); dt != tensor.Float32 && dt != tensor.Int32 && !isHalf(dt) {
		return l, fmt.Errorf("the scale is %v", scale)
	}
	f, err := cast(scale, tensor.Float32)
	if err != nil {
		return l, err
	}
	l.scales = f.Float32s()
	if g.block == 0 && scale.Len() == 1 && scale.Rank() <= 1 {
		return l, nil
	}
	a, err := axisOf(g.axis, x.Rank())
	if err != nil {
		return l, fmt.Errorf("attribute axis: %w", err)
	}
	shape := x.Shape()
	l.outer, l.n, l.inner = tensor.Size(shape[:a]), shape[a], tensor.Size(shape[a+1:])
	if g.block == 0 {
		if scale.Rank() != 1 || scale.Len() != l.n {
			return l, fmt.Errorf("the scale %v does not suit axis %d of %v", scale, a, x)
		}
		return l, nil
	}
	want := slices.Clone(shape)
	l.block = int(min(g.block, int64(max(l.n, 1))))
	l.blocks = (l.n + l.block - 1) / l.block
	want[a] = l.blocks
	if !slices.Equal(scale.Shape(), want) {
		return l, fmt.Errorf("the scale %v does not suit %v in blocks of %d along axis %d", scale, x, g.block, a)
	}
	return l, nil
}

// each visits every element i with the position k of its scale.
func (l gridLayout) each(visit func(i, k int)) {
	i := 0
	for o := range l.outer {
		for a := range l.n {
			k, step := a, 0
			if l.blocks > 0 {
				k, step = (o*l.blocks+a/l.block)*l.inner, 1
			}
			for range l.inner {
				visit(i, k)
				i, k = i+1, k+step
			}
		}
	}
}
