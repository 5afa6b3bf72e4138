package onnx

import "math"

// filter weighs an element by its distance; it is 0 from reach on.
type filter struct {
	reach  float64
	weight func(distance float64) float64
}

var triangleFilter = filter{1, func(d float64) float64 { return math.Max(0, 1-math.Abs(d)) }}

// cubicFilter is cubic convolution with the free parameter a (Keys 1981).
func cubicFilter(a float64) filter {
	return filter{2, func(d float64) float64 {
		switch d = math.Abs(d); {
		case d <= 1:
			return ((a+2)*d-(a+3))*d*d + 1
		case d < 2:
			return ((a*d-5*a)*d+8*a)*d - 4*a
		}
		return 0
	}}
}

// scaleOfFilter is by how much a filter narrows: not at all, or when shrinking
// with antialiasing by the scale.
func scaleOfFilter(antialias bool, scale float64) float64 {
	if antialias {
		return math.Min(scale, 1)
	}
	return 1
}

// kernelTaps gives the taps of filter f, narrowed by scale (widened below 1), from
// n positions to m. What falls outside counts for the element at the edge, or not
// at all where exclude is set; the weights sum to 1.
func kernelTaps[T float32 | float64](n, m int, scale float64, f filter, exclude bool, at func(i int) float64) []taps[T] {
	out := make([]taps[T], m)
	for i := range out {
		center := at(i)
		from, to := int(math.Floor(center-f.reach/scale))+1, int(math.Ceil(center+f.reach/scale))
		lo, hi := min(max(from, 0), n-1), max(min(to-1, n-1), 0)
		t := taps[T]{lo, make([]T, hi-lo+1)}
		w, total := make([]float64, hi-lo+1), 0.0
		for j := from; j < to; j++ {
			if exclude && (j < 0 || j >= n) {
				continue
			}
			v := f.weight((float64(j) - center) * scale)
			w[min(max(j, 0), n-1)-lo] += v
			total += v
		}
		for j, v := range w {
			t.weights[j] = T(v / total)
		}
		out[i] = t
	}
	return out
}
