package cpu

import (
	"math"
)

// vectors are a tier's functions over contiguous float32s. Slices of one call
// have the same length; dst may be one of the sources.
type vectors struct {
	add         func(dst, a, b []float32)                  // a + b
	scale       func(dst, a []float32, s float32)          // a·s
	axpy        func(dst, a []float32, s float32)          // dst + a·s
	mulAdd      func(dst, a, b []float32)                  // dst + a·b
	sum         func(a []float32) float32                  // Σ a
	dot         func(a, b []float32) float32               // Σ a·b
	dots        func(dst, x, w []float32)                  // dst[j] = Σ x·w[j] of the rows w[j], each as long as x
	max         func(a []float32) float32                  // the greatest, NaN if any; -Inf of none
	sqDiff      func(a []float32, mean float32) float32    // Σ (a-mean)²
	shift       func(dst, a []float32, s float32)          // a + s
	standardise func(dst, a []float32, mean, rstd float32) // (a-mean)·rstd
	// expSum writes exp(a - shift) and returns its sum.
	expSum func(dst, a []float32, shift float32) float32
	// normalise writes (a-mean)·rstd·gamma + beta; beta may be nil.
	normalise func(dst, a, gamma, beta []float32, mean, rstd float32)
}

var goVectors = vectors{
	add: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] + b[i]
		}
	},
	scale: func(dst, a []float32, s float32) {
		for i, v := range a[:len(dst)] {
			dst[i] = v * s
		}
	},
	shift: func(dst, a []float32, s float32) {
		for i, v := range a[:len(dst)] {
			dst[i] = v + s
		}
	},
	standardise: func(dst, a []float32, mean, rstd float32) {
		for i, v := range a[:len(dst)] {
			dst[i] = (v - mean) * rstd
		}
	},
	axpy: func(dst, a []float32, s float32) {
		for i, v := range a[:len(dst)] {
			dst[i] += v * s
		}
	},
	mulAdd: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] += a[i] * b[i]
		}
	},
	sum: goSum, dot: goDot, dots: goDots, max: goMax, sqDiff: goSqDiff, expSum: goExpSum, normalise: goNormalise,
}

// goSum adds in four chains, which is faster and rounds less than one.
func goSum(a []float32) float32 {
	var s [4]float32
	n := len(a) &^ 3
	for i := 0; i < n; i += 4 {
		s[0] += a[i]
		s[1] += a[i+1]
		s[2] += a[i+2]
		s[3] += a[i+3]
	}
	for _, v := range a[n:] {
		s[0] += v
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

func goDot(a, b []float32) float32 {
	var s [4]float32
	b = b[:len(a)]
	n := len(a) &^ 3
	for i := 0; i < n; i += 4 {
		s[0] += a[i] * b[i]
		s[1] += a[i+1] * b[i+1]
		s[2] += a[i+2] * b[i+2]
		s[3] += a[i+3] * b[i+3]
	}
	for i := n; i < len(a); i++ {
		s[0] += a[i] * b[i]
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

func goMax(a []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range a {
		m = max(m, v)
	}
	return m
}

func goSqDiff(a []float32, mean float32) float32 {
	var s [4]float32
	for i, v := range a {
		d := v - mean
		s[i&3] += d * d
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

func goExpSum(dst, a []float32, shift float32) float32 {
	sum := float32(0)
	for i, v := range a[:len(dst)] {
		e := float32(math.Exp(float64(v - shift)))
		dst[i] = e
		sum += e
	}
	return sum
}

func goNormalise(dst, a, gamma, beta []float32, mean, rstd float32) {
	gamma = gamma[:len(dst)]
	for i, v := range a[:len(dst)] {
		y := (v - mean) * rstd * gamma[i]
		if beta != nil {
			y += beta[i]
		}
		dst[i] = y
	}
}
