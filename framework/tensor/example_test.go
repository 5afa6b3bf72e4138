package tensor_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Half has 11 bits of precision, BFloat 8 and the range of float32.
func ExampleNewFloat16() {
	for _, v := range []float64{1.001, 70000} {
		fmt.Println(tensor.NewFloat16(v).Float32(), tensor.NewBFloat16(v).Float32())
	}
	// Output:
	// 1.0009766 1
	// +Inf 70144
}
