package main

import (
	"image"
	"image/color"
	"math"

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

// drawn copies img with the outlines and points of what was found.
func drawn(img image.Image, found []Found) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Copy(out, image.Point{}, img, img.Bounds(), draw.Src, nil)
	for i, f := range found {
		c := color.RGBA{R: uint8(60 + 70*i%196), G: 220, B: uint8(255 - 50*i%200), A: 255}
		for j, p := range f.Corners {
			line(out, p, f.Corners[(j+1)%4], c)
		}
		for _, p := range f.Points {
			line(out, Point{p.X - 2, p.Y}, Point{p.X + 2, p.Y}, c)
			line(out, Point{p.X, p.Y - 2}, Point{p.X, p.Y + 2}, c)
		}
	}
	return out
}

// line draws two pixels wide.
func line(img *image.RGBA, a, b Point, c color.RGBA) {
	n := int(math.Max(math.Abs(b.X-a.X), math.Abs(b.Y-a.Y))) + 1
	for i := 0; i <= n; i++ {
		t := float64(i) / float64(n)
		x, y := int(a.X+t*(b.X-a.X)), int(a.Y+t*(b.Y-a.Y))
		for d := range 4 {
			img.SetRGBA(x+d%2, y+d/2, c)
		}
	}
}
