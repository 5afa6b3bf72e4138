package onnx

import "math"

// taps are the source positions and weights of one output position along an
// axis; the positions are consecutive from first.
type taps[T float32 | float64] struct {
	first   int
	weights []T
}

// linearTaps gives the taps of linear interpolation from n positions to m, with
// source coordinate at(i) of output i.
func linearTaps[T float32 | float64](n, m int, at func(i int) float64) []taps[T] {
	out := make([]taps[T], m)
	for i := range out {
		x := math.Min(math.Max(at(i), 0), float64(n-1))
		lo := int(x)
		if f := T(x - float64(lo)); f > 0 {
			out[i] = taps[T]{lo, []T{1 - f, f}}
		} else {
			out[i] = taps[T]{lo, []T{1}}
		}
	}
	return out
}

// antialiasTaps is linear interpolation whose triangle widens by 1/scale when
// shrinking. What falls outside counts for the pixel at the edge, as ONNX's
// exclude_outside = 0 has it (Pillow leaves it out instead). Coordinates and
// weights are float32, as in onnxruntime, whose results a rounding would
// otherwise tell apart.
func antialiasTaps(n, m int, scale float64, at func(i int) float64) []taps[float32] {
	support := float32(math.Max(1, 1/scale))
	widen := 1 / support
	out := make([]taps[float32], m)
	for i := range out {
		center := float32(at(i)) + 0.5
		from, to := int(floor32(center-support+0.5)), int(floor32(center+support+0.5))
		lo, hi := min(max(from, 0), n-1), min(max(to-1, 0), n-1)
		t := taps[float32]{lo, make([]float32, hi-lo+1)}
		total := float32(0)
		for j := from; j < to; j++ {
			w := 1 - float32(math.Abs(float64((float32(j)-center+0.5)*widen)))
			if w > 0 {
				t.weights[min(max(j, 0), n-1)-lo] += w
				total += w
			}
		}
		for j := range t.weights {
			t.weights[j] *= 1 / total
		}
		out[i] = t
	}
	return out
}

func floor32(x float32) float32 { return float32(math.Floor(float64(x))) }

// halfPixel maps output centres to source centres, computing in T.
func halfPixel[T float32 | float64](scale float64) func(i int) float64 {
	s := T(scale)
	return func(i int) float64 { return float64((T(i)+0.5)/s - 0.5) }
}

// resample replaces the axis of n positions of x [outer,n,inner] by len(t).
func resample[T float32 | float64](x []T, outer, n, inner int, t []taps[T]) []T {
	out := make([]T, outer*len(t)*inner)
	for o := range outer {
		src := x[o*n*inner : (o+1)*n*inner]
		for i, tap := range t {
			dst := out[(o*len(t)+i)*inner:][:inner]
			for k, w := range tap.weights {
				row := src[(tap.first+k)*inner:][:inner]
				for j, v := range row {
					dst[j] += w * v
				}
			}
		}
	}
	return out
}

// roundUp is added before rounding, so that exact halves, which common ratios of
// sizes make in plenty, round alike whatever the last bit of a computation is.
const roundUp = 0.01

// ResizeImage scales an image of 8-bit values [height,width,channels] to
// [toHeight,toWidth,channels] by linear interpolation with half-pixel centres
// and antialiasing, rounding to whole numbers. It gives what the graph of
// PrepareImage gives before it normalises.
func ResizeImage(pix []uint8, height, width, channels, toHeight, toWidth int) []uint8 {
	if height == toHeight && width == toWidth {
		return append([]uint8(nil), pix...)
	}
	x := newScaler(height, width, channels, toHeight, toWidth).scale(pix, 1)
	out := make([]uint8, len(x))
	for i, v := range x {
		out[i] = uint8(math.RoundToEven(float64(min(max(v+roundUp, 0), 255))))
	}
	return out
}

// scaler resizes 8-bit images of one size to another; rows first, then columns.
type scaler struct {
	height, width, channels, toHeight, toWidth int
	across, down                               []taps[float32]
}

func newScaler(height, width, channels, toHeight, toWidth int) scaler {
	sx, sy := float64(toWidth)/float64(width), float64(toHeight)/float64(height)
	return scaler{height, width, channels, toHeight, toWidth,
		antialiasTaps(width, toWidth, sx, halfPixel[float32](sx)), antialiasTaps(height, toHeight, sy, halfPixel[float32](sy))}
}

// scale returns the image as float32 [toHeight,toWidth,channels].
func (s scaler) scale(pix []uint8, threads int) []float32 {
	row := s.toWidth * s.channels
	narrow := make([]float32, s.height*row)
	parallel(threads, s.height, 1+(1<<15)/(s.width*s.channels), func(lo, hi int) {
		for y := lo; y < hi; y++ {
			shrinkRow(narrow[y*row:(y+1)*row], pix[y*s.width*s.channels:(y+1)*s.width*s.channels], s.channels, s.across)
		}
	})
	return resample(narrow, 1, s.height, row, s.down)
}

// shrinkRow resamples one row of pixels.
func shrinkRow(dst []float32, src []uint8, channels int, t []taps[float32]) {
	for i, tap := range t {
		at := tap.first * channels
		switch channels {
		case 1:
			sum := float32(0)
			for k, w := range tap.weights {
				sum += w * float32(src[at+k])
			}
			dst[i] = sum
		case 3:
			var r, g, b float32
			for _, w := range tap.weights {
				p := src[at : at+3 : at+3]
				r, g, b = r+w*float32(p[0]), g+w*float32(p[1]), b+w*float32(p[2])
				at += 3
			}
			dst[3*i], dst[3*i+1], dst[3*i+2] = r, g, b
		default:
			for _, w := range tap.weights {
				for c := range channels {
					dst[i*channels+c] += w * float32(src[at+c])
				}
				at += channels
			}
		}
	}
}
