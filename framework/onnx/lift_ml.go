package onnx

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"Scaler": liftScaler, "Imputer": liftImputer, "Normalizer": liftNormalizer, "LinearRegressor": liftLinearRegressor,
	} {
		name = MLDomain + "." + name
		lifters[name], floatOnly[name], forTraining[name] = f, true, true
	}
}

// columns is a list with one number, or one for each column of the first input.
func (c *lifting) columns(v []float32) (*graph.Node, error) {
	shape := c.in[0].shape()
	if len(shape) == 0 || len(v) > 1 && !shape[len(shape)-1].Is(len(v)) {
		return nil, noForm("%d columns for %v", len(v), shape)
	}
	return c.g.Const(tensor.Of(v, len(v))), nil
}

func liftScaler(c *lifting) error {
	offset, err := c.columns(c.call.floats("offset"))
	if err != nil {
		return err
	}
	scale, err := c.columns(c.call.floats("scale"))
	if err != nil {
		return err
	}
	return c.set(graph.Mul(graph.Sub(c.arg(0), offset), scale))
}

// liftImputer puts numbers in place of a marker, to which no gradient goes back.
func liftImputer(c *lifting) error {
	imputed, err := c.columns(c.call.floats("imputed_value_floats"))
	if err != nil {
		return err
	}
	x, marker := c.arg(0), c.number("replaced_value_float", math.NaN())
	missing := graph.IsNaN(x)
	if marker == marker { // no NaN
		missing = graph.Eq(x, graph.Scalar(c.g, marker))
	}
	return c.set(graph.Where(missing, imputed, x))
}

// liftNormalizer leaves rows whose norm is 0.
func liftNormalizer(c *lifting) error {
	x := c.arg(0)
	if x.Rank() < 1 || x.Rank() > 2 {
		return noForm("rows of %v", x.Shape())
	}
	var norm *graph.Node
	switch c.call.str("norm", "MAX") {
	case "L1":
		norm = graph.L1Norm(x, -1)
	case "L2":
		norm = graph.L2Norm(x, -1)
	default:
		norm = graph.ReduceMax(x, -1)
	}
	some := graph.Ne(norm, graph.Scalar(c.g, 0))
	return c.set(graph.Div(x, graph.Unsqueeze(graph.Where(some, norm, graph.Scalar(c.g, 1)), -1)))
}

func liftLinearRegressor(c *lifting) error {
	n := *c.call
	a := readAffine(&n, int(c.call.int("targets", 1)))
	if n.err != nil {
		return n.err
	}
	x := c.arg(0)
	if x.Rank() == 1 {
		x = graph.Unsqueeze(x, 0)
	}
	if x.Rank() != 2 || !x.Dim(1).Is(a.features) {
		return noForm("%v with %d features", x.Shape(), a.features)
	}
	y := graph.MatMulT(x, c.g.Const(tensor.Of(a.w, a.targets, a.features)), false, true)
	if len(a.b) > 0 {
		y = graph.Add(y, c.g.Const(tensor.Of(a.b, a.targets)))
	}
	switch post := c.call.str("post_transform", "NONE"); post {
	case "NONE":
	case "LOGISTIC":
		y = graph.Sigmoid(y)
	case "SOFTMAX":
		y = graph.Softmax(y)
	default:
		return noForm("post_transform %s", post)
	}
	return c.set(y)
}
