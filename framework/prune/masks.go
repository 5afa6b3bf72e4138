package prune

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Masks are the masks of some variables; New makes them.
type Masks struct {
	params *nn.Params
	list   []*mask
	of     map[*graph.Variable]*mask
}

// mask keeps the weights where keep is 1.
type mask struct{ weight, keep *graph.Variable }

// New makes masks that keep everything for the trainable variables of params
// that have two and more axes and are targets, by full name and shape; nil
// means all of them.
func New(params *nn.Params, targets func(name string, shape []int) bool) *Masks {
	m := &Masks{params: nn.NewParams(params.Seed()), of: map[*graph.Variable]*mask{}}
	for _, v := range params.Trainable() {
		if len(v.Shape()) < 2 || targets != nil && !targets(v.Name(), v.Shape()) {
			continue
		}
		k := &mask{v, m.params.Sub(v.Name()).State("mask", nn.Ones, v.Shape()...)}
		m.list, m.of[v] = append(m.list, k), k
	}
	return m
}

// Params holds the masks, "<weight>/mask", for checkpoints. They are not trainable.
func (m *Masks) Params() *nn.Params { return m.params }

// Apply returns outputs with every masked weight W read as W·mask. It comes
// after the trace of the model and before losses' gradients.
func (m *Masks) Apply(outputs ...*graph.Node) []*graph.Node {
	return graph.Rewrite(func(n *graph.Node, _ []*graph.Node) *graph.Node {
		if a, ok := n.Op().Attrs.(graph.VarAttrs); ok && m.of[a.Variable] != nil {
			return graph.Mul(n, n.Graph().Var(m.of[a.Variable].keep))
		}
		return nil
	}, outputs...)
}

// Remove writes the zeros into the weights: W = W·mask. Masked and plain graphs
// agree from then on.
func (m *Masks) Remove() error {
	for _, k := range m.list {
		w := k.kept()
		if err := k.weight.Set(w); err != nil {
			return fmt.Errorf("remove masks: %w", err)
		}
	}
	return nil
}

// kept returns W·mask. A pruned weight is 0 even when it is not finite.
func (k *mask) kept() *tensor.Tensor {
	w, keep := k.weight.Value(), k.keep.Value().Float32s()
	for i := range w.Float32s() {
		if keep[i] == 0 {
			w.Float32s()[i] = 0
		}
	}
	return w
}

// set stores keep as the mask.
func (k *mask) set(keep []float32) error {
	if err := k.keep.Set(tensor.Of(keep, k.keep.Shape()...)); err != nil {
		return fmt.Errorf("prune %s: %w", k.weight.Name(), err)
	}
	return nil
}
