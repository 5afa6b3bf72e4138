package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"Tile": liftTile, "DepthToSpace": liftDepthToSpace, "SpaceToDepth": func(c *lifting) error { return c.blocked(graph.SpaceToDepth) }, "ConstantOfShape": liftConstantOfShape,
		"Range": liftRange, "GatherElements": liftGatherElements, "GatherND": liftGatherND, "CumSum": liftCumSum, "Trilu": liftTrilu,
		"OneHot": liftOneHot, "CastLike": liftCastLike, "ReverseSequence": liftReverseSequence, "EyeLike": liftEyeLike,
		"Compress": liftCompress, "Hardmax": liftHardmax, "Mod": liftMod, "Upsample": liftResize,
	} {
		lifters[name] = f
	}
	floatOnly["DepthToSpace"], floatOnly["SpaceToDepth"], floatOnly["CumSum"], floatOnly["Trilu"] = true, true, true, true
}

func liftTile(c *lifting) error {
	repeats, err := c.dims(1)
	if err != nil {
		return err
	}
	if len(repeats) != c.in[0].rank() {
		return noForm("%d repeats for %v", len(repeats), c.in[0].shape())
	}
	return c.set(graph.TileDims(c.arg(0), repeats...))
}

// blocked applies f to the image with the size of its blocks.
func (c *lifting) blocked(f func(x *graph.Node, r int) *graph.Node) error {
	size := int(c.call.int("blocksize", 0))
	if c.in[0].rank() != 4 || size < 1 {
		return errLift
	}
	return c.setLast(f(c.channelsLast(c.in[0]), size))
}

func liftDepthToSpace(c *lifting) error {
	if c.call.str("mode", "DCR") == "CRD" {
		return c.blocked(graph.PixelShuffle)
	}
	return c.blocked(graph.DepthToSpace)
}

func liftConstantOfShape(c *lifting) error {
	dims, err := c.dims(0)
	if err != nil {
		return err
	}
	value := tensor.Scalar(float32(0))
	if t := c.call.tensor("value"); t != nil && t.Len() == 1 {
		value = t.Reshape()
	}
	return c.set(graph.Broadcast(c.g.Const(value), dims...))
}

// liftRange counts between sizes by a known step; whole numbers may be floats.
func liftRange(c *lifting) error {
	var v [3]graph.Dim
	dtype := tensor.Int64
	for i := range v {
		s, err := sizeValues(c.in[i])
		if err != nil {
			return noForm("its length depends on values")
		}
		if dtype = s.dtype; len(s.values) != 1 || s.values[0].den != 1 {
			return noForm("a range by fractions of sizes")
		}
		v[i] = s.values[0].num
	}
	start, limit := v[0], v[1]
	by, ok := v[2].Known()
	if !ok || by == 0 {
		return noForm("a step of %v", v[2])
	}
	length := limit.Sub(start).AddInt(by - 1).Div(graph.Const(by))
	if by < 0 {
		length = start.Sub(limit).AddInt(-by - 1).Div(graph.Const(-by))
	}
	x := graph.Positions(c.g, length)
	if by != 1 {
		x = graph.Mul(x, c.g.Const(tensor.Scalar(int64(by))))
	}
	if !start.Is(0) {
		x = graph.Add(x, graph.IntSize(c.g, start))
	}
	return c.set(graph.Cast(x, dtype))
}

func liftGatherElements(c *lifting) error {
	return c.set(graph.GatherElements(c.arg(0), c.arg(1), int(c.call.int("axis", 0))))
}

func liftGatherND(c *lifting) error {
	return c.set(graph.GatherND(c.arg(0), c.arg(1), int(c.call.int("batch_dims", 0))))
}

func liftCumSum(c *lifting) error {
	axis, err := c.vals(1)
	if err != nil || len(axis) != 1 {
		return errLift
	}
	at, err := axisOf(axis[0], c.in[0].rank())
	if err != nil {
		return err
	}
	return c.set(graph.CumSum(c.arg(0), at, graph.CumSumOptions{Exclusive: c.call.flag("exclusive", false), Reverse: c.call.flag("reverse", false)}))
}

func liftTrilu(c *lifting) error {
	k, err := c.vals(1)
	if err != nil || len(k) > 1 {
		return errLift
	}
	k = append(k, 0)
	offset := int(max(-maxOutput, min(maxOutput, k[0])))
	if c.call.flag("upper", true) {
		return c.set(graph.Triu(c.arg(0), offset))
	}
	return c.set(graph.Tril(c.arg(0), offset))
}

