package quant

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Range is the smallest and the largest value that a tensor is to hold.
type Range struct{ Lo, Hi float32 }

// Ranges are the ranges of the activations that layers read, by the name of the
// layer's weight. A second layer with the same weight is called "name#2".
type Ranges map[string]Range

// Affine returns the 8-bit grid over r widened to contain 0, which is exact.
func (r Range) Affine() graph.Affine {
	lo, hi := min(r.Lo, 0), max(r.Hi, 0)
	scale := (hi - lo) / 255
	if !(scale > 0) {
		scale = 1
	}
	zero := math.RoundToEven(float64(-lo / scale))
	return graph.Affine{Scale: scale, Zero: uint8(min(max(zero, 0), 255))}
}

// Options are what Integer and Model share.
type Options struct {
	// ReduceRange limits the integers of weights to -63..63. Runtimes that add
	// two products in 16 bits overflow with -127..127; onnxruntime on x86 without
	// VNNI behaves like that. Nothing here needs it. Training rounds to the full range.
	ReduceRange bool
}

func (o Options) limit() float32 {
	if o.ReduceRange {
		return 63
	}
	return 127
}

// weights quantises w symmetrically per output channel, along axis: the scales
// are max|w|/limit (1 where a channel is zero), the integers round(w/scale).
func weights(w *tensor.Tensor, axis int, limit float32) (q *tensor.Tensor, scales []float32) {
	shape := w.Shape()
	inner := tensor.Size(shape[axis+1:])
	channel := func(i int) int { return i / inner % shape[axis] }
	scales = make([]float32, shape[axis])
	for i, v := range w.Float32s() {
		scales[channel(i)] = max(scales[channel(i)], v, -v)
	}
	for k, s := range scales {
		if scales[k] = s / limit; !(scales[k] > 0) {
			scales[k] = 1
		}
	}
	q = tensor.New(tensor.Int8, shape...)
	for i, v := range w.Float32s() {
		r := math.RoundToEven(float64(v / scales[channel(i)]))
		tensor.Values[int8](q)[i] = int8(min(max(r, float64(-limit)), float64(limit)))
	}
	return q, scales
}

// biases quantises b (nil means zeros) in units of scale·scales[k].
func biases(b []float32, scale float32, scales []float32) []int32 {
	q := make([]int32, len(scales))
	for k := range b {
		const limit = 1 << 30 // half of int32 is the sums'
		v := math.RoundToEven(float64(b[k]) / (float64(scale) * float64(scales[k])))
		q[k] = int32(min(max(v, -limit), limit))
	}
	return q
}
