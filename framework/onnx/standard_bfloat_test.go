package onnx

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// bfloatCasts are the cases that ONNX 1.12 made by cutting the lower half of a float32
// off, where the operator sets do not say how Cast rounds and later sets and
// onnxruntime round to nearest, ties to even (github.com/onnx/onnx, issues 3876 and 5004).
var bfloatCasts = map[string]bool{"test_cast_FLOAT_to_BFLOAT16": true, "test_castlike_FLOAT_to_BFLOAT16": true, "test_castlike_FLOAT_to_BFLOAT16_expanded": true}

func isNaNBFloat(v tensor.BFloat16) bool { return math.IsNaN(float64(v.Float32())) }

// roundedCast checks that cut is x cut off, and gives what rounding makes of x.
func roundedCast(x, cut *tensor.Tensor) (Value, error) {
	stored := tensor.Values[tensor.BFloat16](cut)
	out := make([]tensor.BFloat16, len(stored))
	for i, v := range x.Float32s() {
		bits := math.Float32bits(v)
		high, low := tensor.BFloat16(bits>>16), bits&0xffff
		if math.IsNaN(float64(v)) && isNaNBFloat(stored[i]) {
			out[i] = stored[i]
			continue
		}
		if stored[i] != high {
			return Value{}, fmt.Errorf("the case stores %v for %v, which is not cut off", stored[i].Float32(), v)
		}
		if out[i] = high; low > 0x8000 || low == 0x8000 && high&1 == 1 {
			out[i]++
		}
	}
	return TensorValue(tensor.Of(out, cut.Shape()...)), nil
}
