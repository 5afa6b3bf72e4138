package safetensors_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/safetensors"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestElementTypes writes each type under its name, little-endian, and reads it
// back.
func TestElementTypes(t *testing.T) {
	for name, c := range map[string]struct {
		t    *tensor.Tensor
		last string // bytes of the last element
	}{
		"F64":  {tensor.Of([]float64{1, -2}, 2), "\x00\x00\x00\x00\x00\x00\x00\xc0"},
		"F32":  {tensor.Of([]float32{1, -2}, 2), "\x00\x00\x00\xc0"},
		"F16":  {tensor.Of([]tensor.Float16{tensor.NewFloat16(1), tensor.NewFloat16(-2)}, 2), "\x00\xc0"},
		"BF16": {tensor.Of([]tensor.BFloat16{tensor.NewBFloat16(1), tensor.NewBFloat16(-2.5)}, 2), "\x20\xc0"},
		"I16":  {tensor.Of([]int16{1, -2}, 2), "\xfe\xff"},
		"U16":  {tensor.Of([]uint16{1, 65534}, 2), "\xfe\xff"},
		"U32":  {tensor.Of([]uint32{1, math.MaxUint32 - 1}, 2), "\xfe\xff\xff\xff"},
		"U64":  {tensor.Of([]uint64{1, math.MaxUint64 - 1}, 2), "\xfe\xff\xff\xff\xff\xff\xff\xff"},
	} {
		raw := encode(t, safetensors.File{Tensors: map[string]*tensor.Tensor{"x": c.t}})
		if !bytes.Contains(raw, []byte(`"dtype":"`+name+`"`)) || !strings.HasSuffix(string(raw), c.last) {
			t.Errorf("%s: written as %q", name, raw)
		}
		got, err := safetensors.Read(bytes.NewReader(raw))
		if err != nil || !tensor.Equal(got.Tensors["x"], c.t) {
			t.Errorf("%s: read %v, %v", name, got.Tensors, err)
		}
	}
}
