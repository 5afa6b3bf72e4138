package vision

import (
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// export makes the model of the parameters as they stand: images uint8
// [N,H,W,C] of any size go in, "probabilities" float32 [N,classes] come out.
func (m *model) export() (*onnx.Model, error) {
	b := onnx.NewBuilder("macaw image classifier")
	image := b.Input("image", tensor.Uint8, "N", "H", "W", m.plan.c)
	pixels := onnx.PrepareImage(b, image, m.prepare)
	var x, y *graph.Node
	err := graph.Trace(func() {
		x = graph.New(graph.Inference).Input("image", tensor.Float32, graph.Dims("N", m.plan.h, m.plan.w, m.plan.c)...)
		y = m.probabilities(x)
	})
	if err != nil {
		return nil, err
	}
	out, err := b.Graph([]*graph.Node{y}, map[*graph.Node]string{x: pixels})
	if err != nil {
		return nil, err
	}
	b.Output("probabilities", out[0], tensor.Float32, "N", m.classes)
	return b.Model(), nil
}
