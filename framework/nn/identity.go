package nn

import "math/rand/v2"

// Identity makes a matrix [in, out] with ones on the diagonal, so that a linear
// layer passes on its features.
func Identity(values []float32, dims []int, _ *rand.Rand) { Dirac(values, dims, nil) }

// Dirac makes a convolution weight [..., C, K] that passes channel i of the
// input on to filter i: a one at the centre of its window, zeros elsewhere.
// Source: Zagoruyko and Komodakis 2017, "DiracNets", arXiv:1706.00388.
func Dirac(values []float32, dims []int, _ *rand.Rand) {
	clear(values)
	if len(dims) < 2 {
		return
	}
	centre, c, k := 0, dims[len(dims)-2], dims[len(dims)-1]
	for _, d := range dims[:len(dims)-2] {
		centre = centre*d + d/2
	}
	for i := range min(c, k) {
		values[(centre*c+i)*k+i] = 1
	}
}

// Sparse draws from N(0, std²) but leaves zero the given share of the inputs of
// every output. Source: Martens 2010, "Deep learning via Hessian-free optimization", §5.
func Sparse(sparsity, std float32) Initialiser {
	return func(values []float32, dims []int, r *rand.Rand) {
		normal(values, float64(std), r)
		if len(dims) == 0 || dims[len(dims)-1] == 0 {
			return
		}
		columns := dims[len(dims)-1]
		rows := len(values) / columns
		for c := range columns {
			for _, i := range r.Perm(rows)[:int(sparsity*float32(rows))] {
				values[i*columns+c] = 0
			}
		}
	}
}
