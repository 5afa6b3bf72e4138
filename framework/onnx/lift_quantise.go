package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"QuantizeLinear": liftQuantize, "DequantizeLinear": liftDequantize, "DynamicQuantizeLinear": liftDynamicQuantize,
	} {
		lifters[name], forTraining[name] = f, true
	}
	floatOnly["QuantizeLinear"], floatOnly["DynamicQuantizeLinear"] = true, true
}

// quantised rounds x to the integers of a grid. The gradient is straight-through:
// that of x/scale inside the range and 0 outside.
// Source: Jacob et al. 2018, arXiv:1712.05877, §3.
func quantised(x, scale, zero *graph.Node, to tensor.DType) *lifted {
	bounds := integerRange[to]
	clip := func(x *graph.Node) *graph.Node { return graph.Clip(x, float32(bounds[0]), float32(bounds[1])) }
	v := graph.Div(x, scale)
	whole := graph.StopGradient(clip(graph.Add(graph.Round(v), zero)))
	through := clip(graph.Add(v, zero))
	held := tensor.Int32 // for types that the graph lacks
	if to == tensor.Uint8 {
		held = to
	}
	return &lifted{plain: graph.Cast(whole, held), smooth: graph.Add(whole, graph.Sub(through, graph.StopGradient(through)))}
}

// gridOf gives scale and zero point as they lie over x; without a zero point it is 0.
func (c *lifting) gridOf() (scale, zero *graph.Node, err error) {
	rank := c.in[0].rank()
	spread := func(i int) (*graph.Node, error) {
		v := graph.Cast(c.arg(i), tensor.Float32)
		if v.Shape().Size().Is(1) && v.Rank() <= 1 {
			return graph.Reshape(v), nil
		}
		axis, err := axisOf(c.call.int("axis", 1), rank)
		if err != nil {
			return nil, err
		}
		if block := int(c.call.int("block_size", 0)); block > 0 && v.Rank() == rank {
			return graph.Narrow(graph.Repeat(v, axis, block), axis, graph.Const(0), c.in[0].shape()[axis]), nil
		}
		if v.Rank() != 1 {
			return nil, noForm("scales %v of %v", v.Shape(), c.in[0].shape())
		}
		return trailing(v, rank-1-axis), nil
	}
	if scale, err = spread(1); err != nil {
		return nil, nil, err
	}
	if !c.has(2) {
		return scale, graph.Scalar(c.g, 0), nil
	}
	zero, err = spread(2)
	return scale, zero, err
}

func liftQuantize(c *lifting) error {
	var given tensor.DType
	if c.has(2) {
		given = c.in[2].dtype()
	}
	to, err := quantizedType(c.call, given)
	if err != nil {
		return noForm("%v", err)
	}
	scale, zero, err := c.gridOf()
	if err != nil {
		return err
	}
	return c.put(0, quantised(c.arg(0), scale, zero, to))
}

func liftDequantize(c *lifting) error {
	if to := dequantizedType(c.call, c.in[1].dtype()); to != tensor.Float32 {
		return noForm("dequantising to %v", to)
	}
	scale, zero, err := c.gridOf()
	if err != nil {
		return err
	}
	q := c.in[0].smooth
	if q == nil {
		if dt := c.in[0].dtype(); dt != tensor.Uint8 && dt != tensor.Int32 {
			return noForm("computed values of type %v", dt)
		}
		q = graph.Cast(c.arg(0), tensor.Float32)
	}
	return c.set(graph.Mul(graph.Sub(q, zero), scale))
}

// liftDynamicQuantize takes the range of x, widened to contain 0, as the grid's.
func liftDynamicQuantize(c *lifting) error {
	x, none := c.arg(0), graph.Scalar(c.g, 0)
	fixed := graph.StopGradient(x)
	lo, hi := graph.Min(graph.ReduceMin(fixed), none), graph.Max(graph.ReduceMax(fixed), none)
	scale := graph.MulScalar(graph.Sub(hi, lo), 1./255)
	scale = graph.Where(graph.Gt(scale, none), scale, graph.Scalar(c.g, 1)) // of zeros alone
	zero := graph.Clip(graph.Round(graph.Div(graph.Neg(lo), scale)), 0, 255)
	return c.putAll([]*lifted{quantised(x, scale, zero, tensor.Uint8), {plain: scale}, {plain: graph.Cast(zero, tensor.Uint8)}})
}
