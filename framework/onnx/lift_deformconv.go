package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	lifters["DeformConv"], floatOnly["DeformConv"], forTraining["DeformConv"] = liftDeformConv, true, true
}

// liftDeformConv samples the image once for each tap of the kernel and adds what
// the tap's weights make of it; see compileDeformConv for the shapes.
func liftDeformConv(c *lifting) error {
	kernel, ok := c.in[1].shape().Known()
	if !ok || len(kernel) != 4 {
		return noForm("weights of shape %v", c.in[1].shape())
	}
	axes, _, err := c.windows(kernel[2:])
	if err != nil {
		return err
	}
	x := c.channelsLast(c.in[0])
	groups, offsetGroups := int(c.call.int("group", 1)), int(c.call.int("offset_group", 1))
	channels, ok := x.Dim(3).Known()
	if !ok || offsetGroups < 1 || channels%offsetGroups != 0 {
		return noForm("%d offset groups of %v channels", offsetGroups, x.Dim(3))
	}
	offset := graph.Transpose(c.arg(2), 0, 2, 3, 1)
	lengths := graph.Shape{x.Dim(1), x.Dim(2)}
	out := graph.Shape{offset.Dim(1), offset.Dim(2)}
	weights := graph.Transpose(c.arg(1), 2, 3, 1, 0) // [KH,KW,C/g,K]
	taps := kernel[2] * kernel[3]
	var sum *graph.Node
	for k := range taps {
		tap := []int{k / kernel[3], k % kernel[3]}
		var parts []*graph.Node
		for g := range offsetGroups {
			at := make([]*graph.Node, 2) // columns, then rows
			for i, a := range axes {
				base := graph.Cast(graph.PositionsAlong(c.g, out[i], 1+i, 4), tensor.Float32)
				place := graph.AddScalar(graph.MulScalar(base, float32(a.stride)), float32(tap[i]*a.dilation-a.before))
				channel := 2*(g*taps+k) + i
				place = graph.Add(place, graph.Slice(offset, 3, channel, channel+1))
				// Element p of n has its centre at (2p+1)/n - 1.
				n := graph.Size(c.g, lengths[i])
				at[1-i] = graph.AddScalar(graph.Div(graph.AddScalar(graph.MulScalar(place, 2), 1), n), -1)
			}
			share := channels / offsetGroups
			part := graph.GridSample(graph.Slice(x, 3, g*share, (g+1)*share), graph.Concat(3, at...), graph.GridSampleOptions{})
			if c.has(4) {
				mask := graph.Transpose(c.arg(4), 0, 2, 3, 1)
				part = graph.Mul(part, graph.Slice(mask, 3, g*taps+k, g*taps+k+1))
			}
			parts = append(parts, part)
		}
		column := parts[0]
		if len(parts) > 1 {
			column = graph.Concat(3, parts...)
		}
		w := graph.Slice(graph.Slice(weights, 0, tap[0], tap[0]+1), 1, tap[1], tap[1]+1)
		y := graph.Conv2D(column, w, nil, graph.ConvOptions{Groups: groups})
		if sum == nil {
			sum = y
		} else {
			sum = graph.Add(sum, y)
		}
	}
	if c.has(3) {
		sum = graph.Add(sum, c.arg(3))
	}
	return c.setLast(sum)
}
