package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"RMSNormalization": liftRMSNorm, "RotaryEmbedding": liftRotary, "Attention": liftAttention,
	} {
		lifters[name], floatOnly[name] = f, true
	}
	forTraining["RotaryEmbedding"], forTraining["Attention"] = true, true
}

func liftRMSNorm(c *lifting) error {
	x := c.arg(0)
	axis, err := axisOf(c.call.int("axis", -1), x.Rank())
	if err != nil {
		return err
	}
	square := graph.MeanKeep(graph.Square(x), axesFrom(axis, x.Rank())...)
	rms := graph.Rsqrt(graph.AddScalar(square, c.call.float("epsilon", 1e-5)))
	return c.set(graph.Mul(graph.Mul(x, rms), c.arg(1)))
}

// liftRotary turns pairs of the last axis; see compileRotary for the shapes.
func liftRotary(c *lifting) error {
	x, heads := c.arg(0), int(c.call.int("num_heads", 0))
	shape := x.Shape()
	place := 1 // of the heads, along which the angles repeat
	if len(shape) == 3 {
		if heads < 1 {
			return noForm("heads within the last axis without num_heads")
		}
		x, place = graph.Reshape(x, shape[0], shape[1], graph.Const(heads), shape[2].Div(graph.Const(heads))), 2
	}
	if x.Rank() != 4 {
		return noForm("an operand of shape %v", shape)
	}
	size, ok := x.Dim(3).Known()
	if !ok {
		return noForm("heads of %v elements", x.Dim(3))
	}
	turned := size
	if n := int(c.call.int("rotary_embedding_dim", 0)); n > 0 {
		turned = n
	}
	angle := func(i int) *graph.Node {
		v := c.arg(i)
		if c.has(3) {
			v = graph.Gather(v, c.arg(3), 0)
		}
		return graph.Unsqueeze(v, place)
	}
	cos, sin := angle(1), angle(2)
	pairs := turned / 2
	part := graph.Slice(x, 3, 0, turned)
	pick := func(i int) *graph.Node { return graph.Slice(part, 3, i*pairs, (i+1)*pairs) }
	if c.call.flag("interleaved", false) {
		pick = func(i int) *graph.Node { return graph.Stride(part, 3, i, 2) }
	}
	p, q := pick(0), pick(1)
	first := graph.Sub(graph.Mul(p, cos), graph.Mul(q, sin))
	second := graph.Add(graph.Mul(p, sin), graph.Mul(q, cos))
	y := graph.Concat(3, first, second)
	if c.call.flag("interleaved", false) {
		y = graph.Reshape(graph.Stack(4, first, second), part.Shape()...)
	}
	if turned < size {
		y = graph.Concat(3, y, graph.Slice(x, 3, turned, size))
	}
	return c.set(graph.Reshape(y, shape...))
}

// headsApart views [B,S,H·D] as [B,H,S,D] and leaves what has four axes.
func headsApart(x *graph.Node, heads int) (*graph.Node, error) {
	if x.Rank() == 4 {
		return x, nil
	}
	if x.Rank() != 3 || heads < 1 {
		return nil, noForm("%v with %d heads", x.Shape(), heads)
	}
	n := graph.Const(heads)
	return graph.Transpose(graph.Reshape(x, x.Dim(0), x.Dim(1), n, x.Dim(2).Div(n)), 0, 2, 1, 3), nil
}

// liftAttention spells out compileAttention's formula.
func liftAttention(c *lifting) error {
	heads := []int{int(c.call.int("q_num_heads", 0)), int(c.call.int("kv_num_heads", 0)), int(c.call.int("kv_num_heads", 0))}
	var in [3]*graph.Node
	for i := range in {
		var err error
		if in[i], err = headsApart(c.arg(i), heads[i]); err != nil {
			return err
		}
	}
	past := graph.Const(0)
	for i := range 2 {
		if c.has(4 + i) {
			old := c.arg(4 + i)
			past, in[1+i] = old.Dim(2), graph.Concat(2, old, in[1+i])
		}
	}
	q, k, v := in[0], in[1], in[2]
	groups := k.Dim(1)
	share := q.Dim(1).Div(groups) // of the query heads that a key head serves
	apart := func(x *graph.Node) *graph.Node { return graph.Unsqueeze(x, 2) }
	grouped := graph.Reshape(q, q.Dim(0), groups, share, q.Dim(2), q.Dim(3))
	size, ok := q.Dim(3).Known()
	if !ok {
		return noForm("heads of %v elements", q.Dim(3))
	}
	scale := c.call.float("scale", 0)
	if scale == 0 {
		scale = float32(1 / math.Sqrt(float64(size)))
	}
	all := graph.Shape{q.Dim(0), q.Dim(1), q.Dim(2), k.Dim(2)}
	scores := graph.MulScalar(graph.Reshape(graph.MatMulT(grouped, apart(k), false, true), all...), scale)
	raw := scores
	if limit := c.call.float("softcap", 0); limit > 0 {
		scores = graph.MulScalar(graph.Tanh(graph.MulScalar(scores, 1/limit)), limit)
	}
	away := graph.Scalar(c.g, float32(math.Inf(-1)))
	if c.has(3) {
		if mask := c.arg(3); mask.DType() == tensor.Bool {
			scores = graph.Where(mask, scores, away)
		} else {
			scores = graph.Add(scores, mask)
		}
	}
	if c.call.flag("is_causal", false) {
		last := graph.Add(graph.PositionsAlong(c.g, q.Dim(2), 0, 2), graph.IntSize(c.g, past))
		scores = graph.Where(graph.Le(graph.PositionsAlong(c.g, k.Dim(2), 1, 2), last), scores, away)
	}
	weights := graph.Softmax(scores)
	if c.call.int("qk_matmul_output_mode", 0) == 3 {
		raw = weights
	}
	split := graph.Reshape(weights, q.Dim(0), groups, share, q.Dim(2), k.Dim(2))
	y := graph.Reshape(graph.MatMul(split, apart(v)), q.Dim(0), q.Dim(1), q.Dim(2), v.Dim(3))
	if c.in[0].rank() == 3 {
		y = graph.Reshape(graph.Transpose(y, 0, 2, 1, 3), q.Dim(0), q.Dim(2), q.Dim(1).Mul(v.Dim(3)))
	}
	return c.putAll([]*lifted{{plain: y}, {plain: k}, {plain: v}, {plain: raw}})
}
