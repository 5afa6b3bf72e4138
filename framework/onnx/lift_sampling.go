package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"GridSample": liftGridSample, "AffineGrid": liftAffineGrid, "Det": func(c *lifting) error { return c.set(graph.Det(c.arg(0))) },
	} {
		lifters[name], floatOnly[name], forTraining[name] = f, true, true
	}
}

var (
	sampleModes = map[string]graph.SampleMode{"linear": graph.SampleLinear, "bilinear": graph.SampleLinear, "nearest": graph.SampleNearest,
		"cubic": graph.SampleCubic, "bicubic": graph.SampleCubic}
	samplePaddings = map[string]graph.PadMode{"zeros": graph.PadZeros, "border": graph.PadEdge, "reflection": graph.PadReflect}
)

func liftGridSample(c *lifting) error {
	o := graph.GridSampleOptions{Mode: sampleModes[c.call.str("mode", "linear")],
		Padding: samplePaddings[c.call.str("padding_mode", "zeros")], AlignCorners: c.call.flag("align_corners", false)}
	if r := c.in[0].rank() - 2; r < 1 || r > 3 {
		return noForm("samples of %d axes", r)
	}
	return c.channelwise(func(x *graph.Node) *graph.Node { return graph.GridSample(x, c.arg(1), o) })
}

func liftAffineGrid(c *lifting) error {
	size, err := c.dims(1)
	if err != nil {
		return err
	}
	if len(size) < 3 {
		return noForm("a grid of size %v", size)
	}
	return c.set(graph.AffineGrid(c.arg(0), size[2:], c.call.flag("align_corners", false)))
}
