package main

import (
	"image"

	"github.com/macaw-ai/macaw/framework/tensor"
	"golang.org/x/image/draw"
)

// planes gives an image as float32 [1,3,h,w], resized; order says which channel
// (0 red, 1 green, 2 blue) each plane is, and each becomes (v-mean)·scale of 0 to 255.
func planes(img image.Image, w, h int, order [3]int, mean, scale [3]float32) *tensor.Tensor {
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.BiLinear.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
	t := tensor.New(tensor.Float32, 1, 3, h, w)
	x := t.Float32s()
	for p, c := range order {
		for i := range w * h {
			x[p*w*h+i] = (float32(small.Pix[4*i+c]) - mean[p]) * scale[p]
		}
	}
	return t
}

// bgr is the order in which OpenCV, and so many detectors, keep channels.
var bgr = [3]int{2, 1, 0}

func all(v float32) [3]float32 { return [3]float32{v, v, v} }

// whole rounds a length to a multiple of n.
func whole(length, n int) int { return max(n, (length+n/2)/n*n) }
