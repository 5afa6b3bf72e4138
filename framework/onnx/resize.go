package onnx

import "math"

// taps are the source positions and weights of one output position along an
// axis; the positions are consecutive from first.
type taps struct {
	first   int
	weights []float32
}

// linearTaps gives the taps of linear interpolation from n positions to m, with
// source coordinate at(i) of output i.
func linearTaps(n, m int, at func(i int) float64) []taps {
	out := make([]taps, m)
	for i := range out {
		x := math.Min(math.Max(at(i), 0), float64(n-1))
		lo := int(x)
		if f := float32(x - float64(lo)); f > 0 {
			out[i] = taps{lo, []float32{1 - f, f}}
		} else {
			out[i] = taps{lo, []float32{1}}
		}
	}
	return out
}

// antialiasTaps is linear interpolation whose triangle widens by 1/scale when
// shrinking. What falls outside counts for the pixel at the edge, as ONNX's
// exclude_outside = 0 has it (Pillow leaves it out instead). Coordinates and
// weights are float32, as in onnxruntime, whose results a rounding would
// otherwise tell apart.
func antialiasTaps(n, m int, scale float64, at func(i int) float64) []taps {
	support := float32(math.Max(1, 1/scale))
	widen := 1 / support
	out := make([]taps, m)
	for i := range out {
		center := float32(at(i)) + 0.5
		from, to := int(floor32(center-support+0.5)), int(floor32(center+support+0.5))
		lo, hi := min(max(from, 0), n-1), min(max(to-1, 0), n-1)
		t := taps{lo, make([]float32, hi-lo+1)}
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

// halfPixel maps output centres to source centres, in float32.
func halfPixel(scale float64) func(i int) float64 {
	s := float32(scale)
	return func(i int) float64 { return float64((float32(i)+0.5)/s - 0.5) }
}

// resample replaces the axis of n positions of x [outer,n,inner] by len(t).
func resample(x []float32, outer, n, inner int, t []taps) []float32 {
	out := make([]float32, outer*len(t)*inner)
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
// and antialiasing, rounding to whole numbers. It gives what the
// graph of PrepareImage gives before it normalises.
func ResizeImage(pix []uint8, height, width, channels, toHeight, toWidth int) []uint8 {
	if height == toHeight && width == toWidth {
		return append([]uint8(nil), pix...)
	}
	x := make([]float32, len(pix))
	for i, v := range pix {
		x[i] = float32(v)
	}
	x = resizePlane(x, height, width, channels, toHeight, toWidth)
	out := make([]uint8, len(x))
	for i, v := range x {
		out[i] = uint8(math.RoundToEven(float64(min(max(v+roundUp, 0), 255))))
	}
	return out
}

// resizePlane resamples the rows first, then the columns.
func resizePlane(x []float32, h, w, c, toH, toW int) []float32 {
	if w != toW {
		scale := float64(toW) / float64(w)
		x = resample(x, h, w, c, antialiasTaps(w, toW, scale, halfPixel(scale)))
	}
	if h != toH {
		scale := float64(toH) / float64(h)
		x = resample(x, 1, h, toW*c, antialiasTaps(h, toH, scale, halfPixel(scale)))
	}
	return x
}
