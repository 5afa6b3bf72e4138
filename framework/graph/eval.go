package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Eval computes one node, for debugging: feeds gives the inputs it needs.
// Assignments of the graph are not made.
func Eval(dev chip.Device, n *Node, feeds map[*Node]*tensor.Tensor) (*tensor.Tensor, error) {
	quiet := *n.Graph()
	quiet.assigns = nil
	p := Program{Outputs: []*Node{n}}
	var ins []*tensor.Tensor
	for _, c := range reachable(&quiet, p.Outputs) {
		if t := feeds[c.out[0]]; t != nil {
			p.Inputs = append(p.Inputs, c.out[0])
			ins = append(ins, t)
		}
	}
	e, err := compile(dev, &quiet, p, p.passes())
	if err != nil {
		return nil, err
	}
	defer e.Close()
	outs, err := e.Run(ins...)
	if err != nil {
		return nil, err
	}
	return outs[0], nil
}
