package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"InstanceNormalization": liftInstanceNorm, "GroupNormalization": liftGroupNorm, "MeanVarianceNormalization": liftMVN,
		"LpNormalization": liftLpNorm, "LRN": liftLRN, "GlobalLpPool": liftGlobalLpPool,
	} {
		lifters[name], floatOnly[name] = f, true
	}
}

// trailing brings a vector in front of n axes of length 1.
func trailing(v *graph.Node, n int) *graph.Node {
	return graph.Reshape(v, append(graph.Shape{v.Dim(0)}, slices.Repeat(graph.Shape{graph.Const(1)}, n)...)...)
}

// perChannel brings a vector [C] beside x [N,C,...].
func perChannel(v *graph.Node, rank int) *graph.Node { return trailing(v, rank-2) }

// axesFrom lists the axes from first up to n.
func axesFrom(first, n int) []int {
	var axes []int
	for a := first; a < n; a++ {
		axes = append(axes, a)
	}
	return axes
}

func liftInstanceNorm(c *lifting) error {
	if c.in[0].rank() < 3 {
		return errLift
	}
	return c.channelwise(func(x *graph.Node) *graph.Node {
		return graph.InstanceNorm(x, c.arg(1), c.arg(2), c.number("epsilon", 1e-5))
	})
}

// liftGroupNorm scales each channel; before opset 21 each group.
func liftGroupNorm(c *lifting) error {
	groups := int(c.call.int("num_groups", 0))
	shape := c.in[0].shape()
	if len(shape) < 2 {
		return errLift
	}
	channels, ok := shape[1].Known()
	if !ok || groups < 1 || channels%groups != 0 {
		return noForm("%d groups of %v channels", groups, shape[1])
	}
	gamma, beta := c.arg(1), c.arg(2)
	if c.call.version < 21 {
		gamma, beta = graph.Repeat(gamma, 0, channels/groups), graph.Repeat(beta, 0, channels/groups)
	}
	return c.channelwise(func(x *graph.Node) *graph.Node {
		return graph.GroupNorm(x, gamma, beta, groups, c.number("epsilon", 1e-5))
	})
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
		return c.set(graph.Div(x, graph.Unsqueeze(graph.L1Norm(x, axis), axis)))
	}
	return c.set(graph.Normalize(x, axis, 0))
}

func liftLRN(c *lifting) error {
	size := int(c.call.int("size", 0))
	if c.in[0].rank() < 2 || size < 1 {
		return errLift
	}
	return c.channelwise(func(x *graph.Node) *graph.Node {
		return graph.LocalResponseNorm(x, graph.LocalResponseOptions{Size: size, Alpha: c.number("alpha", 1e-4), Beta: c.number("beta", 0.75),
			K: c.number("bias", 1), Given: true})
	})
}

func liftGlobalLpPool(c *lifting) error {
	x, p := c.arg(0), float32(c.call.int("p", 2))
	axes := axesFrom(2, x.Rank())
	var y *graph.Node
	switch p {
	case 1:
		y = graph.L1Norm(x, axes...)
	case 2:
		y = graph.L2Norm(x, axes...)
	default:
		power := graph.Pow(graph.Abs(x), graph.Scalar(c.g, p))
		y = graph.Pow(graph.Sum(power, axes...), graph.Scalar(c.g, 1/p))
	}
	return c.set(graph.Unsqueeze(y, axes...))
}
