package onnx

import (
	"context"
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func ExampleSession_RunValues() {
	s, err := NewSession(valuesModel(), nil) // takes the last element off a sequence
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := SequenceOf(tensor.Of([]float32{1, 2}, 2), tensor.Of([]float32{3}, 1))
	outs, err := s.RunValues(context.Background(), map[string]Value{"s": rows, "o": None()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(outs["shorter"], outs["has"].Tensor().Data(), outs["same"])
	// Output: sequence(float32[2]) [false] optional()
}
