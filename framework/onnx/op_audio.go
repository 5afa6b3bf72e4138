package onnx

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"HannWindow":      {1, 1, func(n *call) kernel { return compileCosineWindow(n, 0.5, 0.5, 0) }},
	"HammingWindow":   {1, 1, func(n *call) kernel { return compileCosineWindow(n, 25.0/46, 21.0/46, 0) }},
	"BlackmanWindow":  {1, 1, func(n *call) kernel { return compileCosineWindow(n, 0.42, 0.5, 0.08) }},
	"MelWeightMatrix": {5, 5, compileMelWeights},
})

func init() {
	for _, op := range []string{"HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix"} {
		resultTypes[op] = attrType("output_datatype", tensor.Float32)
	}
}

// compileCosineWindow is w[n] = a0 - a1·cos(2πn/N) + a2·cos(4πn/N) over size
// points, N being size when periodic and size-1 else, which makes it symmetric.
func compileCosineWindow(n *call, a0, a1, a2 float64) kernel {
	dt, periodic := n.dtype("output_datatype", tensor.Float32), n.flag("periodic", true)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		size, err := oneInt64("the size", in[0])
		if err != nil {
			return nil, err
		}
		dims, err := toDims([]int64{size})
		if err != nil {
			return nil, err
		}
		if err := checkShape(dims); err != nil {
			return nil, err
		}
		period := float64(dims[0])
		if !periodic {
			period--
		}
		out := make([]float64, dims[0])
		for i := range out {
			angle := 0.0
			if period > 0 {
				angle = 2 * math.Pi * float64(i) / period
			}
			out[i] = a0 - a1*math.Cos(angle) + a2*math.Cos(2*angle)
		}
		return cast(tensor.Of(out, dims...), dt)
	})
}

// compileMelWeights makes the matrix [dft_length/2+1, num_mel_bins] that turns a
// spectrum into mel bins: triangles whose corners are evenly spaced between the
// two edges in mel = 2595·log10(1 + hertz/700).
func compileMelWeights(n *call) kernel {
	dt := n.dtype("output_datatype", tensor.Float32)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		var v [5]float64 // bins, dft_length, sample_rate, lower and upper edge
		for i, t := range in {
			wide, err := cast(t, tensor.Float64)
			if err != nil {
				return nil, err
			}
			if v[i], err = scalarOf(wide, 0.0); err != nil {
				return nil, err
			}
		}
		bins, length, rate := v[0], v[1], v[2]
		if !(bins >= 1 && bins <= maxOutput && length >= 1 && length <= maxOutput && rate > 0 && v[3] >= 0 && v[4] >= v[3]) {
			return nil, fmt.Errorf("bins, length, sample rate and edges %v are out of range", v)
		}
		rows, columns := int(length)/2+1, int(bins)
		if err := checkShape([]int{rows, columns}); err != nil {
			return nil, err
		}
		corners, err := melCorners(columns, length, rate, v[3], v[4])
		if err != nil {
			return nil, err
		}
		if top := corners[len(corners)-1]; top > rows {
			return nil, fmt.Errorf("the upper edge %v is above half the sample rate %v", v[4], rate)
		}
		return cast(tensor.Of(melTriangles(corners, rows, columns), rows, columns), dt)
	})
}

// melCorners gives the spectrum positions of the corners of all triangles: the
// i-th has i, i+1 and i+2.
func melCorners(bins int, length, rate, low, high float64) ([]int, error) {
	mel := func(hertz float64) float64 { return 2595 * math.Log10(1+hertz/700) }
	from, step := mel(low), (mel(high)-mel(low))/float64(bins+2)
	out := make([]int, bins+2)
	for i := range out {
		hertz := 700 * (math.Pow(10, (from+float64(i)*step)/2595) - 1)
		at := math.Floor((length + 1) * hertz / rate)
		if !(at >= 0 && at <= maxOutput) {
			return nil, fmt.Errorf("the edges %v and %v are out of range", low, high)
		}
		out[i] = int(at)
	}
	return out, nil
}

// melTriangles rises from 0 at the first corner to 1 at the second and falls to 0
// at the third.
func melTriangles(corners []int, rows, columns int) []float64 {
	out := make([]float64, rows*columns)
	for c := range columns {
		lo, mid, hi := corners[c], corners[c+1], corners[c+2]
		for r := lo; r <= mid && r < rows; r++ {
			if mid == lo {
				out[r*columns+c] = 1
			} else {
				out[r*columns+c] = float64(r-lo) / float64(mid-lo)
			}
		}
		for r := mid; r < hi && r < rows; r++ {
			out[r*columns+c] = float64(hi-r) / float64(hi-mid)
		}
	}
	return out
}
