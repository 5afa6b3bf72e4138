package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"GridSample": {2, 2, compileGridSample},
})

// gridAttrs are the attributes of GridSample.
type gridAttrs struct {
	mode, padding string
	align         bool
}

// compileGridSample samples x [N,C,D1..Dr] at the positions of grid [N,E1..Er,r]:
// the result is [N,C,E1..Er]. A position lists coordinates from the last axis to
// the first (x before y); -1 and 1 are the centres of the elements at the ends
// with align_corners, else their outer edges (Jaderberg et al. 2015,
// arXiv:1506.02025). Any r works in every mode.
func compileGridSample(n *call) kernel {
	a := gridAttrs{
		mode:    n.choice("mode", "linear", "bilinear", "nearest", "cubic", "bicubic"),
		padding: n.choice("padding_mode", "zeros", "border", "reflection"), align: n.flag("align_corners", false),
	}
	switch a.mode { // the names before operator set 20
	case "bilinear":
		a.mode = "linear"
	case "bicubic":
		a.mode = "cubic"
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		grid, err := wideFloats(in[1])
		if err != nil {
			return nil, err
		}
		if a.mode == "nearest" {
			return a.sample(in[0], grid)
		}
		x, err := sampled(in[0])
		if err != nil {
			return nil, err
		}
		if x, err = a.sample(x, grid); err != nil {
			return nil, err
		}
		return unsampled(x, in[0].DType(), cutOff)
	})
}

func (a gridAttrs) sample(x, grid *tensor.Tensor) (*tensor.Tensor, error) {
	r := x.Rank() - 2
	if r < 1 || grid.Rank() != r+2 || grid.Shape()[0] != x.Shape()[0] || grid.Shape()[r+1] != r {
		return nil, fmt.Errorf("%v and %v: want [N,C,spatial] and [N,spatial,%d]", x, grid, max(r, 1))
	}
	out, err := newTensor(x.DType(), slices.Concat(x.Shape()[:2], grid.Shape()[1:r+1])...)
	if err != nil || out.Len() == 0 {
		return out, err
	}
	spatial := x.Shape()[2:]
	if a.mode == "cubic" && r > 8 {
		return nil, fmt.Errorf("%v has too many axes", x)
	}
	batch, channels := x.Shape()[0], x.Shape()[1]
	plane, area := tensor.Size(spatial), tensor.Size(grid.Shape()[1:r+1])
	at := tensor.Values[float64](grid)
	steps := rowMajor(spatial)
	var c cloud
	for b := range batch {
		for p := range area {
			place := at[(b*area+p)*r:][:r]
			c.reset()
			if plane > 0 {
				for i, d := range spatial {
					index, weights := a.taps(place[r-1-i], d)
					c.extend(index[:], weights[:], steps[i])
				}
			} else {
				c.offsets = c.offsets[:0]
			}
			c.blend(out, x, b*channels*area+p, area, b*channels*plane, plane, channels)
		}
	}
	return out, nil
}

// cloud holds the elements that one sample is made of, with their weights.
type cloud struct {
	offsets, nextOffsets []int
	weights, nextWeights []float64
}

// reset makes the cloud one element at 0.
func (c *cloud) reset() {
	c.offsets, c.weights = append(c.offsets[:0], 0), append(c.weights[:0], 1)
}

// extend multiplies the cloud by taps along an axis whose elements are step apart; an
// index of -1 reads as 0.
func (c *cloud) extend(index []int, weights []float64, step int) {
	c.nextOffsets, c.nextWeights = c.nextOffsets[:0], c.nextWeights[:0]
	for k, o := range c.offsets {
		for j, i := range index {
			if i >= 0 && weights[j] != 0 {
				c.nextOffsets, c.nextWeights = append(c.nextOffsets, o+i*step), append(c.nextWeights, c.weights[k]*weights[j])
			}
		}
	}
	c.offsets, c.nextOffsets = c.nextOffsets, c.offsets
	c.weights, c.nextWeights = c.nextWeights, c.weights
}

// blend writes the sample of each channel to out at dst, from x at src.
func (c *cloud) blend(out, x *tensor.Tensor, dst, dstStep, src, srcStep, channels int) {
	switch v := x.Data().(type) {
	case []float32:
		blendCloud(c, out.Float32s(), v, dst, dstStep, src, srcStep, channels)
	case []float64:
		blendCloud(c, tensor.Values[float64](out), v, dst, dstStep, src, srcStep, channels)
	default: // nearest moves elements of any type
		for i := range channels {
			if len(c.offsets) > 0 {
				copyRun(out.Data(), dst+i*dstStep, x.Data(), src+i*srcStep+c.offsets[0], 1)
			}
		}
	}
}

func blendCloud[T float32 | float64](c *cloud, out, x []T, dst, dstStep, src, srcStep, channels int) {
	for range channels {
		out[dst] = T(sumCloud(c, x[src:]))
		dst, src = dst+dstStep, src+srcStep
	}
}

// sumCloud weighs the cloud's elements of x.
func sumCloud[T float32 | float64](c *cloud, x []T) float64 {
	total := 0.0
	for k, o := range c.offsets {
		total += c.weights[k] * float64(x[o])
	}
	return total
}

// taps gives the elements along an axis of n that a coordinate reads, -1 for one
// that reads as 0, and their weights.
func (a gridAttrs) taps(v float64, n int) (index [4]int, weights [4]float64) {
	lo, hi := -0.5, float64(n)-0.5
	x := ((v+1)*float64(n) - 1) / 2
	if a.align {
		lo, hi = 0, float64(n-1)
		x = (v + 1) / 2 * float64(n-1)
	}
	if a.mode == "nearest" {
		x = math.RoundToEven(x)
	}
	if x < lo || x > hi {
		switch {
		case a.padding == "border" && a.mode == "cubic": // beyond, all taps read the edge
			x = clampF(x, -2, float64(n+1))
		case a.padding == "border":
			x = clampF(x, 0, float64(n-1))
		case a.padding == "reflection":
			x = mirror(x, lo, hi)
		}
	}
	index = [4]int{-1, -1, -1, -1}
	if !(x > -3 && x < float64(n+3)) { // NaN, or beyond what any tap reads
		return index, weights
	}
	switch a.mode {
	case "nearest":
		index[0], weights[0] = a.pad(x, n, lo, hi), 1
	case "linear":
		low := math.Floor(x)
		for k := range 2 {
			index[k], weights[k] = a.pad(low+float64(k), n, lo, hi), triangleFilter.weight(x-low-float64(k))
		}
	case "cubic":
		low := math.Floor(x) - 1
		for k := range 4 {
			index[k], weights[k] = a.pad(low+float64(k), n, lo, hi), gridCubic.weight(x-low-float64(k))
		}
	}
	return index, weights
}

var gridCubic = cubicFilter(-0.75)

// pad gives the element that stands for position i of an axis of n, -1 for none.
func (a gridAttrs) pad(i float64, n int, lo, hi float64) int {
	if i >= 0 && i < float64(n) {
		return int(i)
	}
	switch a.padding {
	case "border":
		return int(clampF(i, 0, float64(n-1)))
	case "reflection":
		return int(clampF(mirror(i, lo, hi), 0, float64(n-1)))
	}
	return -1
}

// mirror reflects x at lo and hi until it lies between them.
func mirror(x, lo, hi float64) float64 {
	span := hi - lo
	if span <= 0 {
		return lo
	}
	x = math.Mod(x-lo, 2*span)
	if x < 0 {
		x += 2 * span
	}
	return lo + math.Min(x, 2*span-x)
}
