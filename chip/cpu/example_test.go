package cpu_test

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
)

// A program with one instruction: y = max(x·w + b, 0).
func Example() {
	dev := cpu.New(cpu.Options{Threads: 1})
	x, err := dev.Compile(&chip.Program{
		Values: []chip.Value{
			{DType: chip.Float32, Shape: []int{1, 2}, Kind: chip.Input},
			{DType: chip.Float32, Shape: []int{2, 3}, Kind: chip.Constant, Data: []float32{1, 2, 3, 4, 5, 6}},
			{DType: chip.Float32, Shape: []int{3}, Kind: chip.Constant, Data: []float32{0, -10, -20}},
			{DType: chip.Float32, Shape: []int{1, 3}, Kind: chip.Output},
		},
		Instrs:  []chip.Instr{{Op: &chip.Gemm{Bias: true, Act: chip.ReLU}, Args: []int{0, 1, 2}, Outs: []int{3}}},
		Inputs:  []chip.Slot{{Name: "x", DType: chip.Float32, Shape: []int{1, 2}}},
		Outputs: []chip.Slot{{Name: "y", DType: chip.Float32, Shape: []int{1, 3}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer x.Close()
	wrap := dev.(chip.Wrapper)
	y := make([]float32, 3)
	in, _ := wrap.Wrap([]float32{1, 2})
	out, _ := wrap.Wrap(y)
	err = x.Run([]chip.Buffer{in}, []chip.Buffer{out}, nil)
	fmt.Println(y, err)
	// Output: [9 2 0] <nil>
}
