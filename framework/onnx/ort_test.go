package onnx

import (
	"testing"

	"github.com/macaw-ai/macaw/framework/onnx/onnxruntime"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ort runs m in onnxruntime and skips the test where that is not installed.
func ort(t *testing.T, m *Model, inputs map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	t.Helper()
	outs, err := onnxruntime.Run(t, m.Marshal(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	return outs
}
