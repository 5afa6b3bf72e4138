package onnx

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"RoiAlign":   {3, 3, compileRoiAlign},
	"MaxRoiPool": {2, 2, compileMaxRoiPool},
})

// Bounds of what attributes ask for: bins along an axis, and samples in one.
const (
	maxBins     = 1 << 20
	maxSampling = 1 << 8
)

// roiAttrs are the attributes of RoiAlign.
type roiAttrs struct {
	maximum, half bool
	height, width int
	sampling      int
	scale         float64
}

// poolSize reads an attribute that sizes the result.
func (n *call) poolSize(name string, v int64) int {
	if v < 1 || v > maxBins {
		n.fail("attribute %s = %d is out of range", name, v)
	}
	return int(v)
}

// compileRoiAlign averages (or takes the maximum of) samples of x [N,C,H,W] at
// regular points of each bin of the regions rois [R,4] (x1,y1,x2,y2), which lie in
// the images that the third input [R] names; the result is [R,C,height,width].
// Source: He et al. 2017, arXiv:1703.06870, §3.
func compileRoiAlign(n *call) kernel {
	a := roiAttrs{
		maximum: n.choice("mode", "avg", "max") == "max",
		height:  n.poolSize("output_height", n.int("output_height", 1)), width: n.poolSize("output_width", n.int("output_width", 1)),
		scale: float64(n.float("spatial_scale", 1)),
	}
	if n.version >= 16 {
		a.half = n.choice("coordinate_transformation_mode", "half_pixel", "output_half_pixel") == "half_pixel"
	}
	ratio := n.int("sampling_ratio", 0)
	if ratio < 0 || ratio > maxSampling {
		n.fail("attribute sampling_ratio = %d is out of range", ratio)
	}
	a.sampling = int(ratio)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		rois, err := wideFloats(in[1])
		if err != nil {
			return nil, err
		}
		batch, err := int64s(in[2])
		if err != nil {
			return nil, err
		}
		y, err := a.align(x, rois, batch)
		if err != nil {
			return nil, err
		}
		return cast(y, in[0].DType())
	})
}

func (a roiAttrs) align(x, rois *tensor.Tensor, batch []int64) (*tensor.Tensor, error) {
	if x.Rank() != 4 || rois.Rank() != 2 || rois.Shape()[1] != 4 || len(batch) != rois.Shape()[0] {
		return nil, fmt.Errorf("%v and %v with %d indices: want [N,C,H,W], [R,4] and [R]", x, rois, len(batch))
	}
	c, h, w := x.Shape()[1], x.Shape()[2], x.Shape()[3]
	out, err := newTensor(tensor.Float64, len(batch), c, a.height, a.width)
	if err != nil {
		return nil, err
	}
	dst, src, size := tensor.Values[float64](out), tensor.Values[float64](x), c*a.height*a.width
	for r, b := range batch {
		if b < 0 || b >= int64(x.Shape()[0]) {
			return nil, fmt.Errorf("region %d is in image %d of %d", r, b, x.Shape()[0])
		}
		box := tensor.Values[float64](rois)[4*r : 4*r+4]
		down, err := a.samples(box[1], box[3], h, a.height)
		if err != nil {
			return nil, err
		}
		across, err := a.samples(box[0], box[2], w, a.width)
		if err != nil {
			return nil, err
		}
		poolRegion(dst[r*size:(r+1)*size], src[int(b)*c*h*w:][:c*h*w], w, down, across, a.pool)
	}
	return out, nil
}

// poolRegion pools the bins [C,down,across] of one region of an image [C,H,w].
func poolRegion[Bin any](dst, image []float64, w int, down, across []Bin, pool func(plane []float64, w int, rows, cols Bin) float64) {
	channels := len(dst) / (len(down) * len(across))
	for ch := range channels {
		plane := image[ch*len(image)/channels : (ch+1)*len(image)/channels]
		for _, rows := range down {
			for _, cols := range across {
				dst[0] = pool(plane, w, rows, cols)
				dst = dst[1:]
			}
		}
	}
}

// roiSamples are the points of one bin along one axis that lie inside the image;
// count has the others too, which read as 0.
type roiSamples struct {
	at    []roiSample
	count int
}

// roiSample blends elements lo and hi, the latter by the part f.
type roiSample struct {
	lo, hi int
	f      float64
}

// span gives where a region from start to end begins in the image, and its length.
func (a roiAttrs) span(start, end float64) (from, length float64, err error) {
	start, end = start*a.scale, end*a.scale
	if a.half {
		start, end = start-0.5, end-0.5
	}
	length = end - start
	if !a.half {
		length = math.Max(length, 1)
	}
	if math.IsNaN(start) || math.IsInf(start, 0) || math.IsNaN(length) || math.Abs(length) > 1<<40 {
		return 0, 0, fmt.Errorf("a region from %v to %v is out of range", start, end)
	}
	return start, length, nil
}

// count is how many points a bin of a region has along an axis.
func (a roiAttrs) count(length float64, bins int) int {
	if a.sampling > 0 {
		return a.sampling
	}
	return max(int(math.Ceil(length/float64(bins))), 0)
}

