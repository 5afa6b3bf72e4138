package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// builder lowers nodes into a program for one binding of the symbols.
type builder struct {
	*program
	symbols map[string]int
	nodes   map[*Node]value
	olds    map[*Variable]value
	consts  map[*tensor.Tensor]value
	current *call
}

// lower makes the unoptimised program of outputs and of the updates of graph g.
func lower(g *Graph, inputs, outputs []*Node, symbols map[string]int) *program {
	b := &builder{program: &program{}, symbols: symbols, nodes: map[*Node]value{},
		olds: map[*Variable]value{}, consts: map[*tensor.Tensor]value{}}
	for i, n := range inputs {
		b.nodes[n] = b.newValue(typed{n.dtype, b.dims(n.shape)}, store{kind: chip.Input, slot: i})
	}
	for _, c := range reachable(g, outputs) {
		b.call(c)
	}
	for _, n := range outputs {
		b.outputs = append(b.outputs, b.nodes[n])
	}
	for _, a := range g.assigns {
		slot := b.stores[b.storeOf(b.variable(a.variable))].slot
		b.updates = append(b.updates, pending{slot, b.nodes[a.value]})
	}
	return b.program
}

// reachable lists the calls that outputs and updates need, operands first.
func reachable(g *Graph, outputs []*Node) []*call {
	need := make([]bool, len(g.nodes))
	for _, n := range outputs {
		need[n.id] = true
	}
	for _, a := range g.assigns {
		need[a.value.id] = true
	}
	seen := map[*call]bool{}
	var list []*call
	for i := len(g.nodes) - 1; i >= 0; i-- {
		n := g.nodes[i]
		if !need[i] || seen[n.call] {
			continue
		}
		seen[n.call] = true
		list = append(list, n.call)
		for _, in := range n.call.in {
			need[in.id] = true
		}
	}
	slices.SortFunc(list, func(a, b *call) int { return a.out[0].id - b.out[0].id })
	return list
}

func (b *builder) call(c *call) {
	if _, given := b.nodes[c.out[0]]; given {
		return // an input
	}
	if c.op.lower == nil {
		c.fail("the graph needs input %q, which is not among the program's inputs", c.attrs.(InputAttrs).Name)
	}
	in := make([]value, len(c.in))
	for i, n := range c.in {
		in[i] = b.nodes[n]
	}
	b.current = c
	for i, v := range c.op.lower(b, c, in) {
		b.nodes[c.out[i]] = v
	}
}

// emit appends an instruction and returns its results.
func (b *builder) emit(op chip.Op, in []value, outs ...typed) []value {
	i := &instr{op: op, args: in, tag: b.current.op.name, label: label(b.current), call: b.current}
	for _, t := range outs {
		i.outs = append(i.outs, b.newValue(t, store{kind: chip.Temp, backward: b.current.backward}))
	}
	b.instrs = append(b.instrs, i)
	return i.outs
}

// label names a call by its operator and the variable it reads.
func label(c *call) string {
	for _, n := range c.in {
		if v, ok := n.call.attrs.(VarAttrs); ok {
			return c.op.name + " " + v.Variable.name
		}
	}
	return c.op.name
}

// types are the concrete types of c's results.
func (b *builder) types(c *call) []typed {
	out := make([]typed, len(c.out))
	for i, n := range c.out {
		out[i] = typed{n.dtype, b.dims(n.shape)}
		if !fitsConcrete(n.dtype, out[i].shape) {
			b.current.fail("%v%v has more elements than a machine can hold", n.dtype, out[i].shape)
		}
	}
	return out
}

func (b *builder) dims(s Shape) []int {
	dims, err := s.Eval(b.symbols)
	if err != nil {
		b.fail(err)
	}
	return dims
}

func (b *builder) dim(d Dim) int {
	n, err := d.Eval(b.symbols)
	if err != nil {
		b.fail(err)
	}
	return n
}

func (b *builder) fail(err error) {
	if b.current == nil {
		Fail("Compile", nil, "%v", err)
	}
	b.current.fail("%v", err)
}

// constant places a fixed value.
func (b *builder) constant(t *tensor.Tensor) value {
	v, ok := b.consts[t]
	if !ok {
		v = b.newValue(typed{t.DType(), slices.Clone(t.Shape())}, store{kind: chip.Constant, data: t})
		b.consts[t] = v
	}
	return v
}

// variable places a variable's old value.
func (b *builder) variable(v *Variable) value {
	old, ok := b.olds[v]
	if !ok {
		old = b.newValue(typed{v.dtype, v.shape}, store{kind: chip.Variable, slot: len(b.vars)})
		b.olds[v] = old
		b.vars = append(b.vars, v)
	}
	return old
}
