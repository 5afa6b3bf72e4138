package onnx

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{"DFT": liftDFT, "STFT": liftSTFT} {
		lifters[name], floatOnly[name], forTraining[name] = f, true, true
	}
}

// fourierMatrix is the discrete Fourier transform as a matrix [n·parts, bins·2] for
// n numbers of one (real) or two parts out of length, the others of which are 0.
func fourierMatrix(n, parts, length, bins int, inverse bool) (*tensor.Tensor, error) {
	if n*parts > 1<<24/(2*bins) {
		return nil, noForm("a transform of %d numbers", length)
	}
	m := tensor.New(tensor.Float32, n*parts, bins*2)
	sign, norm := -1.0, 1.0
	if inverse {
		sign, norm = 1, 1/float64(length)
	}
	for i := range min(n, length) {
		for k := range bins {
			sin, cos := math.Sincos(2 * math.Pi * float64(i*k%length) / float64(length))
			row := m.Float32s()[i*parts*bins*2+2*k:]
			row[0], row[1] = float32(cos*norm), float32(sign*sin*norm)
			if parts == 2 {
				row = row[bins*2:]
				row[0], row[1] = float32(-sign*sin*norm), float32(cos*norm)
			}
		}
	}
	return m, nil
}

// liftDFT multiplies with a matrix, for a known length.
func liftDFT(c *lifting) error {
	x := c.arg(0)
	raw := c.call.int("axis", 1)
	if c.call.version >= 20 {
		raw = -2
	}
	if c.has(2) {
		v, err := c.vals(2)
		if err != nil || len(v) != 1 {
			return noForm("its axis depends on values")
		}
		raw = v[0]
	}
	axis, err := axisOf(raw, x.Rank())
	if err != nil {
		return err
	}
	n, ok := x.Dim(axis).Known()
	parts, complete := x.Dim(-1).Known()
	if !ok || !complete || axis == x.Rank()-1 || parts > 2 {
		return noForm("a transform along axis %d of %v", axis, x.Shape())
	}
	var given *tensor.Tensor
	if c.has(1) {
		if given = c.in[1].fixed; given == nil {
			return noForm("its length depends on values")
		}
	}
	length, err := transformLength(given, n)
	if err != nil {
		return err
	}
	bins := length
	if c.call.flag("onesided", false) {
		bins = length/2 + 1
	}
	m, err := fourierMatrix(n, parts, length, bins, c.call.flag("inverse", false))
	if err != nil {
		return err
	}
	last := x.Rank() - 2
	return c.set(swapped(x, axis, last, func(x *graph.Node) *graph.Node {
		y := graph.Linear(graph.Reshape(x, graph.Const(-1), graph.Const(n*parts)), c.g.Const(m), nil)
		return graph.Reshape(y, append(slices.Clone(x.Shape()[:last]), graph.Const(bins), graph.Const(2))...)
	}))
}

// liftSTFT is a convolution of the signal with the matrix, whose rows the window
// scales.
func liftSTFT(c *lifting) error {
	x := c.arg(0)
	if x.Rank() == 2 {
		x = graph.Unsqueeze(x, -1)
	}
	parts, ok := x.Dim(-1).Known()
	step, err := c.vals(1)
	if err != nil || len(step) != 1 || !ok || x.Rank() != 3 {
		return noForm("frames of %v by a step that depends on values", x.Shape())
	}
	length := 0
	if c.has(2) {
		length, ok = c.in[2].shape().Size().Known()
	}
	if c.has(3) {
		v, err := c.vals(3)
		if err != nil || len(v) != 1 {
			return noForm("the length of a frame depends on values")
		}
		length = int(v[0])
	}
	if !ok || length < 1 || length > maxTransform || step[0] < 1 {
		return noForm("frames of %d by step %d", length, step[0])
	}
	bins := length
	if c.call.flag("onesided", true) {
		bins = length/2 + 1
	}
	m, err := fourierMatrix(length, parts, length, bins, false)
	if err != nil {
		return err
	}
	w := c.g.Const(m.Reshape(length, parts, bins*2))
	if c.has(2) {
		w = graph.Mul(w, graph.Reshape(c.arg(2), graph.Const(length), graph.Const(1), graph.Const(1)))
	}
	y := graph.Conv1D(x, w, nil, graph.ConvOptions{Stride: int(step[0])})
	return c.set(graph.Reshape(y, y.Dim(0), y.Dim(1), graph.Const(bins), graph.Const(2)))
}
