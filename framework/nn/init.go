package nn

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// Initialiser fills the values of a new variable of shape dims. A weight's fan
// in is the product of all dimensions but the last, its fan out the last times
// the receptive field, as linear [in,out] and convolution [KH,KW,C,K] weights
// have them.
type Initialiser func(values []float32, dims []int, r *rand.Rand)

// random returns the generator of one variable.
func random(seed uint64, path string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(path))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// fans returns the fan in and fan out of a weight.
func fans(dims []int) (in, out float64) {
	if len(dims) == 0 {
		return 1, 1
	}
	field := 1.0
	for _, d := range dims[:max(len(dims)-2, 0)] {
		field *= float64(d)
	}
	in, out = 1, float64(dims[len(dims)-1])*field
	if len(dims) > 1 {
		in = float64(dims[len(dims)-2]) * field
	}
	return max(in, 1), max(out, 1)
}

// Zeros sets every value to 0.
func Zeros(values []float32, _ []int, _ *rand.Rand) { clear(values) }

// Ones sets every value to 1.
func Ones(values []float32, _ []int, _ *rand.Rand) { fill(values, 1) }

func fill(values []float32, v float32) {
	for i := range values {
		values[i] = v
	}
}

// Constant sets every value to v.
func Constant(v float32) Initialiser {
	return func(values []float32, _ []int, _ *rand.Rand) { fill(values, v) }
}

// HeNormal draws from N(0, 2/fan_in), for layers before a ReLU.
// Source: He et al. 2015, arXiv:1502.01852, eq. 10.
func HeNormal(values []float32, dims []int, r *rand.Rand) {
	in, _ := fans(dims)
	normal(values, math.Sqrt(2/in), r)
}

// HeUniform draws evenly from ±sqrt(6/fan_in), whose variance is HeNormal's.
func HeUniform(values []float32, dims []int, r *rand.Rand) {
	in, _ := fans(dims)
	uniform(values, math.Sqrt(6/in), r)
}

// GlorotUniform draws evenly from ±sqrt(6/(fan_in+fan_out)).
// Source: Glorot and Bengio 2010, AISTATS, eq. 16.
func GlorotUniform(values []float32, dims []int, r *rand.Rand) {
	in, out := fans(dims)
	uniform(values, math.Sqrt(6/(in+out)), r)
}

// GlorotNormal draws from N(0, 2/(fan_in+fan_out)).
func GlorotNormal(values []float32, dims []int, r *rand.Rand) {
	in, out := fans(dims)
	normal(values, math.Sqrt(2/(in+out)), r)
}

// LeCunUniform draws evenly from ±sqrt(1/fan_in), as many frameworks do for
// linear layers by default. Source: LeCun et al. 1998, "Efficient BackProp".
func LeCunUniform(values []float32, dims []int, r *rand.Rand) {
	in, _ := fans(dims)
	uniform(values, math.Sqrt(1/in), r)
}

// TruncatedNormal draws from N(0, std²) within two standard deviations.
func TruncatedNormal(std float32) Initialiser {
	return func(values []float32, _ []int, r *rand.Rand) {
		for i := range values {
			z := r.NormFloat64()
			for math.Abs(z) > 2 {
				z = r.NormFloat64()
			}
			values[i] = std * float32(z)
		}
	}
}

// Normal draws from N(0, std²).
func Normal(std float32) Initialiser {
	return func(values []float32, _ []int, r *rand.Rand) { normal(values, float64(std), r) }
}

func normal(values []float32, std float64, r *rand.Rand) {
	for i := range values {
		values[i] = float32(std * r.NormFloat64())
	}
}

func uniform(values []float32, limit float64, r *rand.Rand) {
	for i := range values {
		values[i] = float32(limit * (2*r.Float64() - 1))
	}
}
