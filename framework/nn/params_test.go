package nn_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestInitialValuesFollowFromName: a layer's values depend on the seed and its
// path, not on the layers made before.
func TestInitialValuesFollowFromName(t *testing.T) {
	a, b, c := nn.NewParams(1), nn.NewParams(1), nn.NewParams(2)
	nn.NewLinear(b.Sub("first"), 3, 3)
	for _, p := range []*nn.Params{a, b, c} {
		nn.NewLinear(p.Sub("fc"), 4, 5)
	}
	va, vb, vc := a.Get("fc/weight").Value(), b.Get("fc/weight").Value(), c.Get("fc/weight").Value()
	if !tensor.Equal(va, vb) {
		t.Error("another layer changed the values")
	}
	if tensor.Equal(va, vc) {
		t.Error("another seed gave the same values")
	}
}

func TestNamesAreUnique(t *testing.T) {
	p := nn.NewParams(1)
	nn.NewLinear(p.Sub("fc"), 2, 2)
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), `"fc/weight"`) {
			t.Errorf("recovered %v", r)
		}
	}()
	nn.NewLinear(p.Sub("fc"), 2, 2)
}

func TestLoad(t *testing.T) {
	src, dst := nn.NewParams(1), nn.NewParams(2)
	for _, p := range []*nn.Params{src, dst} {
		nn.NewLinear(p.Sub("fc"), 4, 5)
		nn.NewBatchNorm(p.Sub("norm"), 5)
	}
	values := src.Tensors()
	if err := dst.Load(values); err != nil {
		t.Fatal(err)
	}
	for name, v := range dst.Tensors() {
		if !tensor.Equal(v, values[name]) {
			t.Errorf("%s was not loaded", name)
		}
	}
	before := dst.Get("fc/weight").Value()
	for name, spoil := range map[string]func(map[string]*tensor.Tensor){
		"missing": func(m map[string]*tensor.Tensor) { delete(m, "norm/var") },
		"shape":   func(m map[string]*tensor.Tensor) { m["norm/var"] = tensor.New(tensor.Float32, 4) },
		"type":    func(m map[string]*tensor.Tensor) { m["norm/var"] = tensor.New(tensor.Int64, 5) },
	} {
		m := nn.NewParams(3)
		nn.NewLinear(m.Sub("fc"), 4, 5)
		nn.NewBatchNorm(m.Sub("norm"), 5)
		bad := m.Tensors()
		spoil(bad)
		if err := dst.Load(bad); err == nil || !strings.Contains(err.Error(), "norm/var") {
			t.Errorf("%s: error %v", name, err)
		}
		if !tensor.Equal(dst.Get("fc/weight").Value(), before) {
			t.Errorf("%s: a refused load changed values", name)
		}
	}
}

// TestInitialisers compares mean and standard deviation with the papers'.
func TestInitialisers(t *testing.T) {
	dims := []int{3, 3, 32, 64} // fan in 288, fan out 576
	cases := []struct {
		name string
		init nn.Initialiser
		std  float64
	}{
		{"HeNormal", nn.HeNormal, math.Sqrt(2.0 / 288)},
		{"HeUniform", nn.HeUniform, math.Sqrt(2.0 / 288)},
		{"GlorotNormal", nn.GlorotNormal, math.Sqrt(2.0 / (288 + 576))},
		{"GlorotUniform", nn.GlorotUniform, math.Sqrt(2.0 / (288 + 576))},
		{"LeCunUniform", nn.LeCunUniform, math.Sqrt(1.0 / (3 * 288))},
		{"Normal", nn.Normal(0.5), 0.5},
		{"TruncatedNormal", nn.TruncatedNormal(0.02), 0.02 * 0.8796},
		{"Zeros", nn.Zeros, 0},
	}
	for _, c := range cases {
		p := nn.NewParams(1)
		v := p.Weight(c.name, c.init, dims...).Value().Float32s()
		var sum, square float64
		for _, x := range v {
			sum += float64(x)
			square += float64(x) * float64(x)
		}
		mean := sum / float64(len(v))
		std := math.Sqrt(square/float64(len(v)) - mean*mean)
		if math.Abs(mean) > 0.03*c.std || math.Abs(std-c.std) > 0.02*c.std {
			t.Errorf("%s: mean %.5f, deviation %.5f; want 0 and %.5f", c.name, mean, std, c.std)
		}
	}
}
