package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	lifters["MaxRoiPool"], floatOnly["MaxRoiPool"], forTraining["MaxRoiPool"] = liftMaxRoiPool, true, true
	lifters["RoiAlign"], floatOnly["RoiAlign"], forTraining["RoiAlign"] = liftRoiAlign, true, true
}

// liftRoiAlign blends, at each point of each bin, four elements with weights that
// depend on the regions, to which the gradient flows too. Without sampling_ratio
// the number of points follows from the regions, which must then be known.
func liftRoiAlign(c *lifting) error {
	x, rois, images := c.channelsLast(c.in[0]), c.in[1], graph.Cast(c.arg(2), tensor.Int64)
	if rois.dtype() != tensor.Float32 || rois.rank() != 2 || !rois.shape()[1].Is(4) {
		return noForm("regions %v %v", rois.dtype(), rois.shape())
	}
	a := roiAttrs{maximum: c.call.str("mode", "avg") == "max", half: c.call.version >= 16 && c.call.str("coordinate_transformation_mode", "half_pixel") == "half_pixel",
		height: int(c.call.int("output_height", 1)), width: int(c.call.int("output_width", 1)), sampling: int(c.call.int("sampling_ratio", 0)),
		scale: float64(c.call.float("spatial_scale", 1))}
	if a.sampling > 0 {
		return c.setLast(a.node(x, c.node(rois), images, [2]int{a.sampling, a.sampling}))
	}
	if rois.fixed == nil {
		return noForm("without sampling_ratio the number of samples depends on the regions")
	}
	groups, counts, err := a.bySamples(rois.fixed)
	if err != nil {
		return err
	}
	var parts []*graph.Node
	place := make([]int64, rois.fixed.Shape()[0])
	at := 0
	for i, group := range groups {
		for _, r := range group {
			place[r] = int64(at)
			at++
		}
		chosen := c.g.Const(tensor.Of(group, len(group)))
		parts = append(parts, a.node(x, graph.Gather(c.node(rois), chosen, 0), graph.Gather(images, chosen, 0), counts[i]))
	}
	return c.setLast(graph.Gather(graph.Concat(0, parts...), c.g.Const(tensor.Of(place, len(place))), 0))
}

// bySamples groups regions by how many points their bins have down and across.
func (a roiAttrs) bySamples(rois *tensor.Tensor) (groups [][]int64, counts [][2]int, err error) {
	for r := range int64(rois.Shape()[0]) {
		box := rois.Float32s()[4*r : 4*r+4]
		var count [2]int
		for i, bins := range [2]int{a.height, a.width} {
			start, length, err := a.span(float64(box[1-i]), float64(box[3-i]))
			if err != nil {
				return nil, nil, err
			}
			if count[i] = a.count(length, bins); count[i] > maxSampling {
				return nil, nil, noForm("%d samples from %v in a bin", count[i], start)
			}
		}
		at := slices.Index(counts, count)
		if at < 0 {
			at, groups, counts = len(counts), append(groups, nil), append(counts, count)
		}
		groups[at] = append(groups[at], r)
	}
	return groups, counts, nil
}

// node gives [R,height,width,C] of x [N,H,W,C] for regions with count points, down
// and across, in each bin.
func (a roiAttrs) node(x, rois, images *graph.Node, count [2]int) *graph.Node {
	g, regions, bins := x.Graph(), rois.Dim(0), [2]int{a.height, a.width}
	if count[0]*count[1] == 0 {
		return graph.Fill(g, 0, regions, graph.Const(bins[0]), graph.Const(bins[1]), x.Dim(3))
	}
	var axes [2]roiTaps
	for i := range axes { // y, x
		at := func(j int) *graph.Node {
			v := graph.MulScalar(graph.Slice(rois, 1, j, j+1), float32(a.scale))
			if a.half {
				v = graph.AddScalar(v, -0.5)
			}
			return v
		}
		start := at(1 - i)
		length := graph.Sub(at(3-i), start)
		if !a.half {
			length = graph.Max(length, graph.Scalar(g, 1))
		}
		axes[i] = roiTapsAt(start, length, x.Dim(1+i), bins[i], count[i])
	}
	base := graph.Mul(graph.Reshape(images, regions, graph.Const(1), graph.Const(1)), graph.IntSize(g, x.Dim(1).Mul(x.Dim(2))))
	rows := graph.Reshape(x, x.Shape()[:3].Size(), x.Dim(3))
	var all *graph.Node // of all four elements of a point: their sum, or with mode max the largest
	for i := range 2 {
		for j := range 2 {
			down := graph.Mul(axes[0].index[i], graph.IntSize(g, x.Dim(2)))
			index := graph.Add(base, graph.Add(graph.Unsqueeze(down, 2), graph.Unsqueeze(axes[1].index[j], 1)))
			weight := graph.Mul(graph.Unsqueeze(axes[0].weight[i], 2), graph.Unsqueeze(axes[1].weight[j], 1))
			term := graph.Mul(graph.Gather(rows, index, 0), graph.Unsqueeze(weight, 3))
			switch {
			case all == nil:
				all = term
			case a.maximum:
				all = graph.Max(all, term)
			default:
				all = graph.Add(all, term)
			}
		}
	}
	all = graph.Reshape(all, regions, graph.Const(bins[0]), graph.Const(count[0]), graph.Const(bins[1]), graph.Const(count[1]), x.Dim(3))
	if a.maximum {
		return graph.ReduceMax(all, 2, 4)
	}
	return graph.Mean(all, 2, 4)
}

