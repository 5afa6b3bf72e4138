package quant

import (
	"fmt"
	"iter"
	"math"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Method is how a range is chosen from the values that were seen.
type Method uint8

const (
	MinMax     Method = iota // all values
	Percentile               // all but outliers
	MSE                      // least squared error of rounding and clipping
	Entropy                  // least Kullback-Leibler divergence (Migacz 2017, "8-bit inference with TensorRT")
)

// Calibration configures Calibrate. The zero value takes minimum and maximum.
type Calibration struct {
	Method Method
	// Keep is the share of values that Percentile keeps, leaving out as many at
	// either end; 0 means 0.9999.
	Keep float64
}

// Calibrate runs batches through the traced graph of outputs and returns the
// ranges of what its layers read. Each batch gives the values of inputs in
// order. All methods but MinMax go through the batches twice.
func Calibrate(dev chip.Device, inputs, outputs []*graph.Node, batches iter.Seq[[]*tensor.Tensor], c Calibration) (Ranges, error) {
	t := trace(outputs)
	if len(t.order) == 0 {
		return nil, fmt.Errorf("calibrate: the graph has no layer to quantise")
	}
	read := make([]*graph.Node, len(t.order))
	for i, n := range t.order {
		read[i] = n.Inputs()[0]
	}
	exec, err := graph.Compile(dev, graph.Program{Inputs: inputs, Outputs: read})
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	defer exec.Close()
	seen, err := observe(len(read), c, func(yield func([][]float32) bool) error {
		for batch := range batches {
			outs, err := exec.Run(batch...)
			if err != nil {
				return err
			}
			values := make([][]float32, len(outs))
			for i, o := range outs {
				values[i] = o.Float32s()
			}
			if !yield(values) {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	ranges := Ranges{}
	for i, n := range t.order {
		ranges[t.names[n]] = seen[i]
	}
	return ranges, nil
}

// observe chooses the ranges of n tensors from all that pass gives, which it
// calls once or twice.
func observe(n int, c Calibration, pass func(yield func([][]float32) bool) error) ([]Range, error) {
	ranges := make([]Range, n)
	for i := range ranges {
		ranges[i] = Range{float32(math.Inf(1)), float32(math.Inf(-1))}
	}
	finite := true
	err := pass(func(values [][]float32) bool {
		for i, vs := range values {
			for _, v := range vs {
				finite = finite && v-v == 0
				ranges[i] = Range{min(ranges[i].Lo, v), max(ranges[i].Hi, v)}
			}
		}
		return finite
	})
	switch {
	case err != nil:
		return nil, err
	case !finite:
		return nil, fmt.Errorf("a value is not finite")
	case n > 0 && ranges[0].Lo > ranges[0].Hi:
		return nil, fmt.Errorf("there are no batches")
	case c.Method == MinMax:
		return ranges, nil
	}
	histograms := make([]*histogram, n)
	for i, r := range ranges {
		histograms[i] = newHistogram(r)
	}
	err = pass(func(values [][]float32) bool {
		for i, vs := range values {
			histograms[i].add(vs)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	for i, h := range histograms {
		if h.total+h.zeros == 0 {
			return nil, fmt.Errorf("the batches are given once only; this method goes through them twice")
		}
		ranges[i] = h.choose(c)
	}
	return ranges, nil
}
