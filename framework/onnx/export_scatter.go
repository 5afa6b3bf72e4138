package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// exportConvTranspose brings weights [KH,KW,K/g,C] to [C,K/g,KH,KW].
func exportConvTranspose(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.ConvTransposeAttrs), n.Inputs()
	attrs := windowOf(a.Window)
	attrs["group"], attrs["output_padding"] = a.Groups, a.OutputPad[:]
	var weights string
	if w := constant(in[1]); w != nil {
		w, err := transpose(w, []int64{3, 2, 0, 1})
		if err != nil {
			return x.fail(n, "%v", err)
		}
		weights = x.b.Const(w)
	} else {
		weights = x.b.Op("Transpose", Attrs{"perm": []int{3, 2, 0, 1}}, x.plain(in[1]))
	}
	x.first[n] = x.b.Op("ConvTranspose", attrs, x.channelsFirst(in[0]), weights)
	return nil
}

// exportScatterAdd adds the rows of the updates to zeros.
func exportScatterAdd(x *exporter, n *graph.Node) error {
	in := n.Inputs()
	shape, err := x.dims(n, n.Shape(), in[0], false)
	if err != nil {
		return err
	}
	b := x.b
	index := b.Op("Unsqueeze", nil, b.Op("Cast", Attrs{"to": tensor.Int64}, x.plain(in[1])), b.Ints(-1))
	zeros := b.Op("Expand", nil, b.Float(0), shape)
	return x.set(n, b.Op("ScatterND", Attrs{"reduction": "add"}, zeros, index, x.plain(in[0])))
}

// exportArgSort takes the positions that TopK gives beside the values.
func exportArgSort(x *exporter, n *graph.Node) error {
	a, in := n.Op().Attrs.(graph.ArgSortAttrs), n.Inputs()[0]
	k, err := x.dims(n, graph.Shape{a.Length}, in, false)
	if err != nil {
		return err
	}
	return x.set(n, x.b.OpN(2, "TopK", Attrs{"axis": -1, "largest": a.Descending, "sorted": true}, x.plain(in), k)[1])
}
