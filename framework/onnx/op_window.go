package onnx

import (
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Conv":        {2, 3, compileConv},
	"MaxPool":     {1, 1, func(n *call) kernel { return compilePool(n, true) }},
	"AveragePool": {1, 1, func(n *call) kernel { return compilePool(n, false) }},
	"GlobalAveragePool": {1, 1, func(*call) kernel {
		return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return globalPool(in[0], false) })
	}},
	"GlobalMaxPool": {1, 1, func(*call) kernel {
		return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return globalPool(in[0], true) })
	}},
})

// windowAttrs are the attributes that convolutions and pools share.
type windowAttrs struct {
	kernel, strides, pads, dilations []int64
	autoPad                          string
	ceil                             bool
}

func readWindow(n *call) windowAttrs {
	w := windowAttrs{
		kernel: n.ints("kernel_shape"), strides: n.ints("strides"), pads: n.ints("pads"), dilations: n.ints("dilations"),
		autoPad: n.choice("auto_pad", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"), ceil: n.flag("ceil_mode", false),
	}
	for _, v := range append(append(append([]int64{}, w.kernel...), w.strides...), w.dilations...) {
		if v < 1 || v > 1<<20 {
			n.fail("kernel_shape, strides and dilations must be positive, got %d", v)
		}
	}
	for _, v := range w.pads {
		if v < 0 || v > 1<<20 {
			n.fail("pads must not be negative, got %d", v)
		}
	}
	return w
}

// window is the geometry along one axis.
type axisWindow struct {
	in, out, size, stride, before, after, dilation int
}

// resolve gives the geometry of each spatial axis of an input of shape [N,C,...].
func (w windowAttrs) resolve(spatial []int, size []int) ([]axisWindow, error) {
	rank := len(spatial)
	for _, v := range [][]int64{w.strides, w.dilations} {
		if v != nil && len(v) != rank {
			return nil, fmt.Errorf("strides or dilations do not match %d spatial axes", rank)
		}
	}
	if w.pads != nil && len(w.pads) != 2*rank || len(size) != rank {
		return nil, fmt.Errorf("pads %v or kernel %v do not match %d spatial axes", w.pads, size, rank)
	}
	out := make([]axisWindow, rank)
	for i := range out {
		a := axisWindow{in: spatial[i], size: size[i], stride: 1, dilation: 1}
		if w.strides != nil {
			a.stride = int(w.strides[i])
		}
		if w.dilations != nil {
			a.dilation = int(w.dilations[i])
		}
		span := a.dilation*(a.size-1) + 1
		switch w.autoPad {
		case "SAME_UPPER", "SAME_LOWER":
			total := max(((a.in+a.stride-1)/a.stride-1)*a.stride+span-a.in, 0)
			a.before, a.after = total/2, total-total/2
			if w.autoPad == "SAME_LOWER" {
				a.before, a.after = a.after, a.before
			}
		case "NOTSET":
			if w.pads != nil {
				a.before, a.after = int(w.pads[i]), int(w.pads[rank+i])
			}
		}
		room := a.in + a.before + a.after - span
		if room < 0 {
			return nil, fmt.Errorf("the window spans %d, the padded input has %d", span, a.in+a.before+a.after)
		}
		a.out = room/a.stride + 1
		if w.ceil && room%a.stride != 0 && a.out*a.stride < a.in+a.before {
			a.out++ // a last window that begins inside the input or its front padding
		}
		out[i] = a
	}
	return out, nil
}

// planar turns the spatial axes of [N,C,L] into [1,L] so that all is 2-D.
func planar(axes []axisWindow) (h, w axisWindow, err error) {
	switch len(axes) {
	case 1:
		return axisWindow{in: 1, out: 1, size: 1, stride: 1, dilation: 1}, axes[0], nil
	case 2:
		return axes[0], axes[1], nil
	}
	return h, w, fmt.Errorf("%d spatial axes are not supported", len(axes))
}

func compileConv(n *call) kernel {
	attrs, groups, threads := readWindow(n), int(n.int("group", 1)), n.threads
	if groups < 1 {
		n.fail("attribute group must be positive")
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if err := floatsOnly(in...); err != nil {
			return nil, err
		}
		x, w := in[0], in[1]
		if x.Rank() < 3 || w.Rank() != x.Rank() {
			return nil, fmt.Errorf("%v by %v: want [N,C,spatial] and [K,C/group,spatial]", x, w)
		}
		axes, err := attrs.resolve(x.Shape()[2:], w.Shape()[2:])
		if err != nil {
			return nil, err
		}
		c, k := x.Shape()[1], w.Shape()[0]
		if c != w.Shape()[1]*groups || k%groups != 0 || in[2] != nil && in[2].Len() != k {
			return nil, fmt.Errorf("%v by %v with group %d: channels do not match", x, w, groups)
		}
		ah, aw, err := planar(axes)
		if err != nil {
			return nil, err
		}
		shape := []int{x.Shape()[0], k}
		for _, a := range axes {
			shape = append(shape, a.out)
		}
		out, err := newTensor(tensor.Float32, shape...)
		if err != nil {
			return nil, err
		}
		var bias []float32
		if in[2] != nil {
			bias = in[2].Float32s()
		}
		convolve(out.Float32s(), x.Float32s(), w.Float32s(), bias, shape[0], c, k, groups, ah, aw, threads)
		return out, nil
	})
}

