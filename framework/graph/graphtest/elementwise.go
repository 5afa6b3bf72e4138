package graphtest

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// elementwise are functions of the broadcast operands.
var elementwise = map[string]func(v []float64) float64{
	"Add":       func(v []float64) float64 { return v[0] + v[1] },
	"Sub":       func(v []float64) float64 { return v[0] - v[1] },
	"Mul":       func(v []float64) float64 { return v[0] * v[1] },
	"Div":       func(v []float64) float64 { return v[0] / v[1] },
	"Max":       func(v []float64) float64 { return max(v[0], v[1]) },
	"Min":       func(v []float64) float64 { return min(v[0], v[1]) },
	"Pow":       func(v []float64) float64 { return math.Pow(v[0], v[1]) },
	"Mod":       func(v []float64) float64 { return v[0] - v[1]*math.Floor(v[0]/v[1]) },
	"Eq":        func(v []float64) float64 { return truth(v[0] == v[1]) },
	"Ne":        func(v []float64) float64 { return truth(v[0] != v[1]) },
	"Lt":        func(v []float64) float64 { return truth(v[0] < v[1]) },
	"Le":        func(v []float64) float64 { return truth(v[0] <= v[1]) },
	"And":       func(v []float64) float64 { return truth(v[0] != 0 && v[1] != 0) },
	"Or":        func(v []float64) float64 { return truth(v[0] != 0 || v[1] != 0) },
	"Not":       func(v []float64) float64 { return truth(v[0] == 0) },
	"IsNaN":     func(v []float64) float64 { return truth(math.IsNaN(v[0])) },
	"Neg":       func(v []float64) float64 { return -v[0] },
	"Abs":       func(v []float64) float64 { return math.Abs(v[0]) },
	"Exp":       func(v []float64) float64 { return math.Exp(v[0]) },
	"Log":       func(v []float64) float64 { return math.Log(v[0]) },
	"Sqrt":      func(v []float64) float64 { return math.Sqrt(v[0]) },
	"Rsqrt":     func(v []float64) float64 { return 1 / math.Sqrt(v[0]) },
	"Recip":     func(v []float64) float64 { return 1 / v[0] },
	"Erf":       func(v []float64) float64 { return math.Erf(v[0]) },
	"NormalCDF": func(v []float64) float64 { return math.Erfc(-v[0]/math.Sqrt2) / 2 },
	"Sin":       func(v []float64) float64 { return math.Sin(v[0]) },
	"Cos":       func(v []float64) float64 { return math.Cos(v[0]) },
	"Floor":     func(v []float64) float64 { return math.Floor(v[0]) },
	"Ceil":      func(v []float64) float64 { return math.Ceil(v[0]) },
	"Round":     func(v []float64) float64 { return math.RoundToEven(v[0]) },
	"Tanh":      func(v []float64) float64 { return math.Tanh(v[0]) },
	"Sigmoid":   func(v []float64) float64 { return sigmoid(v[0]) },
	"SiLU":      func(v []float64) float64 { return v[0] / (1 + math.Exp(-v[0])) },
	"GELU":      func(v []float64) float64 { return v[0] * (1 + math.Erf(v[0]/math.Sqrt2)) / 2 },
	"Softplus":  func(v []float64) float64 { return math.Log(1 + math.Exp(v[0])) },
	"Relu":      func(v []float64) float64 { return max(v[0], 0) },
	"Sign": func(v []float64) float64 {
		switch {
		case v[0] > 0:
			return 1
		case v[0] < 0:
			return -1
		}
		return 0
	},
	"Where": func(v []float64) float64 {
		if v[0] != 0 {
			return v[1]
		}
		return v[2]
	},
	"Broadcast": func(v []float64) float64 { return v[0] },

	"Atan":  func(v []float64) float64 { return math.Atan(v[0]) },
	"Asinh": func(v []float64) float64 { return math.Asinh(v[0]) },
	"Log1p": func(v []float64) float64 { return math.Log1p(v[0]) },
	"Expm1": func(v []float64) float64 { return math.Expm1(v[0]) },
}

func init() {
	for name, f := range elementwise {
		rules[name] = func(in *Interpreter, n *graph.Node, args []Array) Array {
			v := make([]float64, len(args))
			truncates := name == "Div" && n.DType() != tensor.Float32 // integers
			return build(in.shape(n.Shape()), func(index []int) float64 {
				for i, a := range args {
					v[i] = a.get(index...)
				}
				if truncates {
					return math.Trunc(f(v))
				}
				return f(v)
			})
		}
	}
	rules["Cast"] = func(_ *Interpreter, n *graph.Node, args []Array) Array {
		return build(args[0].Shape, func(index []int) float64 { return cast(args[0].get(index...), n.DType()) })
	}
}

func cast(v float64, to tensor.DType) float64 {
	switch to {
	case tensor.Bool:
		return truth(v != 0)
	case tensor.BFloat:
		return float64(tensor.NewBFloat16(v).Float32())
	case tensor.Uint8:
		return math.Trunc(min(max(v, 0), 255))
	case tensor.Int64, tensor.Int32:
		return math.Trunc(v)
	}
	return v
}
