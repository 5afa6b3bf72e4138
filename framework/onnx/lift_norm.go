package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"InstanceNormalization": liftInstanceNorm, "GroupNormalization": liftGroupNorm, "MeanVarianceNormalization": liftMVN,
		"LpNormalization": liftLpNorm, "LRN": liftLRN, "LpPool": liftLpPool, "GlobalLpPool": liftGlobalLpPool,
	} {
		lifters[name], floatOnly[name] = f, true
	}
	for name, keep := range map[string]func(*graph.Node, ...int) *graph.Node{
		"ReduceL1":     func(x *graph.Node, axes ...int) *graph.Node { return graph.SumKeep(graph.Abs(x), axes...) },
		"ReduceLogSum": func(x *graph.Node, axes ...int) *graph.Node { return graph.Log(graph.SumKeep(x, axes...)) },
		"ReduceLogSumExp": func(x *graph.Node, axes ...int) *graph.Node {
			most := graph.StopGradient(graph.ReduceMaxKeep(x, axes...))
			return graph.Add(graph.Log(graph.SumKeep(graph.Exp(graph.Sub(x, most)), axes...)), most)
		},
	} {
		lifters[name], floatOnly[name] = func(c *lifting) error { return liftReduce(c, nil, keep) }, true
	}
	lifters["ReduceProd"], floatOnly["ReduceProd"] = func(c *lifting) error {
		return liftReduce(c, nil, func(x *graph.Node, axes ...int) *graph.Node {
			kept := slices.Clone(x.Shape())
			for _, a := range axes {
				kept[a] = graph.Const(1)
			}
			return graph.Reshape(graph.ReduceProd(x, axes...), kept...)
		})
	}, true
}

// standardised is (x-mean)/sqrt(variance+eps) over axes.
func standardised(x *graph.Node, eps float32, axes ...int) *graph.Node {
	centred := graph.Sub(x, graph.MeanKeep(x, axes...))
	return graph.Mul(centred, graph.Rsqrt(graph.AddScalar(graph.MeanKeep(graph.Square(centred), axes...), eps)))
}

// perChannel brings a vector [C] beside x [N,C,...].
func perChannel(v *graph.Node, rank int) *graph.Node {
	shape := graph.Shape{v.Dim(0)}
	for range rank - 2 {
		shape = append(shape, graph.Const(1))
	}
	return graph.Reshape(v, shape...)
}

func from(first, n int) []int {
	var axes []int
	for a := first; a < n; a++ {
		axes = append(axes, a)
	}
	return axes
}

func liftInstanceNorm(c *lifting) error {
	x := c.arg(0)
	if x.Rank() < 3 {
		return errLift
	}
	y := standardised(x, c.number("epsilon", 1e-5), from(2, x.Rank())...)
	return c.set(graph.Add(graph.Mul(y, perChannel(c.arg(1), x.Rank())), perChannel(c.arg(2), x.Rank())))
}

// liftGroupNorm scales each channel; before opset 21 each group.
func liftGroupNorm(c *lifting) error {
	x, groups := c.arg(0), int(c.call.int("num_groups", 0))
	channels, ok := x.Dim(1).Known()
	if x.Rank() < 2 || !ok || groups < 1 || channels%groups != 0 {
		return noForm("%d groups of %v channels", groups, x.Dim(1))
	}
	rest := x.Shape()[2:]
	shape := append(graph.Shape{x.Dim(0), graph.Const(groups), graph.Const(channels / groups)}, rest...)
	y := standardised(graph.Reshape(x, shape...), c.number("epsilon", 1e-5), from(2, x.Rank()+1)...)
	if c.call.version < 21 {
		y = graph.Add(graph.Mul(y, perChannel(c.arg(1), x.Rank()+1)), perChannel(c.arg(2), x.Rank()+1))
		return c.set(graph.Reshape(y, x.Shape()...))
	}
	y = graph.Reshape(y, x.Shape()...)
	return c.set(graph.Add(graph.Mul(y, perChannel(c.arg(1), x.Rank())), perChannel(c.arg(2), x.Rank())))
}

// liftMVN divides by the deviation and 1e-9, as the operator's function body does.
func liftMVN(c *lifting) error {
	x := c.arg(0)
	raw := c.call.ints("axes")
	if !c.call.has("axes") {
		raw = []int64{0, 2, 3}
	}
	axes, err := axesOf(raw, x.Rank())
	if err != nil {
		return err
	}
	centred := graph.Sub(x, graph.MeanKeep(x, axes...))
	deviation := graph.Sqrt(graph.MeanKeep(graph.Square(centred), axes...))
	return c.set(graph.Div(centred, graph.AddScalar(deviation, 1e-9)))
}

func liftLpNorm(c *lifting) error {
	x := c.arg(0)
	axis, err := axisOf(c.call.int("axis", -1), x.Rank())
	if err != nil {
		return err
	}
	if c.call.int("p", 2) == 1 {
		return c.set(graph.Div(x, graph.SumKeep(graph.Abs(x), axis)))
	}
	return c.set(graph.Div(x, graph.Sqrt(graph.SumKeep(graph.Square(x), axis))))
}

// liftLRN sums squares over neighbouring channels as an average pooling of one
// row of channels for each pixel.
func liftLRN(c *lifting) error {
	x, size := c.arg(0), int(c.call.int("size", 0))
	if x.Rank() < 2 || size < 1 {
		return errLift
	}
	alpha, beta, bias := c.number("alpha", 1e-4), c.number("beta", 0.75), c.number("bias", 1)
	before := (size - 1) / 2
	return c.set(channelsAtEnd(x, func(x *graph.Node) *graph.Node {
		rows := graph.Reshape(graph.Square(x), graph.Const(-1), graph.Const(1), x.Dim(-1), graph.Const(1))
		rows = graph.Pad(rows, []int{0, 0, before, 0}, []int{0, 0, size - 1 - before, 0}, 0)
		mean := graph.Reshape(graph.AvgPool2D(rows, graph.PoolOptions{Sizes: [2]int{1, size}, Strides: [2]int{1, 1}}), x.Shape()...)
		return graph.Mul(x, graph.Pow(graph.AddScalar(graph.MulScalar(mean, alpha), bias), graph.Scalar(c.g, -beta)))
	}))
}

// power is |x|^p.
func power(x *graph.Node, p float32) *graph.Node {
	switch p {
	case 1:
		return graph.Abs(x)
	case 2:
		return graph.Square(x)
	}
	return graph.Pow(graph.Abs(x), graph.Scalar(x.Graph(), p))
}

func root(x *graph.Node, p float32) *graph.Node {
	switch p {
	case 1:
		return x
	case 2:
		return graph.Sqrt(x)
	}
	return graph.Pow(x, graph.Scalar(x.Graph(), 1/p))
}

func liftLpPool(c *lifting) error {
	p := float32(c.call.int("p", 2))
	size := 1
	for _, k := range c.call.ints("kernel_shape") {
		size *= int(k)
	}
	return c.pool(func(x *graph.Node, o graph.PoolOptions) *graph.Node {
		o.CountPad = true
		return graph.AvgPool2D(x, o)
	}, func(x *graph.Node) *graph.Node { return power(x, p) }, func(y *graph.Node) *graph.Node { return root(graph.MulScalar(y, float32(size)), p) }, false)
}

func liftGlobalLpPool(c *lifting) error {
	p := float32(c.call.int("p", 2))
	x := c.arg(0)
	return c.set(root(graph.SumKeep(power(x, p), from(2, x.Rank())...), p))
}
