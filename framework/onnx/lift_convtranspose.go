package onnx

import "github.com/macaw-ai/macaw/framework/graph"

func init() {
	lifters["ConvTranspose"], floatOnly["ConvTranspose"], heavy["ConvTranspose"] = liftConvTranspose, true, true
}

// upWindow is the geometry of one axis of a transposed convolution.
type upWindow struct{ size, stride, dilation, before, after, out int }

// upWindows reads the attributes of ConvTranspose. Where the output's length is
// given or the padding automatic, the padding follows from the sizes, which must
// then be known.
func (c *lifting) upWindows(kernel []int) ([]upWindow, error) {
	w := readWindow(c.call)
	if c.call.err != nil {
		return nil, c.call.err
	}
	n := len(kernel)
	extra, shape := c.call.ints("output_padding"), c.call.ints("output_shape")
	pick := func(v []int64, i, def int) int {
		if i < len(v) {
			return int(v[i])
		}
		return def
	}
	if len(shape) > n {
		shape = shape[len(shape)-n:]
	}
	list := make([]upWindow, n)
	for i := range list {
		u := upWindow{size: kernel[i], stride: pick(w.strides, i, 1), dilation: pick(w.dilations, i, 1), before: pick(w.pads, i, 0),
			after: pick(w.pads, n+i, 0), out: pick(extra, i, 0)}
		auto := w.autoPad == "SAME_UPPER" || w.autoPad == "SAME_LOWER"
		if len(shape) == n || auto {
			in, ok := c.in[0].shape()[2+i].Known()
			if !ok {
				return nil, noForm("its padding depends on sizes, which must be fixed")
			}
			want := in * u.stride
			if len(shape) == n {
				want = int(shape[i])
			}
			total := (in-1)*u.stride + u.out + u.dilation*(u.size-1) + 1 - want
			if total < 0 { // more rows than the filter reaches
				u.out, total = u.out-total, 0
			}
			u.before, u.after = total/2, total-total/2
			if w.autoPad == "SAME_LOWER" || len(shape) == n && !auto && w.autoPad != "SAME_UPPER" {
				u.before, u.after = u.after, u.before
			}
		}
		if u.out > 0 && u.out >= u.stride {
			return nil, noForm("output_padding %d with stride %d", u.out, u.stride)
		}
		list[i] = u
	}
	return list, nil
}

func upOptions(h, w upWindow, groups int) graph.ConvTransposeOptions {
	return graph.ConvTransposeOptions{OutPad: [2]int{h.out, w.out}, ConvOptions: graph.ConvOptions{Strides: [2]int{h.stride, w.stride},
		Dilations: [2]int{h.dilation, w.dilation}, Pads: [4]int{h.before, h.after, w.before, w.after}, Groups: groups}}
}

func liftConvTranspose(c *lifting) error {
	kernel, ok := c.in[1].shape().Known()
	if !ok || len(kernel) < 3 || len(kernel) > 5 || c.in[0].rank() != len(kernel) {
		return errLift
	}
	u, err := c.upWindows(kernel[2:])
	if err != nil {
		return err
	}
	groups := int(c.call.int("group", 1))
	var bias *graph.Node
	if c.has(2) {
		bias = c.arg(2)
	}
	if len(u) == 3 {
		return c.convTranspose3D(u, bias, groups)
	}
	w, err := c.filters(1)
	if err != nil {
		return err
	}
	return c.channelwise(func(x *graph.Node) *graph.Node {
		if len(u) == 1 {
			return graph.ConvTranspose1D(x, w, bias, graph.ConvTransposeOptions{OutPad: [2]int{1: u[0].out}, ConvOptions: graph.ConvOptions{
				Stride: u[0].stride, Dilation: u[0].dilation, Pads: [4]int{2: u[0].before, 3: u[0].after}, Groups: groups}})
		}
		return graph.ConvTranspose2D(x, w, bias, upOptions(u[0], u[1], groups))
	})
}

// convTranspose3D adds, for each tap of the kernel's depth, the transposed
// convolution of the planes, moved to where the tap puts it.
func (c *lifting) convTranspose3D(u []upWindow, bias *graph.Node, groups int) error {
	d := u[0]
	x := graph.Transpose(c.arg(0), 0, 2, 3, 4, 1)
	n, depth := x.Dim(0), x.Dim(1)
	planes := graph.Reshape(x, n.Mul(depth), x.Dim(2), x.Dim(3), x.Dim(4))
	w := graph.Transpose(c.arg(1), 2, 3, 4, 1, 0)
	full := depth.AddInt(-1).MulInt(d.stride).AddInt(d.dilation*(d.size-1) + 1 + d.out)
	var sum *graph.Node
	for k := range d.size {
		y := graph.ConvTranspose2D(planes, element(w, 0, k), nil, upOptions(u[1], u[2], groups))
		y = graph.Reshape(y, n, depth, graph.Const(1), y.Dim(1), y.Dim(2), y.Dim(3))
		y = graph.Pad(y, []int{0, 0, 0, 0, 0, 0}, []int{0, 0, d.stride - 1, 0, 0, 0}, 0)
		y = graph.Reshape(y, n, depth.MulInt(d.stride), y.Dim(3), y.Dim(4), y.Dim(5))
		y = graph.Narrow(y, 1, graph.Const(0), depth.AddInt(-1).MulInt(d.stride).AddInt(1))
		y = graph.Pad(y, []int{0, k * d.dilation, 0, 0, 0}, []int{0, (d.size-1-k)*d.dilation + d.out, 0, 0, 0}, 0)
		if sum == nil {
			sum = y
		} else {
			sum = graph.Add(sum, y)
		}
	}
	sum = graph.Narrow(sum, 1, graph.Const(d.before), full.AddInt(-d.before-d.after))
	if bias != nil {
		sum = graph.Add(sum, bias)
	}
	return c.set(graph.Transpose(sum, 0, 4, 1, 2, 3))
}
