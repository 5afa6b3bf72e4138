package prune

import (
	"fmt"
	"strings"
)

// Report counts what is pruned.
type Report struct {
	Weights []Sparsity // of each masked variable, in the model's order
	Total   Sparsity   // of all of them
}

// Sparsity is how many of a variable's values and output channels are zero.
type Sparsity struct {
	Name                   string
	Zeros, Values          int
	DeadChannels, Channels int
}

// Share is the share of zeros.
func (s Sparsity) Share() float64 { return float64(s.Zeros) / float64(max(s.Values, 1)) }

// Report counts the zeros of W·mask.
func (m *Masks) Report() Report {
	r := Report{Total: Sparsity{Name: "total"}}
	for _, k := range m.list {
		w, shape := k.kept().Float32s(), k.weight.Shape()
		s := Sparsity{Name: k.weight.Name(), Values: len(w), Channels: shape[len(shape)-1]}
		alive := make([]bool, s.Channels)
		for i, v := range w {
			if v == 0 {
				s.Zeros++
			} else {
				alive[i%s.Channels] = true
			}
		}
		for _, a := range alive {
			if !a {
				s.DeadChannels++
			}
		}
		r.Weights = append(r.Weights, s)
		r.Total.Zeros += s.Zeros
		r.Total.Values += s.Values
		r.Total.DeadChannels += s.DeadChannels
		r.Total.Channels += s.Channels
	}
	return r
}

// String is a line for each variable and one for all.
func (r Report) String() string {
	var b strings.Builder
	for _, s := range append(r.Weights[:len(r.Weights):len(r.Weights)], r.Total) {
		fmt.Fprintf(&b, "%s: %d of %d values zero (%.1f %%), %d of %d channels\n", s.Name, s.Zeros, s.Values, 100*s.Share(), s.DeadChannels, s.Channels)
	}
	return b.String()
}
