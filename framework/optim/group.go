package optim

import (
	"strings"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
)

// Group says how some variables differ from the others. It takes the variables
// whose names begin with Prefix and which Match accepts; the zero value takes
// all and changes nothing.
type Group struct {
	Prefix string
	Match  func(v *graph.Variable) bool // nil accepts all

	// Frozen variables keep their values; their gradients are not computed.
	// Running statistics of normalisation still move.
	Frozen bool
	// LRScale multiplies the learning rate; 0 means 1.
	LRScale float32
	// WeightDecay takes the place of the rule's, for vectors too; 0 keeps the
	// rule's, a negative number means none.
	WeightDecay float32
	Rule        Rule // nil means the rule that Apply is given
}

func (o Group) takes(v *graph.Variable) bool {
	return strings.HasPrefix(v.Name(), o.Prefix) && (o.Match == nil || o.Match(v))
}

// group returns the first group that takes v, or the zero value.
func (o Options) group(v *graph.Variable) Group {
	for _, g := range o.Groups {
		if g.takes(v) {
			return g
		}
	}
	return Group{}
}

// trained lists the variables that are updated.
func (o Options) trained(params *nn.Params) []*graph.Variable {
	var list []*graph.Variable
	for _, v := range params.Trainable() {
		if !o.group(v).Frozen {
			list = append(list, v)
		}
	}
	return list
}
