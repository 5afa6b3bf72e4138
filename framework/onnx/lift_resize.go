package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// liftResize takes the first of three forms that fits: the graph's Resize, which
// has no gradient, where nothing is trained; repetition for nearest neighbours by
// whole factors; and for known lengths gathering with weights along each axis.
func liftResize(c *lifting) error {
	n := *c.call
	a := readResize(&n)
	if n.err != nil {
		return n.err
	}
	if c.call.version < 11 { // Upsample, and Resize of set 10
		a.coordinates, a.nearest = "asymmetric", "floor"
	}
	to, exact, err := c.resized(a)
	if err != nil {
		return err
	}
	if !c.train && exact && c.plainResize(a, to) {
		mode := chip.Linear
		if a.mode == "nearest" {
			mode = chip.Nearest
		}
		return c.setLast(graph.Resize(c.channelsLast(c.in[0]), to[2], to[3], mode, a.antialias && mode == chip.Linear))
	}
	if mode, ok := c.interpolated(a, to); ok && exact && c.train {
		return c.channelwise(func(x *graph.Node) *graph.Node { return graph.Interpolate(x, mode, to[2:]...) })
	}
	if done, err := c.repeated(a, to); done || err != nil {
		return err
	}
	if !c.train {
		return errLift // one kernel of the host does it
	}
	from, ok := c.in[0].shape().Known()
	if !ok {
		return noForm("%s resizing of the symbolic sizes %v", a.mode, c.in[0].shape())
	}
	t, err := c.resizeTarget(a, from)
	if err != nil {
		return err
	}
	x := c.arg(0)
	var inside *graph.Node // of the image, where a region may reach beyond it
	for _, i := range t.order() {
		w, err := a.matrix(t, i)
		if err != nil {
			return err
		}
		x = weighted(x, i, w)
		if t.roi == nil {
			continue
		}
		n, m := t.from[i], t.sizes[i]
		in := make([]bool, m) // rows of positions outside are 0
		for row := range in {
			in[row] = slices.ContainsFunc(w.Float32s()[row*n:(row+1)*n], func(v float32) bool { return v != 0 })
		}
		along := trailing(c.g.Const(tensor.Of(in, m)), len(from)-1-i)
		if inside == nil {
			inside = along
		} else {
			inside = graph.And(inside, along)
		}
	}
	if inside != nil {
		x = graph.Where(inside, x, graph.Scalar(c.g, a.extrapolation))
	}
	return c.set(x)
}

// resizeTarget is what becomes of each axis of a known shape.
func (c *lifting) resizeTarget(a resizeAttrs, shape []int) (*resizeTarget, error) {
	scales, sizes, err := c.resizeInputs()
	if err != nil {
		return nil, err
	}
	t, err := a.target(shape, scales, sizes)
	if err == nil && a.coordinates == "tf_crop_and_resize" {
		err = t.crop(c.in[1].fixed)
	}
	return t, err
}

// matrix is what resizing axis i multiplies it with, [m,n]: the host's kernel
// applied to the unit matrix.
func (a resizeAttrs) matrix(t *resizeTarget, i int) (*tensor.Tensor, error) {
	n, m := t.from[i], t.sizes[i]
	if n*m > 1<<24 {
		return nil, noForm("resizing %d to %d", n, m)
	}
	unit := tensor.New(tensor.Float32, n, n)
	for j := range n {
		unit.Float32s()[j*n+j] = 1
	}
	alone := &resizeTarget{from: []int{n, n}, sizes: []int{m, n}, scales: []float64{t.scales[i], 1}, lengths: []float64{t.lengths[i], float64(n)}}
	if t.roi != nil {
		alone.roi = [][2]float64{t.roi[i], {0, 1}}
	}
	a.extrapolation = 0
	return a.run(unit, alone)
}

// interpolated reports whether the graph's Interpolate does the same, and how.
func (c *lifting) interpolated(a resizeAttrs, to graph.Shape) (o graph.InterpolateOptions, ok bool) {
	s := c.in[0].shape()
	if len(s) < 3 || len(to) != len(s) || !to[0].Equal(s[0]) || !to[1].Equal(s[1]) || a.antialias || a.excludeOutside {
		return o, false
	}
	for i, d := range to { // there must be elements on both sides
		if n, known := d.Known(); known && n < 1 || s[i].Is(0) {
			return o, false
		}
	}
	switch o.AlignCorners = a.coordinates == "align_corners"; {
	case !o.AlignCorners && a.coordinates != "half_pixel":
	case a.mode == "linear":
		o.Mode, ok = graph.Bilinear, true
	case a.mode == "cubic" && a.cubicA == -0.75:
		o.Mode, ok = graph.Bicubic, true
	}
	return o, ok
}

// plainResize reports whether the graph's Resize does the same.
func (c *lifting) plainResize(a resizeAttrs, to graph.Shape) bool {
	s := c.in[0].shape()
	return len(s) == 4 && to[0].Equal(s[0]) && to[1].Equal(s[1]) && a.coordinates == "half_pixel" && !(a.antialias && a.excludeOutside) &&
		(a.mode == "linear" || a.mode == "nearest" && a.nearest == "round_prefer_floor")
}

