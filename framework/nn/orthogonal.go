package nn

import (
	"math"
	"math/rand/v2"
)

// LeCunNormal draws from N(0, 1/fan_in), for SELU networks among others.
// Source: LeCun et al. 1998, "Efficient BackProp", §4.6; Klambauer et al. 2017.
func LeCunNormal(values []float32, dims []int, r *rand.Rand) {
	in, _ := fans(dims)
	normal(values, math.Sqrt(1/in), r)
}

// Orthogonal makes a weight, taken as a matrix of fan in rows and as many
// columns as its last dimension, gain times one with orthonormal columns, or
// rows where these are fewer. Source: Saxe et al. 2014, arXiv:1312.6120.
func Orthogonal(gain float32) Initialiser {
	return func(values []float32, dims []int, r *rand.Rand) {
		columns := 1
		if len(dims) > 0 {
			columns = dims[len(dims)-1]
		}
		if columns == 0 || len(values) == 0 {
			return
		}
		rows := len(values) / columns
		count, length := columns, rows // vectors, and their length
		at := func(v, i int) int { return i*columns + v }
		if rows < columns {
			count, length = rows, columns
			at = func(v, i int) int { return v*columns + i }
		}
		for v, vector := range orthonormal(count, length, r) {
			for i, x := range vector {
				values[at(v, i)] = gain * float32(x)
			}
		}
	}
}

// orthonormal draws vectors evenly from the sphere and takes off each what it
// has in common with those before, twice against rounding (Gram and Schmidt).
func orthonormal(count, length int, r *rand.Rand) [][]float64 {
	vectors := make([][]float64, count)
	for v := range vectors {
		x := make([]float64, length)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		for range 2 {
			for _, before := range vectors[:v] {
				d := dot(x, before)
				for i := range x {
					x[i] -= d * before[i]
				}
			}
			size := math.Sqrt(dot(x, x))
			for i := range x {
				x[i] /= size
			}
		}
		vectors[v] = x
	}
	return vectors
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
