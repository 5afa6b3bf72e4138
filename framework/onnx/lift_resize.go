package onnx

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// liftResize takes what the graph's Resize does: height and width with
// half-pixel centres.
func liftResize(c *lifting) error {
	shape := c.in[0].shape()
	if len(shape) != 4 {
		return errLift
	}
	n := *c.call
	a := resizeAttrs{mode: n.str("mode", "nearest"), coordinates: n.str("coordinate_transformation_mode", "half_pixel"),
		nearest: n.str("nearest_mode", "round_prefer_floor"), antialias: n.flag("antialias", false), axes: n.ints("axes")}
	to, err := c.resized(a)
	if err != nil {
		return err
	}
	mode := chip.Linear
	if a.mode == "nearest" {
		if mode = chip.Nearest; a.nearest != "round_prefer_floor" {
			return errLift
		}
	}
	if a.coordinates != "half_pixel" || a.mode == "cubic" {
		return errLift
	}
	return c.setLast(graph.Resize(c.channelsLast(c.in[0]), to[2], to[3], mode, a.antialias && mode == chip.Linear))
}

// resized gives the new shape. Where the scales are not those of old and new
// length, the graph has no form.
func (c *lifting) resized(a resizeAttrs) (graph.Shape, error) {
	shape := c.in[0].shape()
	if from, ok := shape.Known(); ok {
		var known [2]*tensor.Tensor
		for i := range known {
			if c.has(2 + i) {
				if known[i] = c.in[2+i].fixed; known[i] == nil {
					return nil, errLift
				}
			}
		}
		to, by, err := a.target(from, known[0], known[1])
		if err != nil {
			return nil, err
		}
		for i := range to {
			exact := by[i] == float64(to[i])/float64(from[i])
			if i < 2 && to[i] != from[i] || !exact {
				return nil, errLift
			}
		}
		return graph.Ints(to...), nil
	}
	if a.axes != nil {
		return nil, noForm("a symbolic size with the attribute axes")
	}
	if c.has(3) {
		to, err := c.dims(3)
		if err != nil {
			return nil, err
		}
		if len(to) != 4 || !to[0].Equal(shape[0]) || !to[1].Equal(shape[1]) {
			return nil, noForm("it resizes %v to %v", shape, to)
		}
		return to, nil
	}
	if !c.has(2) {
		return nil, errLift
	}
	by, err := sizeValues(c.in[2])
	if err != nil {
		return nil, err
	}
	if len(by.values) != 4 {
		return nil, noForm("it has %d scales", len(by.values))
	}
	to := make(graph.Shape, 4)
	for i, s := range by.values {
		grown := wholeRatio(shape[i]).mul(s)
		if grown.den != 1 {
			return nil, noForm("scale %v/%d of the symbolic size %v", s.num, s.den, shape[i])
		}
		to[i] = grown.num
	}
	if !to[0].Equal(shape[0]) || !to[1].Equal(shape[1]) {
		return nil, noForm("it resizes %v to %v", shape, to)
	}
	return to, nil
}
