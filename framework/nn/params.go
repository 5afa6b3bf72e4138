package nn

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Params is a tree of named variables. Sub returns branches that share the
// tree's variables.
type Params struct {
	tree   *tree
	prefix string
}

type tree struct {
	seed   uint64
	vars   []*graph.Variable
	byName map[string]*graph.Variable
}

// NewParams makes an empty tree whose initial values follow from seed.
func NewParams(seed uint64) *Params {
	return &Params{tree: &tree{seed: seed, byName: map[string]*graph.Variable{}}}
}

// Sub returns the branch name of p.
func (p *Params) Sub(name string) *Params {
	return &Params{tree: p.tree, prefix: p.prefix + name + "/"}
}

// Subf is Sub with a formatted name, for numbered blocks.
func (p *Params) Subf(format string, args ...any) *Params { return p.Sub(fmt.Sprintf(format, args...)) }

// Seed returns the seed of the tree.
func (p *Params) Seed() uint64 { return p.tree.seed }

// Weight adds a trainable variable. It panics when the name is taken.
func (p *Params) Weight(name string, init Initialiser, dims ...int) *graph.Variable {
	return p.add(name, init, true, dims)
}

// State adds a variable that optimisers leave alone, such as a running mean.
func (p *Params) State(name string, init Initialiser, dims ...int) *graph.Variable {
	return p.add(name, init, false, dims)
}

func (p *Params) add(name string, init Initialiser, trainable bool, dims []int) *graph.Variable {
	path := p.prefix + name
	t := tensor.New(tensor.Float32, dims...)
	init(t.Float32s(), dims, random(p.tree.seed, path))
	v := graph.NewVariable(path, t, trainable)
	p.Add(v)
	return v
}

// Add registers a variable made elsewhere under its own name. It panics when
// the name is taken.
func (p *Params) Add(v *graph.Variable) {
	if p.tree.byName[v.Name()] != nil {
		graph.Fail("Params", nil, "there are two variables named %q; make layers of one kind under branches of their own with Sub", v.Name())
	}
	p.tree.byName[v.Name()] = v
	p.tree.vars = append(p.tree.vars, v)
}

// Variables returns all variables of the tree in the order in which they were made.
func (p *Params) Variables() []*graph.Variable { return slices.Clone(p.tree.vars) }

// Trainable returns the variables that optimisers update.
func (p *Params) Trainable() []*graph.Variable {
	return slices.DeleteFunc(p.Variables(), func(v *graph.Variable) bool { return !v.Trainable() })
}

// Get returns the variable of that full name, or nil.
func (p *Params) Get(name string) *graph.Variable { return p.tree.byName[name] }

// Count returns the number of trainable values.
func (p *Params) Count() int {
	n := 0
	for _, v := range p.Trainable() {
		n += v.Len()
	}
	return n
}

// Tensors returns copies of all values by name.
func (p *Params) Tensors() map[string]*tensor.Tensor {
	values := make(map[string]*tensor.Tensor, len(p.tree.vars))
	for _, v := range p.tree.vars {
		values[v.Name()] = v.Value()
	}
	return values
}

// Load sets every variable from values. It changes nothing when one is missing
// or has another type or shape; values of no variable are left unread.
func (p *Params) Load(values map[string]*tensor.Tensor) error {
	for _, v := range p.tree.vars {
		t := values[v.Name()]
		if t == nil {
			return fmt.Errorf("load parameters: there is no value for %q", v.Name())
		}
		if t.DType() != v.DType() || !slices.Equal(t.Shape(), v.Shape()) {
			return fmt.Errorf("load parameters: %q is %v%v, its value %v", v.Name(), v.DType(), v.Shape(), t)
		}
	}
	for _, v := range p.tree.vars {
		if err := v.Set(values[v.Name()]); err != nil {
			return fmt.Errorf("load parameters: %w", err)
		}
	}
	return nil
}
