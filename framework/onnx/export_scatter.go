package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// exportGatherGrad adds rows to zeros.
func exportGatherGrad(x *exporter, n *graph.Node) error {
	shape, err := x.dims(n, n.Op().Attrs.(graph.ShapeAttrs).Shape, nil, false)
	if err != nil {
		return err
	}
	b, in := x.b, n.Inputs()
	zeros := b.Op("ConstantOfShape", nil, shape)
	index := b.Op("Unsqueeze", nil, b.Op("Cast", Attrs{"to": tensor.Int64}, x.plain(in[1])), b.Ints(-1))
	return x.set(n, b.Op("ScatterND", Attrs{"reduction": "add"}, zeros, index, x.plain(in[0])))
}

func exportTopK(x *exporter, n *graph.Node) error {
	a := n.Op().Attrs.(graph.TopKAttrs)
	k, err := x.dims(n, graph.Shape{a.K}, n.Inputs()[0], false)
	if err != nil {
		return err
	}
	return x.set(n, x.b.OpN(2, "TopK", Attrs{"largest": !a.Smallest}, x.plain(n.Inputs()[0]), k)[1])
}
