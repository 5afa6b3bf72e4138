package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Conv": {2, 3, compileConv},
})

func compileConv(n *call) kernel {
	c := readConv(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		switch in[0].DType() {
		case tensor.Float32:
			return runConv[float32](c, in)
		case tensor.Float64:
			return runConv[float64](c, in)
		}
		return nil, errType(in[0])
	})
}

// convAttrs are the attributes of the convolutions.
type convAttrs struct {
	window          windowAttrs
	groups, threads int
}

func readConv(n *call) convAttrs {
	c := convAttrs{window: readWindow(n), groups: int(n.int("group", 1)), threads: n.threads}
	if c.groups < 1 {
		n.fail("attribute group must be positive")
	}
	return c
}

// sameTypes is an error where operands, of which some may be nil, differ in type.
func sameTypes(in []*tensor.Tensor) error {
	for _, t := range in {
		if t != nil && t.DType() != in[0].DType() {
			return fmt.Errorf("operands differ in type: %v and %v", in[0], t)
		}
	}
	return nil
}

// runConv convolves x [N,C,spatial] by w [K,C/group,spatial] and adds a bias [K].
func runConv[T number](c convAttrs, in []*tensor.Tensor) (*tensor.Tensor, error) {
	if err := sameTypes(in); err != nil {
		return nil, err
	}
	axes, err := c.geometry(in[0], in[1], in[2])
	if err != nil {
		return nil, err
	}
	x, w := in[0], in[1]
	out, err := newTensor(x.DType(), outShape(x.Shape()[0], w.Shape()[0], axes)...)
	if err != nil {
		return nil, err
	}
	var bias []T
	if in[2] != nil {
		bias = tensor.Values[T](in[2])
	}
	convolve(tensor.Values[T](out), tensor.Values[T](x), tensor.Values[T](w), bias, x.Shape()[0], x.Shape()[1], w.Shape()[0], c.groups, axes, c.threads)
	return out, nil
}

// geometry checks the operands of a convolution and resolves its axes.
func (c convAttrs) geometry(x, w, bias *tensor.Tensor) ([]axisWindow, error) {
	if x.Rank() < 3 || w.Rank() != x.Rank() {
		return nil, fmt.Errorf("%v by %v: want [N,C,spatial] and [K,C/group,spatial]", x, w)
	}
	k := w.Shape()[0]
	if x.Shape()[1] != w.Shape()[1]*c.groups || k%c.groups != 0 || bias != nil && bias.Len() != k {
		return nil, fmt.Errorf("%v by %v with group %d: channels do not match", x, w, c.groups)
	}
	return c.window.resolve(x.Shape()[2:], w.Shape()[2:])
}

// convolve is the plain direct convolution over [N,C,spatial], one output plane
// at a time.
func convolve[T number](out, x, w, bias []T, n, c, k, groups int, axes []axisWindow, threads int) {
	cg, kg := c/groups, k/groups
	plane, area, size := sizes(axes)
	parallel(threads, n*k, 1, func(lo, hi int) {
		for p := lo; p < hi; p++ {
			b, o := p/k, p%k
			dst := out[p*area : (p+1)*area]
			if bias != nil {
				for i := range dst {
					dst[i] = bias[o]
				}
			}
			for ci := range cg {
				convolvePlane(dst, x[(b*c+o/kg*cg+ci)*plane:][:plane], w[(o*cg+ci)*size:][:size], axes)
			}
		}
	})
}

// convolvePlane adds src convolved by w to dst, axis by axis.
func convolvePlane[T number](dst, src, w []T, axes []axisWindow) {
	a := axes[0]
	if len(axes) == 1 {
		for k, f := range w {
			lo, hi := a.reach(k)
			if lo >= hi || f == 0 {
				continue
			}
			i := lo*a.stride + k*a.dilation - a.before
			for o := lo; o < hi; o, i = o+1, i+a.stride {
				dst[o] += f * src[i]
			}
		}
		return
	}
	in, out, size := sizes(axes[1:])
	for k := range a.size {
		lo, hi := a.reach(k)
		for o := lo; o < hi; o++ {
			i := o*a.stride + k*a.dilation - a.before
			convolvePlane(dst[o*out:(o+1)*out], src[i*in:(i+1)*in], w[k*size:(k+1)*size], axes[1:])
		}
	}
}