// convolve is the plain direct convolution over [N,C,H,W], one output plane at a time.
func convolve(out, x, w, bias []float32, n, c, k, groups int, h, v axisWindow, threads int) {
	cg, kg := c/groups, k/groups
	plane, size := h.in*v.in, h.size*v.size
	parallel(threads, n*k, 1, func(lo, hi int) {
		for p := lo; p < hi; p++ {
			b, o := p/k, p%k
			dst := out[p*h.out*v.out : (p+1)*h.out*v.out]
			if bias != nil {
				for i := range dst {
					dst[i] = bias[o]
				}
			}
			for ci := range cg {
				src := x[(b*c+o/kg*cg+ci)*plane:][:plane]
				convolvePlane(dst, src, w[(o*cg+ci)*size:][:size], h, v)
			}
		}
	})
}

func convolvePlane(dst, src, w []float32, h, v axisWindow) {
	for ky := range h.size {
		for kx := range v.size {
			f := w[ky*v.size+kx]
			if f == 0 {
				continue
			}
			for oy := range h.out {
				iy := oy*h.stride + ky*h.dilation - h.before
				if iy < 0 || iy >= h.in {
					continue
				}
				row, acc := src[iy*v.in:(iy+1)*v.in], dst[oy*v.out:(oy+1)*v.out]
				for ox, ix := 0, kx*v.dilation-v.before; ox < v.out; ox, ix = ox+1, ix+v.stride {
					if ix >= 0 && ix < v.in {
						acc[ox] += f * row[ix]
					}
				}
			}
		}
	}
}

func compilePool(n *call, maximum bool) kernel {
	attrs, countPad := readWindow(n), n.flag("count_include_pad", false)
	if attrs.kernel == nil {
		n.fail("attribute kernel_shape is missing")
	}
	if len(n.node.Outputs) > 1 && n.node.Outputs[1] != "" {
		n.fail("the Indices output is not supported")
	}
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		x := in[0]
		if err := floatsOnly(x); err != nil {
			return nil, err
		}
		if x.Rank() < 3 {
			return nil, fmt.Errorf("%v: want [N,C,spatial]", x)
		}
		axes, err := attrs.resolve(x.Shape()[2:], convert[int](attrs.kernel))
		if err != nil {
			return nil, err
		}
		h, w, err := planar(axes)
		if err != nil {
			return nil, err
		}
		shape := []int{x.Shape()[0], x.Shape()[1]}
		for _, a := range axes {
			shape = append(shape, a.out)
		}
		out, err := newTensor(tensor.Float32, shape...)
		if err != nil {
			return nil, err
		}
		for p := range shape[0] * shape[1] {
			poolPlane(out.Float32s()[p*h.out*w.out:], x.Float32s()[p*h.in*w.in:], h, w, maximum, countPad)
		}
		return []*tensor.Tensor{out}, nil
	}
}

func poolPlane(dst, src []float32, h, w axisWindow, maximum, countPad bool) {
	for oy := range h.out {
		for ox := range w.out {
			top, total, count := float32(math.Inf(-1)), 0.0, 0
			for ky := range h.size {
				iy := oy*h.stride + ky*h.dilation - h.before
				for kx := range w.size {
					ix := ox*w.stride + kx*w.dilation - w.before
					if iy < 0 || iy >= h.in || ix < 0 || ix >= w.in {
						if countPad && iy < h.in+h.after && ix < w.in+w.after {
							count++
						}
						continue
					}
					v := src[iy*w.in+ix]
					top, total, count = max(top, v), total+float64(v), count+1
				}
			}
			if maximum {
				dst[oy*w.out+ox] = top
			} else {
				dst[oy*w.out+ox] = float32(total / float64(count))
			}
		}
	}
}

func globalPool(x *tensor.Tensor, maximum bool) (*tensor.Tensor, error) {
	if err := floatsOnly(x); err != nil {
		return nil, err
	}
	if x.Rank() < 3 {
		return nil, fmt.Errorf("%v: want [N,C,spatial]", x)
	}
	axes := make([]int, x.Rank()-2)
	for i := range axes {
		axes[i] = i + 2
	}
	if maximum {
		return reduce(x, axes, true, largest)
	}
	return reduce(x, axes, true, func(v []float64) float64 { return sum(v) / float64(len(v)) })
}
