package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"DFT":  {1, 3, compileDFT},
	"STFT": {2, 4, compileSTFT},
})

// complexes reads [..., 1] as real and [..., 2] as complex numbers.
func complexes(x *tensor.Tensor) (values []complex128, isReal bool, err error) {
	wide, err := wideFloats(x)
	if err != nil {
		return nil, false, err
	}
	v := tensor.Values[float64](wide)
	switch x.Shape()[x.Rank()-1] {
	case 1:
		values = make([]complex128, len(v))
		for i := range values {
			values[i] = complex(v[i], 0)
		}
		return values, true, nil
	case 2:
		values = make([]complex128, len(v)/2)
		for i := range values {
			values[i] = complex(v[2*i], v[2*i+1])
		}
		return values, false, nil
	}
	return nil, false, fmt.Errorf("%v: the last axis must hold 1 or 2 parts", x)
}

// parts writes complex numbers as [shape..., 2] of type dt.
func parts(values []complex128, dt tensor.DType, shape ...int) (*tensor.Tensor, error) {
	v := make([]float64, 2*len(values))
	for i, c := range values {
		v[2*i], v[2*i+1] = real(c), imag(c)
	}
	return cast(tensor.Of(v, append(slices.Clone(shape), 2)...), dt)
}

// compileDFT is X[k] = Σ x[n]·exp(-2πi·kn/N) along one axis of [batch, ..., 1 or
// 2] real or complex numbers; inverse has the other sign and divides by N. The
// signal is cut or padded with zeros to N = dft_length. onesided gives the first
// N/2+1 results, which say all of a real signal. The axis is an attribute before
// opset 20 and an input since.
func compileDFT(n *call) kernel {
	fixed, inverse, onesided := n.int("axis", 1), n.flag("inverse", false), n.flag("onesided", false)
	if n.version >= 20 {
		fixed = -2
	}
	if inverse && onesided {
		n.fail("an inverse one-sided transform is not supported")
	}
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		x, axis := in[0], fixed
		if x.Rank() < 2 {
			return nil, fmt.Errorf("%v: want [batch, ..., 1 or 2]", x)
		}
		if in[2] != nil {
			var err error
			if axis, err = oneInt64("the axis", in[2]); err != nil {
				return nil, err
			}
		}
		a, err := axisOf(axis, x.Rank())
		if err != nil {
			return nil, err
		}
		if a == x.Rank()-1 {
			return nil, fmt.Errorf("axis %d of %v holds the parts of complex numbers", a, x)
		}
		length, err := transformLength(in[1], x.Shape()[a])
		if err != nil {
			return nil, err
		}
		values, isReal, err := complexes(x)
		if err != nil {
			return nil, err
		}
		if onesided && !isReal {
			return nil, fmt.Errorf("%v: a one-sided transform wants real numbers", x)
		}
		bins := length
		if onesided {
			bins = length/2 + 1
		}
		from := x.Shape()[:x.Rank()-1]
		shape := slices.Clone(from)
		shape[a] = bins
		if err := checkShape(append(slices.Clone(shape), 2)); err != nil {
			return nil, err
		}
		out, err := transformLines(ctx, values, from, a, length, bins, inverse)
		if err != nil {
			return nil, err
		}
		return result(parts(out, x.DType(), shape...))
	}
}

// transformLength reads dft_length; def without it.
func transformLength(t *tensor.Tensor, def int) (int, error) {
	length := int64(def)
	if t != nil {
		var err error
		if length, err = oneInt64("the length", t); err != nil {
			return 0, err
		}
	}
	if length < 1 || length > maxTransform {
		return 0, fmt.Errorf("a transform of length %d is out of range", length)
	}
	return int(length), nil
}

// transformLines transforms every line along axis a and keeps the first bins.
func transformLines(ctx context.Context, x []complex128, shape []int, a, length, bins int, inverse bool) ([]complex128, error) {
	inner := tensor.Size(shape[a+1:])
	out := make([]complex128, tensor.Size(shape[:a])*bins*inner)
	f := newFourier(length, inverse)
	line := make([]complex128, length)
	var err error
	lines(shape, a, func(base, step, n int) {
		if err = ctx.Err(); err != nil {
			return
		}
		clear(line)
		for i := range min(n, length) {
			line[i] = x[base+i*step]
		}
		f.transform(line)
		to := base/max(n*inner, 1)*bins*inner + base%inner
		for i, v := range line[:bins] {
			out[to+i*inner] = v
		}
	})
	return out, err
}

// compileSTFT is the DFT of windowed frames of a signal: [batch, N], [batch, N,
// 1] or, complex, [batch, N, 2] give [batch, frames, bins, 2] with frames = 1 +
// (N - frame_length)/frame_step. The frame is as long as the window, which is
// all ones when left out; onesided (the default) keeps frame_length/2+1 bins.
func compileSTFT(n *call) kernel {
	onesided := n.flag("onesided", true)
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		x := in[0]
		if x.Rank() == 2 {
			x = x.Reshape(append(slices.Clone(x.Shape()), 1)...)
		}
		if x.Rank() != 3 {
			return nil, fmt.Errorf("%v: want [batch, samples, 1 or 2]", x)
		}
		batch, samples := x.Shape()[0], x.Shape()[1]
		values, isReal, err := complexes(x)
		if err != nil {
			return nil, err
		}
		if onesided && !isReal {
			return nil, fmt.Errorf("%v: a one-sided transform wants real numbers", x)
		}
		window, length, err := frameWindow(in[2], in[3])
		if err != nil {
			return nil, err
		}
		step, err := oneInt64("the step", in[1])
		if err != nil {
			return nil, err
		}
		if step < 1 || length > samples {
			return nil, fmt.Errorf("frames of %d samples by step %d do not suit %v", length, step, in[0])
		}
		frames, bins := 1+int(int64(samples-length)/step), length
		if onesided {
			bins = length/2 + 1
		}
		if err := checkShape([]int{batch, frames, bins, 2}); err != nil {
			return nil, err
		}
		out, frame, f := make([]complex128, 0, batch*frames*bins), make([]complex128, length), newFourier(length, false)
		for b := range batch {
			for i := range frames {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				at := b*samples + i*int(step)
				for j, v := range values[at : at+length] {
					frame[j] = v * complex(window[j], 0)
				}
				f.transform(frame)
				out = append(out, frame[:bins]...)
			}
		}
		return result(parts(out, x.DType(), batch, frames, bins))
	}
}

// frameWindow reads the inputs window and frame_length, one of which may be
// left out.
func frameWindow(window, length *tensor.Tensor) ([]float64, int, error) {
	if window == nil && length == nil {
		return nil, 0, fmt.Errorf("window and frame_length are both left out")
	}
	def := 0
	if window != nil {
		def = window.Len()
	}
	n, err := transformLength(length, def)
	if err != nil {
		return nil, 0, err
	}
	if window == nil {
		return slices.Repeat([]float64{1}, n), n, nil
	}
	wide, err := wideFloats(window)
	if err != nil {
		return nil, 0, err
	}
	if window.Rank() != 1 || window.Len() != n {
		return nil, 0, fmt.Errorf("the window %v does not suit frames of %d samples", window, n)
	}
	return tensor.Values[float64](wide), n, nil
}
