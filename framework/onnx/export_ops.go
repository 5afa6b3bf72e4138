package onnx

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// exporters write the operators that are not elementwise.
var exporters map[string]func(x *exporter, n *graph.Node) error

func init() {
	exporters = map[string]func(x *exporter, n *graph.Node) error{
		"Input":           func(x *exporter, n *graph.Node) error { return x.fail(n, "the input is given no value") },
		"Conv2D":          exportConv,
		"ConvTranspose2D": exportConvTranspose,
		"GatherGrad":      exportGatherGrad,
		"TopK":            exportTopK,
		"LSTM":            exportLSTM,
		"GRU":             exportGRU,
		"MaxPool2D":       exportPool,
		"AvgPool2D":       exportPool,
		"BatchNorm":       exportBatchNorm,
		"LayerNorm":       exportLayerNorm,
		"Attention":       exportAttention,
		"RMSNorm":         exportRMSNorm,
		"Linear":          exportLinear,
		"MatMul":          exportMatMul,
		"Softmax":         exportSoftmax,
		"LogSoftmax":      exportSoftmax,
		"ReduceSum":       exportReduce,
		"ReduceMean":      exportReduce,
		"ReduceMax":       exportReduce,
		"ReduceMin":       exportReduce,
		"ReduceProd":      exportReduce,
		"ArgMax":          exportArgMax,
		"CumSum":          exportCumSum,
		"Transpose":       exportTranspose,
		"Reshape":         exportReshape,
		"Broadcast":       exportBroadcast,
		"Concat":          exportConcat,
		"Slice":           exportSlice,
		"Pad":             exportPad,
		"Gather":          exportGather,
		"OneHot":          exportOneHot,
		"Cast":            exportCast,
		"Resize":          exportResize,
		"Positions":       exportPositions,
		"Size":            exportSize,

		"QuantizeLinear":   exportAffine,
		"DequantizeLinear": exportAffine,
		"LinearInt8":       exportLinearInt8,
		"Conv2DInt8":       exportConvInt8,
	}
}

func exportSoftmax(x *exporter, n *graph.Node) error {
	return x.set(n, x.b.Op(n.Op().Name, Attrs{"axis": -1}, x.plain(n.Inputs()[0])))
}

func exportReduce(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.ReduceAttrs), n.Inputs()[0]
	if x.isImage(in) && slices.Equal(a.Axes, []int{1, 2}) {
		v := x.b.Op(n.Op().Name, Attrs{"keepdims": a.KeepDims}, x.channelsFirst(in), x.b.Ints(2, 3))
		if a.KeepDims {
			x.first[n] = v
			return nil
		}
		return x.set(n, v)
	}
	return x.set(n, x.b.Op(n.Op().Name, Attrs{"keepdims": a.KeepDims}, x.plain(in), x.b.Ints(a.Axes...)))
}

func exportArgMax(x *exporter, n *graph.Node) error {
	a := n.Op().Attrs.(graph.ArgMaxAttrs)
	op := "ArgMax"
	if a.Min {
		op = "ArgMin"
	}
	return x.set(n, x.b.Op(op, Attrs{"axis": a.Axis, "keepdims": 0}, x.plain(n.Inputs()[0])))
}

func exportTranspose(x *exporter, n *graph.Node) error {
	perm := n.Op().Attrs.(graph.TransposeAttrs).Perm
	in := n.Inputs()[0]
	if slices.Equal(perm, toFirst) && x.isImage(in) {
		return x.set(n, x.channelsFirst(in))
	}
	return x.set(n, x.transposed(x.plain(in), perm))
}

func exportReshape(x *exporter, n *graph.Node) error {
	to := n.Op().Attrs.(graph.ShapeAttrs).Shape
	in := n.Inputs()[0]
	shape, err := x.dims(n, to, in, true)
	if err != nil {
		return err
	}
	var attrs Attrs
	if slices.ContainsFunc(to, func(d graph.Dim) bool { return d.Is(0) }) {
		attrs = Attrs{"allowzero": 1} // a 0 is a length, not that of the operand
	}
	return x.set(n, x.b.Op("Reshape", attrs, x.plain(in), shape))
}

func exportBroadcast(x *exporter, n *graph.Node) error {
	in := n.Inputs()[0]
	shape, err := x.dims(n, n.Op().Attrs.(graph.ShapeAttrs).Shape, in, false)
	if err != nil {
		return err
	}
	return x.set(n, x.b.Op("Expand", nil, x.plain(in), shape))
}

