package quant

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
)

func TestAffine(t *testing.T) {
	for _, c := range []struct {
		r    Range
		want graph.Affine
	}{
		{Range{-1, 4.1}, graph.Affine{Scale: 5.1 / 255, Zero: 50}},
		{Range{1, 2.55}, graph.Affine{Scale: 0.01, Zero: 0}},
		{Range{-2.55, -1}, graph.Affine{Scale: 0.01, Zero: 255}},
		{Range{0, 0}, graph.Affine{Scale: 1}},
	} {
		if got := c.r.Affine(); got.Zero != c.want.Zero || math.Abs(float64(got.Scale/c.want.Scale-1)) > 1e-6 {
			t.Errorf("%v gives %v, want %v", c.r, got, c.want)
		}
	}
}

// bell draws n normal numbers, half of them cut to 0 by a ReLU, and one outlier.
func bell(relu bool, n int, outlier float32) []float32 {
	r, v := rand.New(rand.NewPCG(1, 2)), make([]float32, n)
	for i := range v {
		if v[i] = float32(r.NormFloat64()); relu {
			v[i] = max(v[i], 0)
		}
	}
	v[0] = outlier
	return v
}

// squared is the mean squared error of rounding v on the grid of r.
func squared(v []float32, r Range) (sum float64) {
	a := r.Affine()
	for _, x := range v {
		q := min(max(math.RoundToEven(float64(x/a.Scale))+float64(a.Zero), 0), 255)
		d := float64(x) - (q-float64(a.Zero))*float64(a.Scale)
		sum += d * d / float64(len(v))
	}
	return sum
}

func observed(t *testing.T, v []float32, c Calibration) Range {
	t.Helper()
	r, err := observe(1, c, func(yield func([][]float32) bool) error {
		yield([][]float32{v})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r[0]
}

// TestMethods: an outlier of 40 among 100 000 normal numbers wastes nine tenths
// of the grid. Percentile and Entropy leave it out; MSE weighs its square
// against the rounding of the others.
func TestMethods(t *testing.T) {
	for _, relu := range []bool{false, true} {
		v := bell(relu, 100_000, 40)
		all := observed(t, v, Calibration{})
		if all.Hi != 40 || all.Lo != slices.Min(v) {
			t.Errorf("the extremes are %v", all)
		}
		for _, method := range []Method{Percentile, Entropy} {
			r := observed(t, v, Calibration{Method: method})
			if r.Hi > 20 || r.Hi < 2.5 {
				t.Errorf("ReLU %v, method %d: the range is %v", relu, method, r)
			}
			if !relu && r.Lo > -2.5 {
				t.Errorf("method %d: the range is %v", method, r)
			}
		}
		// The least squared error by searching all upper ends.
		r, least := observed(t, v, Calibration{Method: MSE}), math.Inf(1)
		for hi := float32(1); hi <= 40; hi++ {
			least = min(least, squared(v, Range{r.Lo, hi}))
		}
		if got := squared(v, r); got > 1.1*least || got > squared(v, all) {
			t.Errorf("ReLU %v: the squared error is %v, the least %v, that of the extremes %v", relu, got, least, squared(v, all))
		}
	}
}

func TestPercentileKeeps(t *testing.T) {
	v := make([]float32, 1000)
	for i := range v {
		v[i] = float32(i+1) / 1000
	}
	if r := observed(t, v, Calibration{Method: Percentile, Keep: 0.8}); math.Abs(float64(r.Lo)-0.1) > 0.002 || math.Abs(float64(r.Hi)-0.9) > 0.002 {
		t.Errorf("the range is %v, want 0.1 to 0.9", r)
	}
}

func TestObserveErrors(t *testing.T) {
	once := 0
	for name, c := range map[string]struct {
		method Method
		pass   func(yield func([][]float32) bool) error
	}{
		"no batches": {MinMax, func(func([][]float32) bool) error { return nil }},
		"given once": {MSE, func(yield func([][]float32) bool) error {
			if once++; once == 1 {
				yield([][]float32{{1, 2}})
			}
			return nil
		}},
		"not finite": {MinMax, func(yield func([][]float32) bool) error {
			yield([][]float32{{1, float32(math.Inf(1))}})
			return nil
		}},
		"failing": {MinMax, func(func([][]float32) bool) error { return fmt.Errorf("no disk") }},
	} {
		if _, err := observe(1, Calibration{Method: c.method}, c.pass); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}
