package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	lifters["MaxPool"], lifters["AveragePool"] = liftMaxPool, liftAveragePool
	lifters["LpPool"], floatOnly["LpPool"] = liftLpPool, true
}

// pooling is the graph's pooling over one, two and three axes.
type pooling struct {
	one, two func(*graph.Node, graph.PoolOptions) *graph.Node
	three    func(*graph.Node, graph.Pool3DOptions) *graph.Node
	countPad bool
	outside  *float64 // what padding holds; nil where it does not count
}

func liftMaxPool(c *lifting) error {
	if len(c.st.outs) > 1 && c.st.outs[1] >= 0 {
		if !c.train {
			return errLift // the host's kernel gives them at once
		}
		return c.indexedMaxPool()
	}
	least := math.Inf(-1)
	return c.pool(pooling{one: graph.MaxPool1D, two: graph.MaxPool2D, three: graph.MaxPool3D, outside: &least})
}

func liftAveragePool(c *lifting) error {
	p := pooling{one: graph.AvgPool1D, two: graph.AvgPool2D, three: graph.AvgPool3D}
	if p.countPad = c.call.flag("count_include_pad", false); p.countPad {
		p.outside = new(float64)
	}
	return c.pool(p)
}

func liftLpPool(c *lifting) error {
	p := float32(c.call.int("p", 2))
	return c.pool(pooling{outside: new(float64),
		one:   func(x *graph.Node, o graph.PoolOptions) *graph.Node { return graph.LpPool1D(x, p, o) },
		two:   func(x *graph.Node, o graph.PoolOptions) *graph.Node { return graph.LpPool2D(x, p, o) },
		three: func(x *graph.Node, o graph.Pool3DOptions) *graph.Node { return graph.LpPool3D(x, p, o) }})
}

// pool applies p to windows of one to three axes.
func (c *lifting) pool(p pooling) error {
	a, beyond, err := c.windows(convert[int](c.call.ints("kernel_shape")))
	if err != nil {
		return err
	}
	// The graph's poolings take less padding than the window is wide, and one kind:
	// elements are put around the input where there must be more, and where the
	// padding counts but what lies behind it does not.
	apart := false
	for i, w := range a {
		apart = apart || max(w.before, w.after+beyond[i]) >= w.size || p.countPad && beyond[i] > 0
	}
	if apart && p.outside == nil {
		return noForm("padding as wide as the window")
	}
	return c.channelwise(func(x *graph.Node) *graph.Node {
		before, after := make([]int, x.Rank()), make([]int, x.Rank())
		for i := range a {
			if apart {
				before[1+i], after[1+i] = a[i].before, a[i].after
				a[i].before, a[i].after = 0, 0
			}
			a[i].after += beyond[i]
		}
		if apart {
			x, p.countPad = graph.Pad(x, before, after, *p.outside), false
		}
		switch len(a) {
		case 1:
			return p.one(x, graph.PoolOptions{Size: a[0].size, Stride: a[0].stride, Dilation: a[0].dilation, CountPad: p.countPad,
				Pads: [4]int{2: a[0].before, 3: a[0].after}})
		case 2:
			return p.two(x, graph.PoolOptions{Sizes: [2]int{a[0].size, a[1].size}, Strides: [2]int{a[0].stride, a[1].stride}, CountPad: p.countPad,
				Dilations: [2]int{a[0].dilation, a[1].dilation}, Pads: [4]int{a[0].before, a[0].after, a[1].before, a[1].after}})
		}
		return p.three(x, graph.Pool3DOptions{Sizes: [3]int{a[0].size, a[1].size, a[2].size}, Strides: [3]int{a[0].stride, a[1].stride, a[2].stride},
			Dilations: [3]int{a[0].dilation, a[1].dilation, a[2].dilation}, CountPad: p.countPad,
			Pads: [6]int{a[0].before, a[0].after, a[1].before, a[1].after, a[2].before, a[2].after}})
	})
}
