package prune

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Magnitude prunes the share sparsity, in [0, 1), of each masked variable: its
// weights of the smallest absolute value. Of equal ones the first go.
func (m *Masks) Magnitude(sparsity float64) error {
	if err := share(sparsity); err != nil {
		return err
	}
	for _, k := range m.list {
		if err := k.set(smallest(absolute(k.kept().Float32s()), sparsity)); err != nil {
			return err
		}
	}
	return nil
}

// Pattern keeps at most n of every m consecutive inputs of each output: with 2
// and 4 the pattern that accelerators offer. Inputs are all axes of a weight but
// the last, in their order; a remainder of fewer than m keeps n too.
// Source: Mishra et al. 2021, arXiv:2104.08378.
func (m *Masks) Pattern(n, of int) error {
	if n < 1 || of < n {
		return fmt.Errorf("prune: %d of %d is no pattern", n, of)
	}
	for _, k := range m.list {
		w := absolute(k.kept().Float32s())
		out := k.weight.Shape()[len(k.weight.Shape())-1]
		in := len(w) / max(out, 1)
		keep := make([]float32, len(w))
		for j := range out {
			for first := 0; first < in; first += of {
				group := make([]int, min(of, in-first))
				for i := range group {
					group[i] = (first+i)*out + j
				}
				slices.SortStableFunc(group, func(a, b int) int { return cmp.Compare(w[b], w[a]) })
				for _, at := range group[:min(n, len(group))] {
					keep[at] = 1
				}
			}
		}
		if err := k.set(keep); err != nil {
			return err
		}
	}
	return nil
}

// Channels prunes the share sparsity, in [0, 1), of the output channels (the
// last axis) of each masked variable: those with the smallest sum of absolute
// weights. Source: Li et al. 2017, arXiv:1608.08710.
func (m *Masks) Channels(sparsity float64) error {
	if err := share(sparsity); err != nil {
		return err
	}
	for _, k := range m.list {
		w := absolute(k.kept().Float32s())
		norms := make([]float64, k.weight.Shape()[len(k.weight.Shape())-1])
		for i, v := range w {
			norms[i%len(norms)] += v
		}
		channels := smallest(norms, sparsity)
		keep := make([]float32, len(w))
		for i := range keep {
			keep[i] = channels[i%len(norms)]
		}
		if err := k.set(keep); err != nil {
			return err
		}
	}
	return nil
}

func share(sparsity float64) error {
	if !(sparsity >= 0 && sparsity < 1) {
		return fmt.Errorf("prune: the sparsity %v is not in [0, 1)", sparsity)
	}
	return nil
}

func absolute(w []float32) []float64 {
	a := make([]float64, len(w))
	for i, v := range w {
		a[i] = math.Abs(float64(v))
	}
	return a
}

// smallest gives 0 to the share of values that are smallest and 1 to the others.
func smallest(values []float64, sparsity float64) []float32 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	keep := make([]float32, len(values))
	for i, at := range order {
		if i >= int(math.Round(sparsity*float64(len(values)))) {
			keep[at] = 1
		}
	}
	return keep
}
