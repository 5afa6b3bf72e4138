package onnx

import "fmt"

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

// reach gives the outputs lo ≤ o < hi whose tap k falls inside the input, at
// o·stride + k·dilation - before.
func (a axisWindow) reach(k int) (lo, hi int) {
	off := a.before - k*a.dilation
	return max(0, ceilDiv(off, a.stride)), min(a.out, ceilDiv(a.in+off, a.stride))
}

// taps gives the taps lo ≤ k < hi of output o that fall inside the input, and
// end, where the taps end that fall inside the input or its padding.
func (a axisWindow) taps(o int) (lo, hi, end int) {
	off := a.before - o*a.stride
	return max(0, ceilDiv(off, a.dilation)), max(0, min(a.size, ceilDiv(a.in+off, a.dilation))),
		max(0, min(a.size, ceilDiv(a.in+a.after+off, a.dilation)))
}

// ceilDiv rounds n/d up for positive d; for negative n it gives at most 0.
func ceilDiv(n, d int) int { return (n + d - 1) / d }

// sizes multiplies up the inputs, outputs and taps of axes.
func sizes(axes []axisWindow) (in, out, size int) {
	in, out, size = 1, 1, 1
	for _, a := range axes {
		in, out, size = in*a.in, out*a.out, size*a.size
	}
	return in, out, size
}

// outShape is the shape [n,c,...] of what a window slides over axes to.
func outShape(n, c int, axes []axisWindow) []int {
	shape := []int{n, c}
	for _, a := range axes {
		shape = append(shape, a.out)
	}
	return shape
}
