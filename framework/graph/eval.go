package graph

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Eval computes one node, for debugging: feeds gives the inputs it needs. Any
// node will do, also in the middle of a training graph, a gradient, or the new
// value of a variable: assignments of the graph are not made, so variables and
// the step counter stay as they are, and random operators draw what the next
// run will draw.
func Eval(dev chip.Device, n *Node, feeds map[*Node]*tensor.Tensor) (_ *tensor.Tensor, err error) {
	defer recoverShape(&err)
	if n == nil {
		return nil, fmt.Errorf("eval: the node is nil")
	}
	quiet := *n.Graph()
	quiet.assigns = nil
	p := Program{Outputs: []*Node{n}}
	var ins []*tensor.Tensor
	// Inputs that n does not read may still tell the length of a symbol.
	for _, in := range n.Graph().nodes {
		if t := feeds[in]; t != nil {
			p.Inputs = append(p.Inputs, in)
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
