package onnx

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// law says what the outputs of a case that draws random numbers have in common:
// check looks at one run, mean is what each element of output 0 averages to, and
// deviation how much one draw of it differs from that.
type law struct {
	check           func(feeds map[string]Value, outs []*tensor.Tensor) error
	mean, deviation func(feeds map[string]Value) []float64
}

// randomRuns is how often the cases run whose law is tested.
const randomRuns = 2000

// randomLaw gives the law of a case; nil for one whose result is certain.
func randomLaw(name string) *law {
	switch {
	case strings.HasPrefix(name, "test_bernoulli"):
		mean := func(f map[string]Value) []float64 { return doubles(f["x"]) }
		if strings.HasSuffix(name, "_expanded") { // ONNX 1.12 wrote its nodes with Greater in place of Less
			mean = func(f map[string]Value) []float64 {
				return mapValues(doubles(f["x"]), func(p float64) float64 { return 1 - p })
			}
		}
		return &law{bernoulliValues, mean, func(f map[string]Value) []float64 {
			return mapValues(doubles(f["x"]), func(p float64) float64 { return math.Sqrt(p * (1 - p)) })
		}}
	case strings.HasPrefix(name, "test_training_dropout") && !strings.Contains(name, "zero_ratio"):
		return &law{dropoutValues, func(f map[string]Value) []float64 { return doubles(f["x"]) }, func(f map[string]Value) []float64 {
			r := dropoutRatio(f)
			return mapValues(doubles(f["x"]), func(v float64) float64 { return math.Abs(v) * math.Sqrt(r/(1-r)) })
		}}
	}
	return nil
}

func doubles(v Value) []float64 { return tensor.Values[float64](as(v.Tensor(), tensor.Float64)) }

func bernoulliValues(_ map[string]Value, outs []*tensor.Tensor) error {
	for _, v := range doubles(TensorValue(outs[0])) {
		if v != 0 && v != 1 {
			return fmt.Errorf("a draw is %v", v)
		}
	}
	return nil
}

func dropoutRatio(f map[string]Value) float64 {
	if r, ok := f["r"]; ok {
		return doubles(r)[0]
	}
	return 0.5
}

func dropoutValues(feeds map[string]Value, outs []*tensor.Tensor) error {
	x, y := doubles(feeds["x"]), doubles(TensorValue(outs[0]))
	for i, v := range y {
		full := x[i] / (1 - dropoutRatio(feeds))
		kept := math.Abs(v-full) <= 1e-6*math.Abs(full)
		if !kept && v != 0 {
			return fmt.Errorf("element %d is %v, want 0 or %v", i, v, full)
		}
		if len(outs) > 1 && tensor.Values[bool](outs[1])[i] != kept {
			return fmt.Errorf("element %d is %v, the mask says %t", i, v, !kept)
		}
	}
	return nil
}

// runRandomSet compares types and shapes with the stored outputs and many runs
// with the law. Means may be 6 of their standard deviations off.
func runRandomSet(s *Session, set string, l *law) error {
	feeds, want, err := readSet(s, set)
	if err != nil {
		return err
	}
	var sums []float64
	for range randomRuns {
		got, err := s.RunValues(context.Background(), feeds)
		if err != nil {
			return err
		}
		outs := make([]*tensor.Tensor, len(want))
		for i, o := range s.Outputs() {
			outs[i] = got[o.Name].Tensor()
			if fmt.Sprint(outs[i]) != want[i].String() {
				return fmt.Errorf("output %s: got %v, want %v", o.Name, outs[i], want[i])
			}
		}
		if err := l.check(feeds, outs); err != nil {
			return err
		}
		y := doubles(TensorValue(outs[0]))
		if sums == nil {
			sums = make([]float64, len(y))
		}
		for i, v := range y {
			sums[i] += v
		}
	}
	mean, deviation := l.mean(feeds), l.deviation(feeds)
	for i, sum := range sums {
		if got := sum / randomRuns; math.Abs(got-mean[i]) > 6*deviation[i]/math.Sqrt(randomRuns) {
			return fmt.Errorf("element %d averages to %v over %d runs, want %v", i, got, randomRuns, mean[i])
		}
	}
	return nil
}
