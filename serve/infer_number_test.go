package serve

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestElementTypes reads each type's largest number, writes it again and refuses
// the next.
func TestElementTypes(t *testing.T) {
	for _, c := range []struct {
		dt        tensor.DType
		in, above string
		want      *tensor.Tensor
	}{
		{tensor.Int16, `[-32768,32767]`, `[1,32768]`, tensor.Of([]int16{-32768, 32767}, 2)},
		{tensor.Uint16, `[0,65535]`, `[1,-1]`, tensor.Of([]uint16{0, 65535}, 2)},
		{tensor.Uint32, `[0,4294967295]`, `[1,4294967296]`, tensor.Of([]uint32{0, math.MaxUint32}, 2)},
		{tensor.Uint64, `[0,18446744073709551615]`, `[1,18446744073709551616]`, tensor.Of([]uint64{0, math.MaxUint64}, 2)},
		{tensor.Half, `[-0.5,65504]`, `[1,65520]`, tensor.Of([]tensor.Float16{tensor.NewFloat16(-0.5), tensor.NewFloat16(65504)}, 2)},
		{tensor.BFloat, `[-0.5,1.5]`, `[1,3.4e38]`, tensor.Of([]tensor.BFloat16{tensor.NewBFloat16(-0.5), tensor.NewBFloat16(1.5)}, 2)},
		{tensor.Float64, `[-0.5,1e+300]`, `[1,1e309]`, tensor.Of([]float64{-0.5, 1e300}, 2)},
	} {
		got, err := parseTensor(json.RawMessage(c.in), c.dt, []int{2})
		if err != nil || !tensor.Equal(got, c.want) {
			t.Errorf("%v: %v, %v", c.dt, got, err)
			continue
		}
		if out, err := json.Marshal(jsonData(got)); err != nil || string(out) != c.in {
			t.Errorf("%v: written %s, %v; want %s", c.dt, out, err, c.in)
		}
		if got, err := parseTensor(json.RawMessage(c.above), c.dt, []int{2}); err == nil {
			t.Errorf("%v: %s was read as %v", c.dt, c.above, got.Data())
		}
		if datatypes[c.dt] == "" {
			t.Errorf("%v has no name in the protocol", c.dt)
		}
	}
}

func TestNumbersThatAreNotFiniteAreNull(t *testing.T) {
	nan := math.NaN()
	for _, v := range []*tensor.Tensor{
		tensor.Of([]float64{nan, 1}, 2), tensor.Of([]float32{float32(nan), 1}, 2),
		tensor.Of([]tensor.Float16{tensor.NewFloat16(math.Inf(1)), tensor.NewFloat16(1)}, 2),
		tensor.Of([]tensor.BFloat16{tensor.NewBFloat16(nan), tensor.NewBFloat16(1)}, 2),
	} {
		if out, err := json.Marshal(jsonData(v)); err != nil || string(out) != `[null,1]` {
			t.Errorf("%v: %s, %v", v, out, err)
		}
	}
}
