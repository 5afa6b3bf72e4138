package onnx

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"RandomNormal":      {0, 0, compileRandom},
	"RandomUniform":     {0, 0, compileRandom},
	"RandomNormalLike":  {1, 1, compileRandom},
	"RandomUniformLike": {1, 1, compileRandom},
	"Bernoulli":         {1, 1, compileBernoulli},
	"Multinomial":       {1, 1, compileMultinomial},
})

func init() {
	for name, def := range map[string]tensor.DType{"RandomNormal": tensor.Float32, "RandomUniform": tensor.Float32, "Multinomial": tensor.Int32,
		"RandomNormalLike": 0, "RandomUniformLike": 0, "Bernoulli": 0} {
		resultTypes[name] = attrType("dtype", def)
	}
}

// compileRandom draws from the normal distribution of the attributes mean and
// scale, or evenly from low to high, in the shape of the attribute or of the
// input. Types are float32, float64, float16 and bfloat16.
func compileRandom(n *call) kernel {
	var one func(r *rand.Rand) float64
	switch n.node.OpType {
	case "RandomNormal", "RandomNormalLike":
		mean, scale := float64(n.float("mean", 0)), float64(n.float("scale", 1))
		one = func(r *rand.Rand) float64 { return mean + scale*r.NormFloat64() }
	default:
		low, high := float64(n.float("low", 0)), float64(n.float("high", 1))
		one = func(r *rand.Rand) float64 { return low + (high-low)*float64(r.Float32()) }
	}
	draw, like := n.source(n.floatSeed()), n.node.OpType[len(n.node.OpType)-4:] == "Like"
	dims := convert[int](n.ints("shape"))
	if !like && !n.has("shape") {
		n.fail("attribute shape is missing")
	}
	def := tensor.Float32
	if like {
		def = 0
	}
	to := n.dtype("dtype", def)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		shape, to := dims, to
		if like {
			shape = in[0].Shape()
			if to == 0 {
				to = in[0].DType()
			}
		}
		if to != tensor.Float64 && to != tensor.Float32 && !isHalf(to) {
			return nil, fmt.Errorf("attribute dtype: element type %v is not supported", to)
		}
		t, err := newTensor(tensor.Float64, shape...)
		if err != nil {
			return nil, fmt.Errorf("attribute shape: %w", err)
		}
		r, v := draw.next(), tensor.Values[float64](t)
		for i := range v {
			v[i] = one(r)
		}
		return cast(t, to)
	})
}

// compileBernoulli gives 1 with the probability that an element is, else 0.
func compileBernoulli(n *call) kernel {
	draw, to := n.source(n.floatSeed()), n.dtype("dtype", 0)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if dt := in[0].DType(); dt != tensor.Float32 && dt != tensor.Float64 && !isHalf(dt) {
			return nil, errType(in[0])
		}
		p, err := cast(in[0], tensor.Float64)
		if err != nil {
			return nil, err
		}
		r := draw.next()
		out := mapped(p, func(p float64) float64 {
			if r.Float64() < p {
				return 1
			}
			return 0
		})
		if to == 0 {
			return cast(out, in[0].DType())
		}
		return cast(out, to)
	})
}

// compileMultinomial draws sample_size classes for each row of x [N,C], which
// holds logarithms of probabilities up to a summand of the row.
func compileMultinomial(n *call) kernel {
	draw, samples, to := n.source(n.floatSeed()), n.int("sample_size", 1), n.dtype("dtype", tensor.Int32)
	if samples < 1 || samples > maxOutput {
		n.fail("attribute sample_size = %d is out of range", samples)
	}
	if to != tensor.Int32 && to != tensor.Int64 {
		n.fail("attribute dtype must be int32 or int64")
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if in[0].Rank() != 2 || in[0].Shape()[1] == 0 {
			return nil, fmt.Errorf("want [N,C], got %v", in[0])
		}
		x, err := cast(in[0], tensor.Float64)
		if err != nil {
			return nil, err
		}
		rows, classes := x.Shape()[0], x.Shape()[1]
		t, err := newTensor(tensor.Int64, rows, int(samples))
		if err != nil {
			return nil, fmt.Errorf("attribute sample_size: %w", err)
		}
		out, r := t.Int64s(), draw.next()
		upTo := make([]float64, classes) // sums of probabilities
		for row := range rows {
			v := tensor.Values[float64](x)[row*classes : (row+1)*classes]
			top, total := slices.Max(v), 0.0
			for c, l := range v {
				total += math.Exp(l - top)
				upTo[c] = total
			}
			if !(total > 0) || math.IsInf(total, 0) {
				return nil, fmt.Errorf("row %d has no class that is possible", row)
			}
			for s := range int(samples) {
				at, _ := slices.BinarySearchFunc(upTo, r.Float64()*total, func(sum, u float64) int {
					if sum <= u {
						return -1
					}
					return 1
				})
				out[row*int(samples)+s] = int64(min(at, classes-1))
			}
		}
		return cast(t, to)
	})
}
