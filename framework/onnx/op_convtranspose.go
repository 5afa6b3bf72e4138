package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ConvTranspose": {2, 3, compileConvTranspose},
})

// transposeAttrs are the attributes of ConvTranspose.
type transposeAttrs struct {
	convAttrs
	extra, shape []int64 // output_padding and output_shape
}

func compileConvTranspose(n *call) kernel {
	c := transposeAttrs{readConv(n), n.ints("output_padding"), n.ints("output_shape")}
	for _, v := range c.extra {
		if v < 0 || v > 1<<20 {
			n.fail("output_padding must not be negative, got %d", v)
		}
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		switch in[0].DType() {
		case tensor.Float32:
			return runConvTranspose[float32](c, in)
		case tensor.Float64:
			return runConvTranspose[float64](c, in)
		}
		return nil, errType(in[0])
	})
}

// runConvTranspose spreads x [N,C,spatial] by w [C,K/group,spatial] and adds a
// bias [K]: the gradient of Conv with respect to its input.
func runConvTranspose[T float32 | float64](c transposeAttrs, in []*tensor.Tensor) (*tensor.Tensor, error) {
	if err := sameTypes(in); err != nil {
		return nil, err
	}
	axes, err := c.geometry(in[0], in[1], in[2])
	if err != nil {
		return nil, err
	}
	n, channels, filters := in[0].Shape()[0], in[0].Shape()[1], in[1].Shape()[1]*c.groups
	shape := []int{n, filters}
	for _, a := range axes {
		shape = append(shape, a.in)
	}
	out, err := newTensor(in[0].DType(), shape...)
	if err != nil {
		return nil, err
	}
	dst, x, w := tensor.Values[T](out), tensor.Values[T](in[0]), tensor.Values[T](in[1])
	cg, kg := channels/c.groups, filters/c.groups
	plane, area, size := sizes(axes)
	for p := range n * filters {
		b, o := p/filters, p%filters
		to := dst[p*plane : (p+1)*plane]
		if in[2] != nil {
			bias := tensor.Values[T](in[2])[o]
			for i := range to {
				to[i] = bias
			}
		}
		for ci := o / kg * cg; ci < (o/kg+1)*cg; ci++ {
			src, taps := x[(b*channels+ci)*area:][:area], w[(ci*kg+o%kg)*size:][:size]
			eachTap(axes, func(k int, tap []int) {
				if taps[k] != 0 {
					spread(to, src, taps[k], axes, tap)
				}
			})
		}
	}
	return out, nil
}

// geometry checks the operands and resolves the axes, in which the result is in
// and the operand is out: the window slides over the result.
func (c transposeAttrs) geometry(x, w, bias *tensor.Tensor) ([]axisWindow, error) {
	if x.Rank() < 3 || w.Rank() != x.Rank() {
		return nil, fmt.Errorf("%v by %v: want [N,C,spatial] and [C,K/group,spatial]", x, w)
	}
	if x.Shape()[1] != w.Shape()[0] || w.Shape()[0]%c.groups != 0 || c.groups > max(1, w.Shape()[0]) ||
		bias != nil && (bias.Rank() != 1 || bias.Len() != w.Shape()[1]*c.groups) {
		return nil, fmt.Errorf("%v by %v with group %d: channels do not match", x, w, c.groups)
	}
	rank, a := x.Rank()-2, c.window
	for _, v := range [][]int64{a.kernel, a.strides, a.dilations, c.extra} {
		if v != nil && len(v) != rank {
			return nil, fmt.Errorf("the attributes do not match %d spatial axes", rank)
		}
	}
	shape := c.shape
	if len(shape) == rank+2 { // with N and C, as some exporters write it
		shape = shape[2:]
	}
	if a.pads != nil && len(a.pads) != 2*rank || shape != nil && len(shape) != rank {
		return nil, fmt.Errorf("pads %v or output_shape %v do not match %d spatial axes", a.pads, c.shape, rank)
	}
	want, err := toDims(shape)
	if err != nil {
		return nil, err
	}
	at := func(v []int64, i, def int) int {
		if v == nil {
			return def
		}
		return int(v[i])
	}
	axes := make([]axisWindow, rank)
	for i := range axes {
		g := axisWindow{out: x.Shape()[2+i], size: w.Shape()[2+i], stride: at(a.strides, i, 1), dilation: at(a.dilations, i, 1)}
		if g.out < 1 || g.size < 1 || a.kernel != nil && int(a.kernel[i]) != g.size {
			return nil, fmt.Errorf("%v by %v with kernel_shape %v is not possible", x, w, a.kernel)
		}
		full := (g.out-1)*g.stride + g.dilation*(g.size-1) + 1 + at(c.extra, i, 0)
		switch same := a.autoPad == "SAME_UPPER" || a.autoPad == "SAME_LOWER"; {
		case shape != nil:
			g.in = want[i]
		case same:
			g.in = g.out * g.stride
		case a.autoPad == "VALID":
			g.in = full
		default:
			g.before, g.after = at(a.pads, i, 0), at(a.pads, rank+i, 0)
			g.in = full - g.before - g.after
		}
		if shape != nil || a.autoPad != "NOTSET" {
			g.before, g.after = splitPadding(max(full-g.in, 0), a.autoPad)
		}
		if g.in < 1 {
			return nil, fmt.Errorf("pads %v leave nothing of %d", a.pads, full)
		}
		axes[i] = g
	}
	return axes, nil
}

// splitPadding gives the larger half to the end for SAME_UPPER, else to the
// beginning.
func splitPadding(total int, autoPad string) (before, after int) {
	if autoPad == "SAME_UPPER" {
		return total / 2, total - total/2
	}
	return total - total/2, total / 2
}

// eachTap visits the taps of a window in row-major order, by number and by the
// tap of each axis.
func eachTap(axes []axisWindow, visit func(k int, tap []int)) {
	_, _, size := sizes(axes)
	tap := make([]int, len(axes))
	for k := range size {
		rest := k
		for i := len(axes) - 1; i >= 0; i-- {
			tap[i], rest = rest%axes[i].size, rest/axes[i].size
		}
		visit(k, tap)
	}
}

// spread adds f·src, one element for each position of the window, to the elements
// of dst that the window's tap meets there.
func spread[T number](dst, src []T, f T, axes []axisWindow, tap []int) {
	a := axes[0]
	lo, hi := a.reach(tap[0])
	i := lo*a.stride + tap[0]*a.dilation - a.before
	if len(axes) == 1 {
		for o := lo; o < hi; o, i = o+1, i+a.stride {
			dst[i] += f * src[o]
		}
		return
	}
	in, out, _ := sizes(axes[1:])
	for o := lo; o < hi; o, i = o+1, i+a.stride {
		spread(dst[i*in:(i+1)*in], src[o*out:(o+1)*out], f, axes[1:], tap[1:])
	}
}
