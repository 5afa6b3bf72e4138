package onnx

import (
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

func testDevice(t *testing.T) chip.Device { return nil }
