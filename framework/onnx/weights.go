package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// weights collects the constants of a model that Import keeps as variables.
type weights struct {
	list        []weight
	dequantised bool // what DequantizeLinear makes of constants is a weight too
}

type weight struct {
	name  string
	slot  int // in the outermost program
	value *tensor.Tensor
}

// keepWeight makes the constant in slot i a variable when it is a weight.
func (s *scope) keepWeight(name string, i int) {
	t := s.prog.consts[i]
	if s.weights == nil || t == nil || s.byValue[name] || t.DType() != tensor.Float32 || t.Len() < 2 {
		return
	}
	s.prog.consts[i] = nil
	s.slots[name] = s.weightSlot(name, i, t)
}

// weightSlot places a weight in the outermost scope; those within capture it.
func (s *scope) weightSlot(name string, i int, t *tensor.Tensor) int {
	if s.outer == nil {
		s.weights.list = append(s.weights.list, weight{name, i, t})
		return i
	}
	outer := s.prog.name + "/" + name
	for _, taken := s.outer.lookup(outer); taken; _, taken = s.outer.lookup(outer) {
		outer += "'"
	}
	s.outer.slots[outer] = s.outer.weightSlot(outer, s.outer.slot(outer), t)
	at, _ := s.lookup(outer)
	return at
}

// readByValue lists the names whose elements, not only shape, decide what a node
// of g or of a graph within it does, and those that the sizes among them follow
// from.
func readByValue(g *Graph) map[string]bool {
	found := map[string]bool{}
	g.markByValue(found, map[string]bool{})
	return found
}

// markByValue adds to found; sizes are the names that shapes follow from.
func (g *Graph) markByValue(found, sizes map[string]bool) {
	for _, n := range slices.Backward(g.Nodes) {
		name := operatorName(n)
		if name != "Shape" && name != "Size" && slices.ContainsFunc(n.Outputs, func(o string) bool { return sizes[o] }) {
			for _, in := range n.Inputs {
				found[in], sizes[in] = true, true
			}
		}
		for _, i := range valueInputs[name] {
			if i < len(n.Inputs) && n.Inputs[i] != "" {
				found[n.Inputs[i]] = true
				sizes[n.Inputs[i]] = sizes[n.Inputs[i]] || !tracedByValue[name]
			}
		}
		for _, a := range n.Attributes {
			if a.G != nil {
				a.G.markByValue(found, sizes)
			}
		}
	}
	delete(found, "")
	delete(sizes, "")
}

// tracedByValue lists those of valueInputs that the graph can have as computed
// nodes: what they follow from may be trained.
var tracedByValue = map[string]bool{"Clip": true, "Pad": true, "OneHot": true, "QuantizeLinear": true, "DequantizeLinear": true, "RoiAlign": true}
