package onnx

import (
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
)

var device = cpu.New(cpu.Options{Threads: 2})

func testDevice(t *testing.T) chip.Device { return device }