func liftOneHot(c *lifting) error {
	depth := c.in[1].fixed
	if depth == nil || depth.Len() != 1 || c.in[2].rank() != 1 || !c.in[2].shape()[0].Is(2) {
		return errLift
	}
	wide, err := cast(depth, tensor.Int64)
	if err != nil {
		return err
	}
	n := graph.Const(int(wide.Int64s()[0]))
	index := graph.WrapIndex(graph.Cast(c.arg(0), tensor.Int64), n)
	axis, err := axisOf(c.call.int("axis", -1), index.Rank()+1)
	if err != nil {
		return err
	}
	hit := graph.Eq(graph.Unsqueeze(index, axis), graph.PositionsAlong(c.g, n, axis, index.Rank()+1))
	values := c.arg(2)
	return c.set(graph.Where(hit, element(values, 0, 1), element(values, 0, 0)))
}

// element is what stands at a place of an axis, which vanishes.
func element(x *graph.Node, axis, at int) *graph.Node {
	return graph.Squeeze(graph.Slice(x, axis, at, at+1), axis)
}

func liftCastLike(c *lifting) error {
	return c.set(graph.Cast(c.arg(0), c.in[1].dtype()))
}

func liftEyeLike(c *lifting) error {
	to := c.call.dtype("dtype", c.in[0].dtype())
	s := c.in[0].shape()
	if len(s) != 2 {
		return errLift
	}
	at := graph.Add(graph.PositionsAlong(c.g, s[0], 0, 2), c.g.Const(tensor.Scalar(c.call.int("k", 0))))
	return c.set(graph.Cast(graph.Eq(at, graph.PositionsAlong(c.g, s[1], 1, 2)), to))
}

// liftReverseSequence gathers each sequence from its length downwards.
func liftReverseSequence(c *lifting) error {
	x, batch := c.arg(0), int(c.call.int("batch_axis", 1))
	if batch > 1 || batch < 0 || x.Rank() < 2 {
		return errLift
	}
	time := 1 - batch
	n := x.Dim(time)
	lens := graph.Unsqueeze(graph.Cast(c.arg(1), tensor.Int64), time)
	at := graph.PositionsAlong(c.g, n, time, 2)
	back := graph.Sub(graph.Sub(lens, c.g.Const(tensor.Scalar(int64(1)))), at)
	index := graph.Where(graph.Lt(at, lens), back, at)
	index = graph.Mul(index, graph.IntSize(c.g, map[bool]graph.Dim{true: x.Dim(1), false: graph.Const(1)}[time == 0]))
	other := graph.Mul(graph.PositionsAlong(c.g, x.Dim(batch), batch, 2), graph.IntSize(c.g, map[bool]graph.Dim{true: x.Dim(1), false: graph.Const(1)}[batch == 0]))
	rows := graph.Reshape(x, append(graph.Shape{x.Shape()[:2].Size()}, x.Shape()[2:]...)...)
	return c.set(graph.Gather(rows, graph.Add(index, other), 0))
}

// liftCompress takes what a known condition chooses.
func liftCompress(c *lifting) error {
	if c.in[1].fixed == nil {
		return noForm("what it keeps depends on values")
	}
	var keep []int64
	for i, yes := range tensor.Values[bool](c.in[1].fixed) {
		if yes {
			keep = append(keep, int64(i))
		}
	}
	index := c.g.Const(tensor.Of(keep, len(keep)))
	x := c.arg(0)
	if !c.call.has("axis") {
		return c.set(graph.Gather(graph.Reshape(x, graph.Const(-1)), index, 0))
	}
	axis, err := axisOf(c.call.int("axis", 0), x.Rank())
	if err != nil {
		return err
	}
	return c.set(graph.Gather(x, index, axis))
}

// liftHardmax is 1 at the first maximum; before opset 13 of all axes from axis on.
func liftHardmax(c *lifting) error {
	x := c.arg(0)
	axis, joint, err := c.classAxis()
	if err != nil {
		return err
	}
	if x.Dim(axis).Is(0) {
		return c.set(x)
	}
	hard := func(x *graph.Node, axis int) *graph.Node {
		at := graph.Unsqueeze(graph.ArgMax(x, axis), axis)
		return graph.Cast(graph.Eq(at, graph.PositionsAlong(c.g, x.Dim(axis), axis, x.Rank())), tensor.Float32)
	}
	if joint {
		return c.set(graph.Reshape(hard(graph.Flatten(x, axis), axis), x.Shape()...))
	}
	return c.set(hard(x, axis))
}

// liftMod is the remainder of floats, which has the dividend's sign.
func liftMod(c *lifting) error {
	if c.in[0].dtype() != tensor.Float32 {
		if c.call.flag("fmod", false) {
			return noForm("fmod of integers")
		}
		return liftBinary(graph.Mod)(c)
	}
	return liftBinary(func(a, b *graph.Node) *graph.Node {
		q := graph.Div(a, b)
		whole := graph.Mul(graph.Sign(q), graph.Floor(graph.Abs(q)))
		return graph.Sub(a, graph.Mul(graph.StopGradient(whole), b))
	})(c)
}