// roiTaps are the two elements that each point along an axis reads, [R, points].
type roiTaps struct{ index, weight [2]*graph.Node }

// roiTapsAt has count points in each of the bins of length from start, [R, 1], along
// an axis of n; the weights are 0 for points outside.
func roiTapsAt(start, length *graph.Node, n graph.Dim, bins, count int) (t roiTaps) {
	g, points := start.Graph(), bins*count
	at := tensor.New(tensor.Float32, 1, points)
	for i := range at.Float32s() {
		at.Float32s()[i] = (float32(i) + 0.5) / float32(points)
	}
	v := graph.Add(start, graph.Mul(length, g.Const(at)))
	size := graph.Cast(graph.IntSize(g, n), tensor.Float32)
	last := graph.AddScalar(size, -1)
	zero := graph.Scalar(g, 0)
	inside := graph.And(graph.Ge(v, graph.Scalar(g, -1)), graph.Le(v, size))
	v = graph.Max(graph.Min(v, last), zero)
	low := graph.StopGradient(graph.Floor(v))
	f := graph.Sub(v, low)
	t.index[0] = graph.Cast(low, tensor.Int64)
	t.index[1] = graph.Cast(graph.Min(graph.AddScalar(low, 1), last), tensor.Int64)
	t.weight[0] = graph.Where(inside, graph.AddScalar(graph.Neg(f), 1), zero)
	t.weight[1] = graph.Where(inside, f, zero)
	return t
}

// liftMaxRoiPool takes the maxima of known regions, whose bins are whole elements.
func liftMaxRoiPool(c *lifting) error {
	scale, pooled := float64(c.call.float("spatial_scale", 1)), c.call.ints("pooled_shape")
	if c.in[1].fixed == nil || c.in[1].dtype() != tensor.Float32 || len(pooled) != 2 {
		return noForm("its bins, whole elements, depend on the regions")
	}
	x := c.arg(0)
	shape, ok := x.Shape().Known()
	regions := c.in[1].fixed.Shape()
	if !ok || len(shape) != 4 || len(regions) != 2 || regions[1] != 5 || regions[0]*int(pooled[0]*pooled[1]) > maxUnrolled {
		return noForm("regions %v of %v", regions, x.Shape())
	}
	var bins []*graph.Node // [C] each
	for r := range regions[0] {
		box := c.in[1].fixed.Float32s()[5*r : 5*r+5]
		if !(box[0] >= 0 && box[0] < float32(shape[0])) {
			return noForm("region %d is in image %v of %d", r, box[0], shape[0])
		}
		image := element(x, 0, int(box[0])) // [C,H,W]
		across := roiBins(float64(box[1])*scale, float64(box[3])*scale, shape[3], int(pooled[1]))
		for _, rows := range roiBins(float64(box[2])*scale, float64(box[4])*scale, shape[2], int(pooled[0])) {
			for _, columns := range across {
				if rows[0] >= rows[1] || columns[0] >= columns[1] {
					bins = append(bins, graph.Fill(c.g, 0, x.Dim(1)))
					continue
				}
				bin := graph.Slice(graph.Slice(image, 1, rows[0], rows[1]), 2, columns[0], columns[1])
				bins = append(bins, graph.ReduceMax(bin, 1, 2))
			}
		}
	}
	if len(bins) == 0 {
		return noForm("no region")
	}
	all := graph.Reshape(graph.Stack(0, bins...), graph.Const(regions[0]), graph.Const(int(pooled[0])), graph.Const(int(pooled[1])), x.Dim(1))
	return c.setLast(all)
}
