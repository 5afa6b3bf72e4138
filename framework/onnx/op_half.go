package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// inFloat32 lists the operators that compute on Float16 and BFloat16 in float32
// and round the result, where it has the type. Those that only move elements
// have no need to, and Cast and CastLike round themselves.
var inFloat32 = map[string]bool{}

func init() {
	for _, op := range []string{
		"Add", "Sub", "Mul", "Div", "Pow", "Mod", "Max", "Min", "Sum", "Mean", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual",
		"Sqrt", "Exp", "Log", "Tanh", "Sigmoid", "Erf", "Sin", "Cos", "Tan", "Atan", "Asin", "Acos", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh",
		"Floor", "Ceil", "Round", "Reciprocal", "Softplus", "Softsign", "Mish", "HardSwish", "Abs", "Neg", "Sign", "Relu", "Gelu", "LeakyRelu",
		"Elu", "Selu", "Celu", "HardSigmoid", "ThresholdedRelu", "Shrink", "PRelu", "IsNaN", "IsInf", "Clip", "Softmax", "LogSoftmax", "Hardmax",
		"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum",
		"ReduceLogSumExp", "ArgMax", "ArgMin", "TopK", "CumSum", "MatMul", "Gemm", "Conv", "ConvTranspose", "MaxPool", "AveragePool",
		"GlobalAveragePool", "GlobalMaxPool", "BatchNormalization", "LayerNormalization", "InstanceNormalization", "LpNormalization", "LRN",
		"Resize", "Upsample", "Range",
		"GroupNormalization", "MeanVarianceNormalization", "Det", "Col2Im", "GridSample", "AffineGrid", "RoiAlign", "MaxRoiPool",
	} {
		inFloat32[op] = true
	}
	resultTypes["LayerNormalization"] = func(_ *call, in []tensor.DType) []tensor.DType {
		return []tensor.DType{in[0], tensor.Float32, tensor.Float32}
	}
}

func isHalf(dt tensor.DType) bool { return dt == tensor.Half || dt == tensor.BFloat }

// roundHalf runs k on float32 in the place of Float16 and BFloat16 and gives the
// results the types that the operator has for the inputs.
func roundHalf(n *call, k kernel) kernel {
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		if !slices.ContainsFunc(in, func(t *tensor.Tensor) bool { return t != nil && isHalf(t.DType()) }) {
			return k(ctx, in)
		}
		types, wide := make([]tensor.DType, len(in)), slices.Clone(in)
		half := tensor.DType(0)
		for i, t := range in {
			if t == nil {
				continue
			}
			types[i] = t.DType()
			if !isHalf(types[i]) {
				continue
			}
			if half != 0 && half != types[i] {
				return nil, fmt.Errorf("inputs differ in type: %v and %v", half, types[i])
			}
			half = types[i]
			var err error
			if wide[i], err = cast(t, tensor.Float32); err != nil {
				return nil, err
			}
		}
		out, err := k(ctx, wide)
		if err != nil {
			return nil, err
		}
		want := n.resultTypes(types, len(out))
		out = slices.Clone(out)
		for i, t := range out {
			if t != nil && t.DType() == tensor.Float32 && i < len(want) && isHalf(want[i]) {
				if out[i], err = cast(t, want[i]); err != nil {
					return nil, err
				}
			}
		}
		return out, nil
	}
}