func exportConcat(x *exporter, n *graph.Node) error {
	axis := n.Op().Attrs.(graph.ConcatAttrs).Axis
	if n.Rank() == 4 && !slices.ContainsFunc(n.Inputs(), func(m *graph.Node) bool { return !x.isImage(m) }) {
		var in []string
		for _, m := range n.Inputs() {
			in = append(in, x.channelsFirst(m))
		}
		x.first[n] = x.b.Op("Concat", Attrs{"axis": slices.Index(toFirst, axis)}, in...)
		return nil
	}
	var in []string
	for _, m := range n.Inputs() {
		in = append(in, x.plain(m))
	}
	return x.set(n, x.b.Op("Concat", Attrs{"axis": axis}, in...))
}

// exportSlice writes starts and ends that stay right for other sizes of
// symbolic axes: counted from the end where only the distance to it is known.
func exportSlice(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.SliceAttrs), n.Inputs()[0]
	var starts, ends []string // int64 [1] each
	var axes, steps []int
	for i, d := range in.Shape() {
		if a.Step[i] == 1 && a.Start[i].Is(0) && a.Len[i].Equal(d) {
			continue
		}
		start, ok := fromEnd(a.Start[i], d)
		end, ok2 := sliceEnd(a, i, d)
		if ok && ok2 {
			starts, ends = append(starts, x.b.Ints(start)), append(ends, x.b.Ints(end))
		} else {
			from, ok := x.readDim(a.Start[i], in)
			to, ok2 := x.readDim(a.Start[i].Add(a.Len[i].MulInt(a.Step[i])), in)
			if !ok || !ok2 || a.Step[i] < 0 {
				return x.fail(n, "the range of axis %d is not fixed", i)
			}
			starts, ends = append(starts, from), append(ends, to)
		}
		axes, steps = append(axes, i), append(steps, a.Step[i])
	}
	b := x.b
	join := func(parts []string) string {
		if len(parts) == 1 {
			return parts[0]
		}
		return b.Op("Concat", Attrs{"axis": 0}, parts...)
	}
	if len(axes) == 0 {
		return x.set(n, x.plain(in))
	}
	return x.set(n, b.Op("Slice", nil, x.plain(in), join(starts), join(ends), b.Ints(axes...), b.Ints(steps...)))
}

// fromEnd gives a position as a number: itself, or negative from the end.
func fromEnd(p, length graph.Dim) (int, bool) {
	if v, ok := p.Known(); ok {
		return v, true
	}
	v, ok := p.Sub(length).Known()
	return v, ok && v < 0
}

// The ends that mean all that is left, forwards and backwards.
const (
	sliceToEnd   = math.MaxInt32
	sliceToStart = math.MinInt32
)

func sliceEnd(a graph.SliceAttrs, i int, length graph.Dim) (int, bool) {
	step, start := a.Step[i], a.Start[i]
	if step < 0 {
		if a.Len[i].Equal(start.Div(graph.Const(-step)).AddInt(1)) {
			return sliceToStart, true
		}
		s, ok1 := start.Known()
		l, ok2 := a.Len[i].Known()
		end := s + step*l
		if end < 0 {
			end = sliceToStart
		}
		return end, ok1 && ok2
	}
	if a.Len[i].Equal(length.Sub(start).AddInt(step - 1).Div(graph.Const(step))) {
		return sliceToEnd, true
	}
	if v, ok := start.Add(a.Len[i].MulInt(step)).Known(); ok {
		return v, true
	}
	v, ok := start.Add(a.Len[i].MulInt(step)).Sub(length).Known()
	return v, ok && v < 0
}

func exportPad(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.PadAttrs), n.Inputs()[0]
	fill, err := cast(tensor.Scalar(a.Value), n.DType())
	if err != nil {
		return x.fail(n, "%v", err)
	}
	if x.isImage(in) {
		var before, after []int
		for _, p := range toFirst {
			before, after = append(before, a.Before[p]), append(after, a.After[p])
		}
		x.first[n] = x.b.Op("Pad", nil, x.channelsFirst(in), x.b.Ints(append(before, after...)...), x.b.Const(fill))
		return nil
	}
	pads := slices.Concat(a.Before, a.After)
	return x.set(n, x.b.Op("Pad", nil, x.plain(in), x.b.Ints(pads...), x.b.Const(fill)))
}

func exportGather(x *exporter, n *graph.Node) error {
	axis := n.Op().Attrs.(graph.GatherAttrs).Axis
	return x.set(n, x.b.Op("Gather", Attrs{"axis": axis}, x.plain(n.Inputs()[0]), x.plain(n.Inputs()[1])))
}

