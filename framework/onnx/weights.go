package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

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
// of g or of a graph within it does.
func readByValue(g *Graph) map[string]bool {
	found := map[string]bool{}
	for _, n := range g.Nodes {
		for _, i := range valueInputs[operatorName(n)] {
			if i < len(n.Inputs) {
				found[n.Inputs[i]] = true
			}
		}
		for _, a := range n.Attributes {
			if a.G != nil {
				for name := range readByValue(a.G) {
					found[name] = true
				}
			}
		}
	}
	return found
}
