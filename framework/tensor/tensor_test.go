package tensor_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func Example() {
	t := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	column := t.Reshape(-1, 1)
	fmt.Println(t, column, t.Len(), column.Float32s()[5])
	// Output: float32[2 3] float32[6 1] 6 6
}

func TestNewIsZeroed(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.Int32, tensor.Int64, tensor.Uint8, tensor.Int8, tensor.Bool, tensor.String,
		tensor.Int16, tensor.Uint16, tensor.Uint32, tensor.Uint64, tensor.Half, tensor.BFloat} {
		x := tensor.New(dt, 2, 0, 3)
		if x.DType() != dt || x.Len() != 0 || !slices.Equal(x.Shape(), []int{2, 0, 3}) {
			t.Errorf("%v: %v", dt, x)
		}
		y := tensor.New(dt, 3)
		if !tensor.Equal(y, y.Clone()) || y.Rank() != 1 {
			t.Errorf("%v: a clone differs", dt)
		}
	}
}

func TestCloneAndReshapeShare(t *testing.T) {
	x := tensor.Of([]int64{1, 2, 3, 4}, 4)
	y, z := x.Clone(), x.Reshape(2, -1)
	x.Int64s()[0] = 9
	if y.Int64s()[0] != 1 || z.Int64s()[0] != 9 {
		t.Errorf("clone %v, reshape %v", y.Int64s(), z.Int64s())
	}
}

func TestEqual(t *testing.T) {
	x := tensor.Of([]float32{1, 2}, 2)
	nan := tensor.Of([]float32{float32(math.NaN())}, 1)
	for _, c := range []struct {
		name string
		a, b *tensor.Tensor
		want bool
	}{
		{"same", x, tensor.Of([]float32{1, 2}, 2), true},
		{"value", x, tensor.Of([]float32{1, 3}, 2), false},
		{"shape", x, tensor.Of([]float32{1, 2}, 1, 2), false},
		{"type", x, tensor.Of([]float64{1, 2}, 2), false},
		{"nan", nan, nan, false},
		{"text", tensor.Of([]string{"a"}, 1), tensor.Of([]string{"a"}, 1), true},
	} {
		if got := tensor.Equal(c.a, c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestMisusePanics(t *testing.T) {
	for name, f := range map[string]func(){
		"shape":   func() { tensor.Of([]float32{1}, 2) },
		"type":    func() { tensor.Scalar(int64(1)).Float32s() },
		"reshape": func() { tensor.New(tensor.Float32, 6).Reshape(4, -1) },
		"dtype":   func() { tensor.New(0, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}
