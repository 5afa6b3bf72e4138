package tutorial_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func Example_tensors() {
	x := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3) // keeps the slice, does not copy it
	fmt.Println(x, x.Rank(), x.Len())
	fmt.Println(x.Float32s()[1*3+2]) // row 1, column 2

	y := x.Reshape(3, -1) // shares the elements
	z := x.Clone()        // has its own
	x.Float32s()[0] = 10
	fmt.Println(y, y.Float32s()[0], z.Float32s()[0])

	labels := tensor.Of([]int64{0, 2}, 2)
	rounded := tensor.Of([]tensor.BFloat16{tensor.NewBFloat16(3.14159)}, 1)
	fmt.Println(labels, rounded, tensor.Values[tensor.BFloat16](rounded)[0].Float32(), tensor.Scalar(float32(1)))
	// Output:
	// float32[2 3] 2 6
	// 6
	// float32[3 2] 10 1
	// int64[2] bfloat16[1] 3.140625 float32[]
}