// exportOneHot compares, because ONNX's OneHot counts negative indices from the end.
func exportOneHot(x *exporter, n *graph.Node) error {
	classes := make([]int, n.Op().Attrs.(graph.OneHotAttrs).Depth)
	for i := range classes {
		classes[i] = i
	}
	index := x.b.Op("Unsqueeze", nil, x.plain(n.Inputs()[0]), x.b.Ints(-1))
	return x.set(n, x.b.Op("Cast", Attrs{"to": tensor.Float32}, x.b.Op("Equal", nil, index, x.b.Ints(classes...))))
}

func exportCast(x *exporter, n *graph.Node) error {
	return x.set(n, x.b.Op("Cast", Attrs{"to": n.Op().Attrs.(graph.CastAttrs).To}, x.plain(n.Inputs()[0])))
}

func exportResize(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.ResizeAttrs), n.Inputs()[0]
	mode := "nearest"
	if a.Mode == chip.Linear {
		mode = "linear"
	}
	sizes, err := x.dims(n, graph.Shape{a.Height, a.Width}, in, false)
	if err != nil {
		return err
	}
	x.first[n] = resizeTo(x.b, x.channelsFirst(in), sizes, Attrs{"mode": mode, "antialias": a.Antialias})
	return nil
}

// resizeTo scales v [N,C,H,W] to sizes, int64 [2]. It gives all four sizes:
// onnxruntime mishandles the attribute axes when it moves transposes.
func resizeTo(b *Builder, v, sizes string, attrs Attrs) string {
	all := b.Op("Concat", Attrs{"axis": 0}, b.Op("Shape", Attrs{"start": 0, "end": 2}, v), sizes)
	return b.Op("Resize", attrs, v, "", "", all)
}

func exportPositions(x *exporter, n *graph.Node) error {
	length, err := x.dims(n, graph.Shape{n.Op().Attrs.(graph.PositionsAttrs).Length}, nil, false)
	if err != nil {
		return err
	}
	b := x.b
	zero, one := b.Const(tensor.Scalar(int64(0))), b.Const(tensor.Scalar(int64(1)))
	return x.set(n, b.Op("Range", nil, zero, b.Op("Squeeze", nil, length), one))
}

func exportSize(x *exporter, n *graph.Node) error {
	a := n.Op().Attrs.(graph.SizeAttrs)
	size, err := x.dims(n, graph.Shape{a.Dim}, nil, false)
	if err != nil {
		return err
	}
	size = x.b.Op("Squeeze", nil, size)
	if !a.Int {
		size = x.b.Op("Cast", Attrs{"to": tensor.Float32}, size)
	}
	return x.set(n, size)
}

// dims makes an int64 vector of the dimensions. Symbolic ones are read off a
// value that has them: in first, then any exported value. With hole, one that
// is found nowhere becomes -1.
func (x *exporter) dims(n *graph.Node, dims graph.Shape, in *graph.Node, hole bool) (string, error) {
	var parts []string
	var run []int
	flush := func() {
		if len(run) > 0 {
			parts = append(parts, x.b.Ints(run...))
			run = nil
		}
	}
	unknown := 0
	for _, d := range dims {
		if _, ok := d.Known(); !ok {
			unknown++
		}
	}
	for _, d := range dims {
		v, ok := d.Known()
		if ok {
			run = append(run, v)
			continue
		}
		if hole && unknown == 1 {
			hole = false
			run = append(run, -1)
			continue
		}
		size, ok := x.readDim(d, in)
		switch {
		case ok:
			flush()
			parts = append(parts, size)
		case hole:
			hole = false
			run = append(run, -1)
		default:
			return "", x.fail(n, "no value has the dimension %v", d)
		}
	}
	flush()
	switch len(parts) {
	case 0:
		return x.b.Ints(), nil
	case 1:
		return parts[0], nil
	}
	return x.b.Op("Concat", Attrs{"axis": 0}, parts...), nil
}

// findDim finds a value with the dimension d and takes it from its shape.
func (x *exporter) findDim(d graph.Dim, in *graph.Node) (string, bool) {
	from := func(n *graph.Node) (string, bool) {
		for i, e := range n.Shape() {
			if e.Equal(d) {
				v, at := x.last[n], i
				if v == "" {
					v, at = x.first[n], slices.Index(toFirst, i)
				}
				return x.b.Op("Shape", Attrs{"start": at, "end": at + 1}, v), true
			}
		}
		return "", false
	}
	if in != nil {
		if v, ok := from(in); ok {
			return v, true
		}
	}
	var known []*graph.Node
	for _, m := range []map[*graph.Node]string{x.last, x.first} {
		for n := range m {
			known = append(known, n)
		}
	}
	slices.SortFunc(known, func(a, b *graph.Node) int { return a.ID() - b.ID() })
	for _, n := range known {
		if v, ok := from(n); ok {
			return v, true
		}
	}
	return "", false
}
