package onnx

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// maxTransform bounds the length of one Fourier transform.
const maxTransform = 1 << 24

// fourier is a discrete Fourier transform of one length, made ready to be used
// many times. Powers of two take the radix-2 algorithm (Cooley, Tukey 1965);
// other lengths become a convolution with a chirp of a power of two (Bluestein
// 1970): with kn = (k² + n² - (k-n)²)/2,
//
//	X[k] = w[k] · Σ (x[n]·w[n]) · conj(w[k-n]),  w[n] = exp(-πi·n²/N).
//
// All of it is O(N log N).
type fourier struct {
	n       int
	inverse bool
	roots   []complex128 // exp(-2πi·k/m) for k < m/2, m the power of two
	chirp   []complex128 // w; nil for powers of two
	filter  []complex128 // transform of conj(w), wrapped around
	buf     []complex128
}

func newFourier(n int, inverse bool) *fourier {
	f := &fourier{n: n, inverse: inverse}
	m := n
	if n&(n-1) != 0 {
		m = 1 << bits.Len(uint(2*n-2))
	}
	f.roots = make([]complex128, m/2)
	for k := range f.roots {
		f.roots[k] = turn(k, m)
	}
	if m == n {
		return f
	}
	f.chirp, f.filter, f.buf = make([]complex128, n), make([]complex128, m), make([]complex128, m)
	for i := range n {
		f.chirp[i] = turn(int(uint64(i)*uint64(i)%uint64(2*n)), 2*n)
		f.filter[i] = cmplx.Conj(f.chirp[i])
		if i > 0 {
			f.filter[m-i] = f.filter[i]
		}
	}
	f.radix2(f.filter)
	return f
}

// turn is exp(-2πi·k/n).
func turn(k, n int) complex128 {
	sin, cos := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
	return complex(cos, sin)
}

// transform replaces x by its transform. The inverse is the conjugate of the
// transform of the conjugate, divided by the length.
func (f *fourier) transform(x []complex128) {
	if f.inverse {
		for i, v := range x {
			x[i] = cmplx.Conj(v)
		}
	}
	if f.chirp == nil {
		f.radix2(x)
	} else {
		f.bluestein(x)
	}
	if f.inverse {
		scale := complex(1/float64(f.n), 0)
		for i, v := range x {
			x[i] = cmplx.Conj(v) * scale
		}
	}
}

func (f *fourier) bluestein(x []complex128) {
	clear(f.buf)
	for i, v := range x {
		f.buf[i] = v * f.chirp[i]
	}
	f.radix2(f.buf)
	// The inverse transform of the product, by conjugates as above.
	for i, v := range f.buf {
		f.buf[i] = cmplx.Conj(v * f.filter[i])
	}
	f.radix2(f.buf)
	scale := complex(1/float64(len(f.buf)), 0)
	for i := range x {
		x[i] = cmplx.Conj(f.buf[i]) * scale * f.chirp[i]
	}
}

// radix2 transforms a power of two of numbers in place: they are put in the order
// of their reversed bits, then halves of doubling length are joined.
func (f *fourier) radix2(x []complex128) {
	n := len(x)
	if n < 2 {
		return
	}
	shift := bits.LeadingZeros64(uint64(n)) + 1
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	for half := 1; half < n; half *= 2 {
		stride := n / (2 * half)
		for from := 0; from < n; from += 2 * half {
			for k := range half {
				a, b := x[from+k], x[from+k+half]*f.roots[k*stride]
				x[from+k], x[from+k+half] = a+b, a-b
			}
		}
	}
}
