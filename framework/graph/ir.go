package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// program is the lowered form that passes rewrite: instructions in order over
// values of concrete shape. Until the memory plan each store is written by at
// most one instruction.
type program struct {
	values  []view
	stores  []store
	instrs  []*instr
	outputs []value
	vars    []*Variable
	updates []pending
}

// value is an index into program.values.
type value int

// view is a typed look at a store; reshaping makes a second view.
type view struct {
	typ   typed
	store int
}

// typed is an element type and a concrete shape.
type typed struct {
	dtype tensor.DType
	shape []int
}

func (t typed) len() int   { return tensor.Size(t.shape) }
func (t typed) bytes() int { return t.len() * t.dtype.Size() }

func (t typed) equal(u typed) bool { return t.dtype == u.dtype && slices.Equal(t.shape, u.shape) }

// store is one piece of memory.
type store struct {
	kind  chip.Kind
	slot  int // of an input, output or variable
	data  *tensor.Tensor
	bytes int

	backward bool // made by Grad
}

// instr is one instruction; tag is the name of the graph's operator, by which
// passes recognise what they fuse.
type instr struct {
	op         chip.Op
	args, outs []value
	tag, label string
	call       *call // what it computes; nil when it stands for several or none
}

// pending is a value that is left in a variable when the program ends.
type pending struct {
	slot  int
	value value
}

func (p *program) typeOf(v value) typed { return p.values[v].typ }
func (p *program) storeOf(v value) int  { return p.values[v].store }

// newValue makes a value in a store of its own.
func (p *program) newValue(t typed, s store) value {
	s.bytes = t.bytes()
	p.stores = append(p.stores, s)
	p.values = append(p.values, view{t, len(p.stores) - 1})
	return value(len(p.values) - 1)
}

// reshape makes a second view of v's store.
func (p *program) reshape(v value, shape []int) value {
	t := p.typeOf(v)
	if slices.Equal(t.shape, shape) {
		return v
	}
	p.values = append(p.values, view{typed{t.dtype, shape}, p.storeOf(v)})
	return value(len(p.values) - 1)
}

// constant returns the value of v's store when it is fixed, else nil.
func (p *program) constant(v value) *tensor.Tensor { return p.stores[p.storeOf(v)].data }

// flow is who writes and who reads each store, by position in instrs.
type flow struct {
	def   []int   // -1 when no instruction writes the store
	reads [][]int // ascending; one entry per reading instruction
	kept  []bool  // read after the program: an output or an update
}

func (p *program) flow() *flow {
	f := &flow{def: make([]int, len(p.stores)), reads: make([][]int, len(p.stores)), kept: make([]bool, len(p.stores))}
	for s := range f.def {
		f.def[s] = -1
	}
	for i, in := range p.instrs {
		for _, a := range in.args {
			s := p.storeOf(a)
			if n := len(f.reads[s]); n == 0 || f.reads[s][n-1] != i {
				f.reads[s] = append(f.reads[s], i)
			}
		}
		for _, o := range in.outs {
			f.def[p.storeOf(o)] = i
		}
	}
	for _, o := range p.outputs {
		f.kept[p.storeOf(o)] = true
	}
	for _, u := range p.updates {
		f.kept[p.storeOf(u.value)] = true
	}
	return f
}

// only reports whether instruction i is the one reader of v's store.
func (f *flow) only(p *program, v value, i int) bool {
	s := p.storeOf(v)
	return !f.kept[s] && len(f.reads[s]) == 1 && f.reads[s][0] == i
}

// replace makes every reader of old's store that sees old's shape or another
// view of it read from new's store instead.
func (p *program) replace(old, new value) {
	from, to := p.storeOf(old), p.storeOf(new)
	for i := range p.values {
		if p.values[i].store == from {
			p.values[i].store = to
		}
	}
}

// drop removes the instructions that are nil.
func (p *program) drop() {
	p.instrs = slices.DeleteFunc(p.instrs, func(in *instr) bool { return in == nil })
}
