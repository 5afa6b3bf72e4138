package onnx

import (
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ai.onnx.ml.LinearRegressor":  {1, 1, compileLinearRegressor},
	"ai.onnx.ml.LinearClassifier": {1, 1, compileLinearClassifier},
	"ai.onnx.ml.Scaler":           {1, 1, compileScaler},
	"ai.onnx.ml.Imputer":          {1, 1, compileImputer},
	"ai.onnx.ml.Normalizer":       {1, 1, compileNormalizer},
})

// affine is x·wᵀ + b for w [targets, features].
type affine struct {
	w, b              []float32
	targets, features int
}

func readAffine(n *call, targets int) affine {
	a := affine{w: n.floats("coefficients"), b: n.floats("intercepts"), targets: targets}
	if targets < 1 || len(a.w) == 0 || len(a.w)%targets != 0 || len(a.b) != 0 && len(a.b) != targets {
		n.fail("%d coefficients and %d intercepts do not suit %d targets", len(a.w), len(a.b), targets)
		return a
	}
	a.features = len(a.w) / targets
	return a
}

// scores returns [rows, targets].
func (a affine) scores(in *tensor.Tensor, threads int) (out []float32, rows int, err error) {
	x, rows, width, err := rowsOf(in, a.features)
	if err == nil && width != a.features {
		err = fmt.Errorf("want %d features, got %v", a.features, in)
	}
	if err != nil {
		return nil, 0, err
	}
	t, err := newTensor(tensor.Float32, rows, a.targets)
	if err != nil {
		return nil, 0, err
	}
	out = t.Float32s()
	parallel(threads, rows, max(1, 1<<14/len(a.w)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			for k := range a.targets {
				acc := 0.0
				for i, w := range a.w[k*width : (k+1)*width] {
					acc += float64(w) * float64(x[r*width+i])
				}
				if len(a.b) > 0 {
					acc += float64(a.b[k])
				}
				out[r*a.targets+k] = float32(acc)
			}
		}
	})
	return out, rows, nil
}

func compileLinearRegressor(n *call) kernel {
	a, after, threads := readAffine(n, int(n.int("targets", 1))), n.transform(), n.threads
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		out, rows, err := a.scores(in[0], threads)
		if err != nil {
			return nil, err
		}
		for r := range rows {
			after(out[r*a.targets : (r+1)*a.targets])
		}
		return tensor.Of(out, rows, a.targets), nil
	})
}

// compileLinearClassifier: with one row of coefficients for two labels the
// score is the second class's and its complement is added.
func compileLinearClassifier(n *call) kernel {
	names, after, threads := n.labels(), n.transform(), n.threads
	post := n.str("post_transform", "NONE")
	targets := names.len()
	if len(n.floats("intercepts")) == 1 && targets == 2 {
		targets = 1
		if post == "PROBIT" {
			n.fail("post_transform PROBIT of one score is not supported")
		}
	}
	a := readAffine(n, max(targets, 1))
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		out, rows, err := a.scores(in[0], threads)
		if err != nil {
			return nil, err
		}
		index := make([]int, rows)
		if a.targets == 1 && names.len() == 2 {
			out = binaryLinear(out, index, post)
		} else {
			for r := range rows {
				s := out[r*a.targets : (r+1)*a.targets]
				index[r] = argMax(s)
				after(s)
			}
		}
		return []*tensor.Tensor{names.tensor(index), tensor.Of(out, rows, names.len())}, nil
	}
}

// binaryLinear spreads single scores over two classes, as onnxruntime does:
// SOFTMAX is not applied.
func binaryLinear(scores []float32, index []int, post string) []float32 {
	out := make([]float32, 2*len(scores))
	for r, s := range scores {
		if s > 0 {
			index[r] = 1
		}
		if post == "LOGISTIC" {
			out[2*r], out[2*r+1] = logistic(-s), logistic(s)
		} else {
			out[2*r], out[2*r+1] = 1-s, s
		}
	}
	return out
}

// perColumn applies f(value, column) to the columns of [N,C].
func perColumn(t *tensor.Tensor, least int, f func(v float32, column int) float32) (*tensor.Tensor, error) {
	x, err := cast(t, tensor.Float32)
	if err != nil {
		return nil, err
	}
	if t.Rank() == 0 {
		return nil, fmt.Errorf("want [N,C], got %v", t)
	}
	width := t.Shape()[t.Rank()-1]
	if least > 1 && width != least {
		return nil, fmt.Errorf("want %d columns, got %v", least, t)
	}
	out := make([]float32, t.Len())
	for i, v := range x.Float32s() {
		out[i] = f(v, i%width)
	}
	return tensor.Of(out, t.Shape()...), nil
}

func at(v []float32, column int) float32 {
	if len(v) == 1 {
		return v[0]
	}
	return v[column]
}

func compileScaler(n *call) kernel {
	offset, scale := n.floats("offset"), n.floats("scale")
	if len(offset) == 0 || len(offset) != len(scale) {
		n.fail("offset and scale are missing or differ in length")
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		return perColumn(in[0], len(offset), func(v float32, c int) float32 { return (v - at(offset, c)) * at(scale, c) })
	})
}

func compileImputer(n *call) kernel {
	floats, ints := n.floats("imputed_value_floats"), n.ints("imputed_value_int64s")
	marker, intMarker := n.float("replaced_value_float", float32(math.NaN())), n.int("replaced_value_int64", 0)
	if len(floats) == 0 && len(ints) == 0 {
		n.fail("the imputed values are missing")
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if in[0].DType() == tensor.Int64 && len(ints) > 0 {
			return imputeInts(in[0], ints, intMarker)
		}
		if len(floats) == 0 || in[0].DType() != tensor.Float32 {
			return nil, errType(in[0])
		}
		return perColumn(in[0], len(floats), func(v float32, c int) float32 {
			if v == marker || v != v && marker != marker {
				return at(floats, c)
			}
			return v
		})
	})
}

func imputeInts(t *tensor.Tensor, values []int64, marker int64) (*tensor.Tensor, error) {
	width := len(values)
	if t.Rank() == 0 || width > 1 && t.Shape()[t.Rank()-1] != width {
		return nil, fmt.Errorf("want %d columns, got %v", width, t)
	}
	out := make([]int64, t.Len())
	for i, v := range t.Int64s() {
		if out[i] = v; v == marker {
			out[i] = values[i%width]
		}
	}
	return tensor.Of(out, t.Shape()...), nil
}

// compileNormalizer divides each row by its largest value, the sum of its
// absolute values or its length; a row whose norm is 0 stays.
func compileNormalizer(n *call) kernel {
	norm := n.choice("norm", "MAX", "L1", "L2")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, rows, width, err := rowsOf(in[0], 0)
		if err != nil {
			return nil, err
		}
		out := make([]float32, len(x))
		for r := range rows {
			row := x[r*width : (r+1)*width]
			total := rowNorm(row, norm)
			for i, v := range row {
				if out[r*width+i] = v; total != 0 {
					out[r*width+i] = float32(float64(v) / total)
				}
			}
		}
		return tensor.Of(out, in[0].Shape()...), nil
	})
}

func rowNorm(row []float32, norm string) float64 {
	total := 0.0
	if norm == "MAX" {
		total = math.Inf(-1)
	}
	for _, v := range row {
		switch norm {
		case "MAX":
			total = math.Max(total, float64(v))
		case "L1":
			total += math.Abs(float64(v))
		case "L2":
			total += square(float64(v))
		}
	}
	if norm == "L2" {
		return math.Sqrt(total)
	}
	return total
}
