package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	lifters["RoiAlign"], floatOnly["RoiAlign"], forTraining["RoiAlign"] = liftRoiAlign, true, true
}

// liftRoiAlign blends, at each point of each bin, four elements with weights that
// depend on the regions, to which the gradient flows too.
func liftRoiAlign(c *lifting) error {
	bins := [2]int{int(c.call.int("output_height", 1)), int(c.call.int("output_width", 1))}
	count := int(c.call.int("sampling_ratio", 0))
	if count < 1 {
		return noForm("without sampling_ratio the number of samples depends on the regions")
	}
	x, rois := c.channelsLast(c.in[0]), c.arg(1)
	if rois.Rank() != 2 {
		return errLift
	}
	half := c.call.version >= 16 && c.call.str("coordinate_transformation_mode", "half_pixel") == "half_pixel"
	scale := c.call.float("spatial_scale", 1)
	var axes [2]roiTaps
	for i := range axes { // y, x
		at := func(j int) *graph.Node {
			v := graph.MulScalar(graph.Slice(rois, 1, j, j+1), scale)
			if half {
				v = graph.AddScalar(v, -0.5)
			}
			return v
		}
		start := at(1 - i)
		length := graph.Sub(at(3-i), start)
		if !half {
			length = graph.Max(length, graph.Scalar(c.g, 1))
		}
		axes[i] = roiTapsAt(start, length, x.Dim(1+i), bins[i], count)
	}
	regions := rois.Dim(0)
	image := graph.Reshape(graph.Cast(c.arg(2), tensor.Int64), regions, graph.Const(1), graph.Const(1))
	base := graph.Mul(image, graph.SizeInt(c.g, x.Dim(1).Mul(x.Dim(2))))
	rows := graph.Reshape(x, x.Shape()[:3].Size(), x.Dim(3))
	maximum := c.call.str("mode", "avg") == "max"
	var all *graph.Node // of all four elements of a point: their sum, or with mode max the largest
	for i := range 2 {
		for j := range 2 {
			down := graph.Mul(axes[0].index[i], graph.SizeInt(c.g, x.Dim(2)))
			index := graph.Add(base, graph.Add(graph.Unsqueeze(down, 2), graph.Unsqueeze(axes[1].index[j], 1)))
			weight := graph.Mul(graph.Unsqueeze(axes[0].weight[i], 2), graph.Unsqueeze(axes[1].weight[j], 1))
			term := graph.Mul(graph.Gather(rows, index, 0), graph.Unsqueeze(weight, 3))
			switch {
			case all == nil:
				all = term
			case maximum:
				all = graph.Max(all, term)
			default:
				all = graph.Add(all, term)
			}
		}
	}
	k := graph.Const(count)
	all = graph.Reshape(all, regions, graph.Const(bins[0]), k, graph.Const(bins[1]), k, x.Dim(3))
	if maximum {
		return c.setLast(graph.ReduceMax(all, 2, 4))
	}
	return c.setLast(graph.Mean(all, 2, 4))
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
	size := graph.Cast(graph.SizeInt(g, n), tensor.Float32)
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
