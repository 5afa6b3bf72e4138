package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"Tile": liftTile, "DepthToSpace": liftDepthToSpace, "SpaceToDepth": liftSpaceToDepth, "ConstantOfShape": liftConstantOfShape,
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
	x := c.arg(0)
	if len(repeats) != x.Rank() {
		return noForm("%d repeats for %v", len(repeats), x.Shape())
	}
	// [a,b] as [1,a,1,b], broadcast to [r,a,s,b], is the tiled array in order.
	var apart, wide, joined graph.Shape
	for i, d := range x.Shape() {
		apart, wide = append(apart, graph.Const(1), d), append(wide, repeats[i], d)
		joined = append(joined, repeats[i].Mul(d))
	}
	return c.set(graph.Reshape(graph.Broadcast(graph.Reshape(x, apart...), wide...), joined...))
}

// blocks cuts the axes of [N,C,H,W] as DepthToSpace or SpaceToDepth want.
func (c *lifting) blocks() (n, channels, h, w, b graph.Dim, err error) {
	size := int(c.call.int("blocksize", 0))
	s := c.in[0].shape()
	if len(s) != 4 || size < 1 {
		err = errLift
		return
	}
	return s[0], s[1], s[2], s[3], graph.Const(size), nil
}

func liftDepthToSpace(c *lifting) error {
	n, ch, h, w, b, err := c.blocks()
	if err != nil {
		return err
	}
	out := ch.Div(b.Mul(b))
	x := c.arg(0)
	if c.call.str("mode", "DCR") == "CRD" {
		x = graph.Transpose(graph.Reshape(x, n, out, b, b, h, w), 0, 1, 4, 2, 5, 3)
	} else {
		x = graph.Transpose(graph.Reshape(x, n, b, b, out, h, w), 0, 3, 4, 1, 5, 2)
	}
	return c.set(graph.Reshape(x, n, out, h.Mul(b), w.Mul(b)))
}

func liftSpaceToDepth(c *lifting) error {
	n, ch, h, w, b, err := c.blocks()
	if err != nil {
		return err
	}
	x := graph.Transpose(graph.Reshape(c.arg(0), n, ch, h.Div(b), b, w.Div(b), b), 0, 3, 5, 1, 2, 4)
	return c.set(graph.Reshape(x, n, ch.Mul(b).Mul(b), h.Div(b), w.Div(b)))
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

func liftRange(c *lifting) error {
	var v [3]graph.Dim
	for i := range v {
		s, err := sizeValues(c.in[i])
		if err != nil {
			return err
		}
		if s.dtype != tensor.Int64 || len(s.values) != 1 {
			return noForm("a range of %v", s.dtype)
		}
		v[i] = s.values[0].num
	}
	start, limit, step := v[0], v[1], v[2]
	by, ok := step.Known()
	if !ok || by < 1 {
		return noForm("a step of %v", step)
	}
	x := graph.Positions(c.g, limit.Sub(start).AddInt(by-1).Div(step))
	if by != 1 {
		x = graph.Mul(x, c.g.Const(tensor.Scalar(int64(by))))
	}
	if !start.Is(0) {
		x = graph.Add(x, graph.IntSize(c.g, start))
	}
	return c.set(x)
}

// wrapped adds n to the negative ones of an int64 index.
func wrapped(index *graph.Node, n graph.Dim) *graph.Node {
	g := index.Graph()
	return graph.Where(graph.Lt(index, g.Const(tensor.Scalar(int64(0)))), graph.Add(index, graph.IntSize(g, n)), index)
}

func liftGatherElements(c *lifting) error {
	return c.set(graph.GatherElements(c.arg(0), c.arg(1), int(c.call.int("axis", 0))))
}

func liftGatherND(c *lifting) error {
	return c.set(graph.GatherND(c.arg(0), c.arg(1), int(c.call.int("batch_dims", 0))))
}

func liftCumSum(c *lifting) error {
	raw, err := c.vals(1)
	if err != nil || len(raw) != 1 {
		return errLift
	}
	axis, err := axisOf(raw[0], c.arg(0).Rank())
	if err != nil {
		return err
	}
	return c.set(graph.CumSum(c.arg(0), axis, graph.CumSumOptions{Exclusive: c.call.flag("exclusive", false), Reverse: c.call.flag("reverse", false)}))
}

// lastAxis applies f with axis swapped to the end.
func lastAxis(x *graph.Node, axis int, f func(*graph.Node) *graph.Node) *graph.Node {
	if axis == x.Rank()-1 {
		return f(x)
	}
	perm := from(0, x.Rank())
	perm[axis], perm[len(perm)-1] = len(perm)-1, axis
	return graph.Transpose(f(graph.Transpose(x, perm...)), perm...)
}

func liftTrilu(c *lifting) error {
	x := c.arg(0)
	k := int64(0)
	if v, err := c.vals(1); err != nil || len(v) > 1 {
		return errLift
	} else if len(v) == 1 {
		k = v[0]
	}
	rows, columns := graph.PositionsAlong(c.g, x.Dim(-2), 0, 2), graph.PositionsAlong(c.g, x.Dim(-1), 1, 2)
	diagonal := graph.Add(rows, c.g.Const(tensor.Scalar(k)))
	keep := graph.Ge(columns, diagonal)
	if !c.call.flag("upper", true) {
		keep = graph.Le(columns, diagonal)
	}
	return c.set(graph.Where(keep, x, zeros(x)))
}

func liftOneHot(c *lifting) error {
	depth, values := c.in[1].fixed, c.in[2].fixed
	if depth == nil || depth.Len() != 1 || values == nil || values.Len() != 2 || values.DType() == tensor.String {
		return errLift
	}
	wide, err := cast(depth, tensor.Int64)
	if err != nil {
		return err
	}
	n := graph.Const(int(wide.Int64s()[0]))
	index := wrapped(graph.Cast(c.arg(0), tensor.Int64), n)
	axis, err := axisOf(c.call.int("axis", -1), index.Rank()+1)
	if err != nil {
		return err
	}
	hit := graph.Eq(graph.Unsqueeze(index, axis), graph.PositionsAlong(c.g, n, axis, index.Rank()+1))
	off, err := cast(values, values.DType())
	if err != nil {
		return err
	}
	pick := func(i int) *graph.Node { return c.g.Const(slab(off, 0, i, 1).Reshape()) }
	return c.set(graph.Where(hit, pick(1), pick(0)))
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
	def := int64(-1)
	if c.call.version < 13 {
		def = 1
	}
	axis, err := axisOf(c.call.int("axis", def), x.Rank())
	if err != nil {
		return err
	}
	hard := func(x *graph.Node, axis int) *graph.Node {
		at := graph.Unsqueeze(graph.ArgMax(x, axis), axis)
		return graph.Cast(graph.Eq(at, graph.PositionsAlong(c.g, x.Dim(axis), axis, x.Rank())), tensor.Float32)
	}
	if c.call.version < 13 {
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
