package graph

import "github.com/macaw-ai/macaw/framework/tensor"

// InterpolateMode is how Interpolate finds values between pixels.
type InterpolateMode uint8

const (
	Nearest  InterpolateMode = iota // the pixel that contains the point
	Bilinear                        // linear along each axis
	Bicubic                         // cubic convolution with a = -0.75 along each axis
)

// InterpolateOptions configure Interpolate. The zero value is Nearest.
type InterpolateOptions struct {
	Mode InterpolateMode
	// AlignCorners puts the corner pixels of both grids upon each other, output o
	// lying at o·(in-1)/(out-1); without it the images' borders coincide, and o
	// lies at (o+½)·in/out - ½. Nearest does not use it.
	AlignCorners bool
}

// Interpolate scales the axes of x between the first and the last, such as
// [N,H,W,C], to the given sizes, one for each. Beyond the border the outermost
// pixels repeat. Nearest takes pixel floor((o+½)·in/out), PyTorch's
// "nearest-exact". Values and gradients are gathered, so that sizes may be
// symbolic. There is no antialiasing; Resize has it, as a kernel for images
// without a gradient.
// Source of Bicubic: Keys 1981, IEEE Trans. ASSP 29(6).
func Interpolate(x *Node, o InterpolateOptions, sizes ...Dim) *Node {
	if x.Rank() < 3 || len(sizes) != x.Rank()-2 {
		Fail("Interpolate", []*Node{x}, "there are %d sizes for the axes between the first and the last", len(sizes))
	}
	for i, size := range sizes {
		if n, ok := size.Known(); ok && n < 1 {
			Fail("Interpolate", []*Node{x}, "the size %d is not positive", n)
		}
		if x.shape[1+i].Equal(size) {
			continue
		}
		if times := size.Div(x.shape[1+i]); o.Mode == Nearest && x.shape[1+i].Mul(times).Equal(size) {
			x = repeatEach(x, 1+i, times)
			continue
		}
		x = interpolateAxis(x, 1+i, size, o)
	}
	return x
}

func interpolateAxis(x *Node, axis int, size Dim, o InterpolateOptions) *Node {
	g, at := x.Graph(), Positions(x.Graph(), size)
	in := IntSize(g, x.shape[axis])
	if o.Mode == Nearest { // in whole numbers: floor((2o+1)·in / 2·out)
		return Gather(x, Div(Mul(AddScalar(MulScalar(at, 2), 1), in), MulScalar(IntSize(g, size), 2)), axis)
	}
	from := interpolateSource(at, Size(g, x.shape[axis]), Size(g, size), o.AlignCorners)
	if o.Mode == Bilinear {
		from = Max(from, Scalar(g, 0))
	}
	floor := Floor(from)
	base := Cast(floor, tensor.Int64)
	weights, first := linearWeights(Sub(from, floor)), 0
	if o.Mode == Bicubic {
		weights, first = cubicWeights(Sub(from, floor)), -1
	}
	var sum *Node
	for k, w := range weights {
		index := Min(Max(AddScalar(base, float32(first+k)), number(base, 0)), AddScalar(in, -1))
		part := Mul(Gather(x, index, axis), Reshape(w, along(axis, x.Rank(), size)...))
		if sum != nil {
			part = Add(sum, part)
		}
		sum = part
	}
	return sum
}

// interpolateSource is where outputs at lie among the inputs.
func interpolateSource(at, in, out *Node, alignCorners bool) *Node {
	p := Cast(at, tensor.Float32)
	if alignCorners {
		one := Scalar(p.Graph(), 1)
		return Mul(p, Div(Sub(in, one), Max(Sub(out, one), one)))
	}
	return AddScalar(Mul(AddScalar(p, 0.5), Div(in, out)), -0.5)
}

// linearWeights are those of the pixels at 0 and 1 for a point at t in 0..1.
func linearWeights(t *Node) []*Node { return []*Node{Sub(Scalar(t.Graph(), 1), t), t} }

// cubicWeights are those of the pixels at -1, 0, 1 and 2 for a point at t in 0..1.
func cubicWeights(t *Node) []*Node {
	const a = -0.75
	inner := func(d *Node) *Node { // |d| <= 1: (a+2)|d|³ - (a+3)d² + 1
		return AddScalar(Mul(Square(d), AddScalar(MulScalar(d, a+2), -(a+3))), 1)
	}
	outer := func(d *Node) *Node { // 1 < |d| < 2: a|d|³ - 5a·d² + 8a|d| - 4a
		return AddScalar(Mul(d, AddScalar(Mul(d, AddScalar(MulScalar(d, a), -5*a)), 8*a)), -4*a)
	}
	s := Sub(Scalar(t.Graph(), 1), t)
	return []*Node{outer(AddScalar(t, 1)), inner(t), inner(s), outer(AddScalar(s, 1))}
}