// resized gives the new shape, and whether the scales are those of old and new length.
func (c *lifting) resized(a resizeAttrs) (to graph.Shape, exact bool, err error) {
	shape := c.in[0].shape()
	if a.coordinates == "tf_crop_and_resize" && (!c.train || !c.has(1) || c.in[1].fixed == nil) {
		return nil, false, noForm("its region depends on values")
	}
	if from, ok := shape.Known(); ok {
		t, err := c.resizeTarget(a, from)
		if err != nil {
			return nil, false, err
		}
		exact = true
		for i, n := range t.sizes {
			exact = exact && t.scales[i] == float64(n)/float64(from[i])
		}
		return graph.Ints(t.sizes...), exact, nil
	}
	if a.axes != nil || a.policy != "stretch" {
		return nil, false, noForm("a symbolic size with the attribute axes or keep_aspect_ratio_policy")
	}
	if c.has(3) {
		if to, err = c.dims(3); err == nil && len(to) != len(shape) {
			err = noForm("it resizes %v to %v", shape, to)
		}
		return to, true, err
	}
	at := 2
	if c.call.version < 11 || c.call.node.OpType == "Upsample" {
		at = 1
	}
	if !c.has(at) {
		return nil, false, errLift
	}
	by, err := sizeValues(c.in[at])
	if err != nil {
		return nil, false, err
	}
	if len(by.values) != len(shape) {
		return nil, false, noForm("it has %d scales", len(by.values))
	}
	for i, s := range by.values {
		grown := wholeRatio(shape[i]).mul(s)
		if grown.den != 1 {
			return nil, false, noForm("scale %v/%d of the symbolic size %v", s.num, s.den, shape[i])
		}
		to = append(to, grown.num)
	}
	return to, true, nil
}

// resizeInputs returns the scales and sizes, nil where left out.
func (c *lifting) resizeInputs() (scales, sizes *tensor.Tensor, err error) {
	at := [2]int{2, 3}
	if c.call.version < 11 || c.call.node.OpType == "Upsample" {
		at = [2]int{1, 3}
	}
	var known [2]*tensor.Tensor
	for i, in := range at {
		if c.has(in) {
			if known[i] = c.in[in].fixed; known[i] == nil {
				return nil, nil, noForm("its sizes depend on values")
			}
		}
	}
	return known[0], known[1], nil
}

// repeated upsamples to the nearest neighbour by whole factors, for which all
// roundings agree but for those upwards.
func (c *lifting) repeated(a resizeAttrs, to graph.Shape) (bool, error) {
	if a.mode != "nearest" || a.coordinates == "align_corners" {
		return false, nil
	}
	if a.coordinates == "asymmetric" && a.nearest != "floor" || a.coordinates != "asymmetric" && (a.nearest == "floor" || a.nearest == "ceil") {
		return false, nil
	}
	x, image := c.in[0], c.in[0].isImage()
	shape := x.shape()
	factors := make([]int, len(shape))
	for i := range shape {
		if shape[i].Is(0) {
			return false, nil
		}
		factor, ok := to[i].Div(shape[i]).Known()
		if !ok || factor < 1 || !shape[i].MulInt(factor).Equal(to[i]) {
			return false, nil
		}
		factors[i] = factor
	}
	repeat := func(x *graph.Node, axes []int) *graph.Node {
		for at, i := range axes {
			if factors[i] > 1 {
				x = graph.Repeat(x, at, factors[i])
			}
		}
		return x
	}
	if image {
		return true, c.setLast(repeat(c.channelsLast(x), toLast))
	}
	return true, c.set(repeat(c.arg(0), axesFrom(0, len(shape))))
}

// weighted multiplies the axis of x with w [m,n], of which few elements of a row
// are not zero: it gathers what each position takes, one term after the other.
func weighted(x *graph.Node, axis int, w *tensor.Tensor) *graph.Node {
	m, n := w.Shape()[0], w.Shape()[1]
	taps := 0
	rows := make([][]int, m)
	for i := range rows {
		for j, v := range w.Float32s()[i*n : (i+1)*n] {
			if v != 0 {
				rows[i] = append(rows[i], j)
			}
		}
		taps = max(taps, len(rows[i]))
	}
	g := x.Graph()
	if taps > 4 {
		return swapped(x, axis, -1, func(x *graph.Node) *graph.Node {
			to := append(slices.Clone(x.Shape()[:x.Rank()-1]), graph.Const(m))
			return graph.Reshape(graph.MatMulT(graph.Reshape(x, graph.Const(-1), graph.Const(n)), g.Const(w), false, true), to...)
		})
	}
	var sum *graph.Node
	for k := range taps {
		index, weight := tensor.New(tensor.Int64, m), tensor.New(tensor.Float32, m)
		for i, row := range rows {
			if k < len(row) {
				index.Int64s()[i], weight.Float32s()[i] = int64(row[k]), w.Float32s()[i*n+row[k]]
			}
		}
		term := graph.Mul(graph.Gather(x, g.Const(index), axis), trailing(g.Const(weight), x.Rank()-1-axis))
		if sum == nil {
			sum = term
		} else {
			sum = graph.Add(sum, term)
		}
	}
	return sum
}
