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
// exclude_outside = 0 has it (Pillow leaves it out instead).
func antialiasTaps(n, m int, scale float64, at func(i int) float64) []taps {
	widen := math.Min(scale, 1)
	support := 1 / widen
	out := make([]taps, m)
	for i := range out {
		x := at(i)
		from, to := int(math.Floor(x-support))+1, int(math.Ceil(x+support))-1
		lo, hi := min(max(from, 0), n-1), min(max(to, 0), n-1)
		weights := make([]float64, hi-lo+1)
		total := 0.0
		for j := from; j <= to; j++ {
			w := math.Max(0, 1-math.Abs((float64(j)-x)*widen))
			weights[min(max(j, 0), n-1)-lo] += w
			total += w
		}
		out[i] = taps{lo, make([]float32, len(weights))}
		for j, w := range weights {
			out[i].weights[j] = float32(w / total)
		}
	}
	return out
}

// halfPixel maps output centres to source centres.
func halfPixel(scale float64) func(i int) float64 {
	return func(i int) float64 { return (float64(i)+0.5)/scale - 0.5 }
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

// ResizeImage scales an image of 8-bit values [height,width,channels] to
// [toHeight,toWidth,channels] by linear interpolation with half-pixel centres
// and antialiasing, rounding to whole numbers (half to even). It gives what the
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
		out[i] = uint8(math.RoundToEven(float64(min(max(v, 0), 255))))
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