// samples lists the points of each of bins from start to end along an axis of n.
func (a roiAttrs) samples(start, end float64, n, bins int) ([]roiSamples, error) {
	start, length, err := a.span(start, end)
	if err != nil {
		return nil, err
	}
	bin, count := length/float64(bins), a.count(length, bins)
	out, step := make([]roiSamples, bins), bin/float64(count)
	for i := range out {
		out[i].count = count
		base := start + float64(i)*bin
		from, to := 0, count
		if step > 0 { // those that -1 ≤ base+(k+½)·step ≤ n allows, and one more at each end
			from = int(clampF(math.Floor((-1-base)/step-0.5)-1, 0, float64(count)))
			to = int(clampF(math.Ceil((float64(n)-base)/step-0.5)+1, 0, float64(count)))
		}
		for k := from; k < to; k++ {
			v := base + (float64(k)+0.5)*step
			if v < -1 || v > float64(n) || n == 0 {
				continue
			}
			v = clampF(v, 0, float64(n-1))
			lo := int(v)
			out[i].at = append(out[i].at, roiSample{lo, min(lo+1, n-1), v - float64(lo)})
		}
	}
	return out, nil
}

// pool gives the mean of the samples of one bin. The maximum is that of the four
// weighted elements of each sample, not of their sums: so the standard's reference
// has it.
func (a roiAttrs) pool(plane []float64, w int, rows, cols roiSamples) float64 {
	total, top := 0.0, math.Inf(-1)
	if len(rows.at) < rows.count || len(cols.at) < cols.count {
		top = 0 // of the points outside
	}
	for _, y := range rows.at {
		for _, x := range cols.at {
			p := (1 - y.f) * (1 - x.f) * plane[y.lo*w+x.lo]
			q := (1 - y.f) * x.f * plane[y.lo*w+x.hi]
			r := y.f * (1 - x.f) * plane[y.hi*w+x.lo]
			s := y.f * x.f * plane[y.hi*w+x.hi]
			total += p + q + r + s
			top = max(top, p, q, r, s)
		}
	}
	if a.maximum {
		if rows.count*cols.count == 0 {
			return 0
		}
		return top
	}
	return total / math.Max(float64(rows.count)*float64(cols.count), 1)
}

// compileMaxRoiPool gives the largest element of each bin of the regions rois [R,5]
// (image,x1,y1,x2,y2) of x [N,C,H,W], in whole elements, both ends included; an
// empty bin gives 0. The result is [R,C,pooled_shape]. Source: Girshick 2015,
// arXiv:1504.08083, §2.1.
func compileMaxRoiPool(n *call) kernel {
	scale, pooled := float64(n.float("spatial_scale", 1)), n.ints("pooled_shape")
	if len(pooled) != 2 {
		n.fail("attribute pooled_shape must have two values")
		return nil
	}
	height, width := n.poolSize("pooled_shape", pooled[0]), n.poolSize("pooled_shape", pooled[1])
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		rois, err := wideFloats(in[1])
		if err != nil {
			return nil, err
		}
		if x.Rank() != 4 || rois.Rank() != 2 || rois.Shape()[1] != 5 {
			return nil, fmt.Errorf("%v and %v: want [N,C,H,W] and [R,5]", x, rois)
		}
		c, h, w := x.Shape()[1], x.Shape()[2], x.Shape()[3]
		out, err := newTensor(tensor.Float64, rois.Shape()[0], c, height, width)
		if err != nil {
			return nil, err
		}
		dst, src, size := tensor.Values[float64](out), tensor.Values[float64](x), c*height*width
		for r := range rois.Shape()[0] {
			box := tensor.Values[float64](rois)[5*r : 5*r+5]
			b := box[0]
			if !(b >= 0 && b < float64(x.Shape()[0])) {
				return nil, fmt.Errorf("region %d is in image %v of %d", r, b, x.Shape()[0])
			}
			down, across := roiBins(box[2]*scale, box[4]*scale, h, height), roiBins(box[1]*scale, box[3]*scale, w, width)
			poolRegion(dst[r*size:(r+1)*size], src[int(b)*c*h*w:][:c*h*w], w, down, across, largestIn)
		}
		return cast(out, in[0].DType())
	})
}

// roiBins parts the elements from start to end, which are rounded, into bins that
// may share elements, cut to an axis of n.
func roiBins(start, end float64, n, bins int) [][2]int {
	start, end = math.Round(start), math.Round(end)
	bin := math.Max(end-start+1, 1) / float64(bins)
	out := make([][2]int, bins)
	for i := range out {
		out[i] = [2]int{
			int(clampF(math.Floor(float64(i)*bin)+start, 0, float64(n))),
			int(clampF(math.Ceil(float64(i+1)*bin)+start, 0, float64(n))),
		}
	}
	return out
}

func largestIn(plane []float64, w int, rows, cols [2]int) float64 {
	if rows[0] >= rows[1] || cols[0] >= cols[1] {
		return 0
	}
	top := math.Inf(-1)
	for y := rows[0]; y < rows[1]; y++ {
		for _, v := range plane[y*w+cols[0] : y*w+cols[1]] {
			top = math.Max(top, v)
		}
	}
	return top
}
