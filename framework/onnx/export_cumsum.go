package onnx

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func exportCumSum(x *exporter, n *graph.Node) error {
	a := n.Op().Attrs.(graph.CumSumAttrs)
	attrs := Attrs{}
	if a.Exclusive {
		attrs["exclusive"] = 1
	}
	if a.Reverse {
		attrs["reverse"] = 1
	}
	return x.set(n, x.b.Op("CumSum", attrs, x.plain(n.Inputs()[0]), x.b.Const(tensor.Scalar(int64(a.Axis)))))
}
