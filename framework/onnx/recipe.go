package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// ImageOptions say what PrepareImage makes of raw pixels.
type ImageOptions struct {
	Height, Width int
	Channels      int       // of the input: 1 or 3
	Mean, Std     []float32 // per channel, of values 0 to 1; nil means 0 and 1
	ChannelsFirst bool      // the result is [N,C,H,W] instead of [N,H,W,C]
}

// PrepareImage turns image, uint8 [N,H,W,C] of any size, into float32 of the
// given size: linear antialiased resizing as in ResizeImage, rounded to whole
// values, then (x/255 - Mean)/Std.
func PrepareImage(b *Builder, image string, o ImageOptions) string {
	sizes := b.Op("Concat", Attrs{"axis": 0}, b.Op("Shape", Attrs{"end": 1}, image), b.Ints(o.Channels, o.Height, o.Width))
	x := b.Op("Cast", Attrs{"to": tensor.Float32}, image)
	x = b.Op("Transpose", Attrs{"perm": toFirst}, x)
	x = b.Op("Resize", Attrs{"mode": "linear", "antialias": 1, "coordinate_transformation_mode": "half_pixel"}, x, "", "", sizes)
	x = b.Op("Round", nil, b.Op("Add", nil, x, b.Float(roundUp)))
	scale, shift := o.affine()
	x = b.Op("Mul", nil, x, b.Const(tensor.Of(scale, len(scale), 1, 1)))
	x = b.Op("Add", nil, x, b.Const(tensor.Of(shift, len(shift), 1, 1)))
	if o.ChannelsFirst {
		return x
	}
	return b.Op("Transpose", Attrs{"perm": toLast}, x)
}

// affine gives the factor and the summand of each channel for values 0 to 255.
func (o ImageOptions) affine() (scale, shift []float32) {
	scale, shift = make([]float32, o.Channels), make([]float32, o.Channels)
	for c := range scale {
		mean, std := float32(0), float32(1)
		if o.Mean != nil {
			mean = o.Mean[c]
		}
		if o.Std != nil {
			std = o.Std[c]
		}
		scale[c], shift[c] = 1/(255*std), -mean/std
	}
	return scale, shift
}

// Normalise does to one 8-bit value of channel c what PrepareImage does.
func (o ImageOptions) Normalise(v uint8, c int) float32 {
	scale, shift := o.affine()
	return float32(v)*scale[c] + shift[c]
}

// Label names the most probable class: probabilities is float32 [N,C], the
// result string [N].
func Label(b *Builder, probabilities string, classes []string) string {
	best := b.Op("ArgMax", Attrs{"axis": 1, "keepdims": 0}, probabilities)
	return b.Op("Gather", Attrs{"axis": 0}, b.Const(tensor.Of(classes, len(classes))), best)
}

// Softmax turns logits [N,C] into probabilities.
func Softmax(b *Builder, logits string) string { return b.Op("Softmax", Attrs{"axis": -1}, logits) }

// Average is the mean of values of one shape, weighted; the weights are made to
// sum to one. It panics when the numbers of values and weights differ.
func Average(b *Builder, values []string, weights []float32) string {
	if len(values) != len(weights) || len(values) == 0 {
		panic(fmt.Sprintf("onnx: average of %d values with %d weights", len(values), len(weights)))
	}
	total := float32(0)
	for _, w := range weights {
		total += w
	}
	var terms []string
	for i, v := range values {
		terms = append(terms, b.Op("Mul", nil, v, b.Float(weights[i]/total)))
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return b.Op("Sum", nil, terms...)
}
