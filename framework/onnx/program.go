package onnx

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// program is a graph made ready to run: values are numbered slots, nodes are
// steps in order. It is shared by concurrent runs and does not change.
type program struct {
	name    string
	consts  []*tensor.Tensor // by slot; nil where a run fills it in
	inputs  []int            // slots of the arguments: the graph's inputs, then captures
	outputs []int
	steps   []step
	arity   int // most inputs of a step
}

// step is one node.
type step struct {
	call *call
	run  valueKernel
	ins  []int // slots, -1 for an input left out
	outs []int // slots, -1 for an output left out
	free []int // slots that nothing reads afterwards
}

// scope is a graph while it is compiled. A sub-graph reads values of the graph
// around it; such captures become further arguments of its program.
type scope struct {
	outer    *scope
	opsets   map[string]int64
	threads  int
	prog     *program
	slots    map[string]int
	captures []string // names in outer, in the order of the extra arguments
	readers  map[string]int
	// functions are the model's own operators; nil has none.
	functions *functions
	// fixed gives inputs a value; weights, if set, decides which constants stay variables.
	fixed    map[string]*tensor.Tensor
	weights  *weights
	branches int             // of If within each other that are compiled in place
	byValue  map[string]bool // values whose elements decide the form of a graph; with weights
}

func newScope(outer *scope, opsets map[string]int64, threads int) *scope {
	s := &scope{outer: outer, opsets: opsets, threads: threads, prog: &program{}, slots: map[string]int{}}
	if outer != nil {
		s.functions, s.weights = outer.functions, outer.weights
	}
	return s
}

func (s *scope) slot(name string) int {
	i := len(s.prog.consts)
	s.prog.consts = append(s.prog.consts, nil)
	s.slots[name] = i
	return i
}

// lookup finds a value here or, as a capture, in the graphs around.
func (s *scope) lookup(name string) (int, bool) {
	if i, ok := s.slots[name]; ok {
		return i, true
	}
	if s.outer == nil {
		return 0, false
	}
	outer, ok := s.outer.lookup(name)
	if !ok {
		return 0, false
	}
	i := s.slot(name)
	if c := s.outer.prog.consts[outer]; c != nil {
		s.prog.consts[i] = c
		return i, true
	}
	s.captures = append(s.captures, name)
	return i, true
}

// compile makes the program of g.
func (s *scope) compile(g *Graph) (*program, error) {
	s.prog.name = g.Name
	if s.weights != nil {
		s.byValue = readByValue(g)
	}
	constants := map[string]bool{}
	for _, t := range g.Initializers {
		if err := s.initializer(t); err != nil {
			return nil, err
		}
		constants[t.Name] = true
	}
	for _, in := range g.Inputs {
		if constants[in.Name] {
			continue // with a declared type, as old models have it
		}
		if _, ok := s.slots[in.Name]; ok || in.Name == "" {
			return nil, fmt.Errorf("onnx: input name %q is empty or used twice", in.Name)
		}
		if t := s.fixed[in.Name]; t != nil {
			s.prog.consts[s.slot(in.Name)] = t
			continue
		}
		s.prog.inputs = append(s.prog.inputs, s.slot(in.Name))
	}
	for i := 0; i < len(g.Nodes); i++ {
		if r, ok := s.findReplacement(g, i); ok && s.addReplacement(r) {
			i += r.nodes - 1
			continue
		}
		if err := s.add(g.Nodes[i]); err != nil {
			return nil, err
		}
	}
	for _, o := range g.Outputs {
		i, ok := s.lookup(o.Name)
		if !ok {
			return nil, fmt.Errorf("onnx: graph %q: output %q is made by no node", g.Name, o.Name)
		}
		s.prog.outputs = append(s.prog.outputs, i)
	}
	for _, name := range s.captures {
		s.prog.inputs = append(s.prog.inputs, s.slots[name])
	}
	return s.prog, nil
}

// initializer places a constant, which Import may make a variable.
func (s *scope) initializer(t *TensorProto) error {
	v, err := t.Tensor()
	if err != nil {
		return err
	}
	if _, ok := s.slots[t.Name]; ok || t.Name == "" {
		return fmt.Errorf("onnx: constant name %q is empty or used twice", t.Name)
	}
	i := s.slot(t.Name)
	s.prog.consts[i] = v
	s.keepWeight(t.Name, i)
	return nil
}

func nodeName(n *Node) string {
	if n.Name == "" && len(n.Outputs) > 0 {
		return n.Outputs[0]
	}
	return n.Name
}

// add compiles a node into a step, or into constants when all it reads is constant.
func (s *scope) add(n *Node) error {
	wrap := func(format string, args ...any) error {
		return fmt.Errorf("onnx: node %q (%s): %w", nodeName(n), operatorName(n), fmt.Errorf(format, args...))
	}
	if s.functions != nil {
		if f := s.functions.byName[functionName(n.Domain, n.OpType, n.Overload)]; f != nil {
			return s.addFunction(n, f)
		}
	}
	op, ok := operators[operatorName(n)]
	if !ok {
		if advice := instead[operatorName(n)]; advice != "" {
			return wrap("this operator is not supported; %s", advice)
		}
		return wrap("this operator is not supported")
	}
	if len(n.Inputs) < op.min || op.max >= 0 && len(n.Inputs) > op.max {
		return wrap("%d inputs do not suit the operator", len(n.Inputs))
	}
	domain := n.Domain
	if domain == "ai.onnx" {
		domain = ""
	}
	version, ok := s.opsets[domain]
	if !ok {
		return wrap("the model imports no operator set for domain %q", domain)
	}
	c := &call{node: n, version: version, threads: s.threads, scope: s}
	if b := s.chosenBranch(c); b != nil {
		return s.addBranch(n, b)
	}
	st := step{call: c}
	constant := true
	for i, name := range n.Inputs {
		at := -1
		if name != "" {
			if at, ok = s.lookup(name); !ok {
				return wrap("reads %q before it is made", name)
			}
		} else if i < op.min {
			return wrap("input %d must not be left out", i)
		}
		st.ins = append(st.ins, at)
		c.consts = append(c.consts, nil)
		if at >= 0 {
			c.consts[i] = s.prog.consts[at]
			constant = constant && c.consts[i] != nil
		}
	}
	for len(st.ins) < op.max {
		st.ins, c.consts = append(st.ins, -1), append(c.consts, nil)
	}
	k := op.compile(c)
	if c.err != nil {
		return wrap("%w", c.err)
	}
	if inFloat32[operatorName(n)] {
		k = roundHalf(c, k)
	}
	if st.run = c.overValues; st.run == nil {
		st.run = k.values
	}
	for _, name := range c.captures {
		at, _ := s.lookup(name)
		st.ins = append(st.ins, at)
		constant = false
	}
	for _, name := range n.Outputs {
		at := -1
		if name != "" {
			if _, taken := s.slots[name]; taken {
				return wrap("makes %q a second time", name)
			}
			at = s.slot(name)
		}
		st.outs = append(st.outs, at)
	}
	if !constant || c.graphs || c.draws {
		s.prog.steps = append(s.prog.steps, st)
		return nil
	}
	dequantised := s.weights != nil && s.weights.dequantised && operatorName(n) == "DequantizeLinear"
	if err := s.fold(st); err != nil || op.max != 0 && !dequantised {
		return err
	}
	for _, name := range n.Outputs {
		s.keepWeight(name, s.slots[name])
	}
	return nil
}

// fold computes a step that reads constants alone. Constants are tensors: a step
// that makes something else of them stays one.
func (s *scope) fold(st step) error {
	slots := tensorValues(s.prog.consts)
	if err := st.exec(context.Background(), slots, make([]Value, len(st.ins))); err != nil {
		return err
	}
	for _, at := range st.outs {
		if at >= 0 && slots[at].t == nil {
			s.prog.steps = append(s.prog.steps, st)
			return nil
		}
	}
	for _, at := range st.outs {
		if at >= 0 {
			s.prog.consts[at] = slots[at].t
		}
	}
	return nil
}

// body compiles a sub-graph of c's node; what it captures becomes inputs of c.
func (n *call) body(attr string) *program {
	a := n.typed(attr, AttrGraph)
	if a == nil || a.G == nil {
		n.fail("attribute %q is missing", attr)
		return nil
	}
	n.graphs = true
	inner := newScope(n.scope, n.scope.opsets, n.scope.threads)
	p, err := inner.compile(a.G)
	if err != nil {
		n.fail("%w", err)
		return nil
	}
	p.seal()
	n.captures = append(n.captures, inner.captures...)
	n.bodies = append(n.bodies, p)
	return p
}

// seal finds the last reader of each slot.
func (p *program) seal() {
	last := map[int]int{}
	for i, st := range p.steps {
		p.arity = max(p.arity, len(st.ins))
		for _, s := range slices.Concat(st.ins, st.outs) {
			if s >= 0 && p.consts[s] == nil {
				last[s] = i
			}
		}
	}
	for _, s := range p.outputs {
		delete(last, s)
	}
	for _, s := range slices.Sorted(maps.Keys(last)) {
		p.steps[last[s]].free = append(p.steps[last[s]].free, s)
	}
}

// run executes p on its arguments.
func (p *program) run(ctx context.Context, args []Value) ([]Value, error) {
	slots := tensorValues(p.consts)
	for i, s := range p.inputs {
		slots[s] = args[i]
	}
	in := make([]Value, p.arity)
	for i := range p.steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		st := &p.steps[i]
		if err := st.exec(ctx, slots, in); err != nil {
			return nil, err
		}
		for _, s := range st.free {
			slots[s] = Value{}
		}
	}
	outs := make([]Value, len(p.outputs))
	for i, s := range p.outputs {
		outs[i] = slots[s]
	}
	return outs, nil
}

// exec runs one step. A malformed model can make a kernel index wrongly; that
// panic ends here, as an error that names the node.
func (st *step) exec(ctx context.Context, slots, scratch []Value) (err error) {
	in := scratch[:len(st.ins)]
	for i, s := range st.ins {
		in[i] = Value{}
		if s >= 0 {
			in[i] = slots[s]
		}
	}
	n := st.call.node
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		if err != nil {
			err = fmt.Errorf("onnx: node %q (%s): %w", nodeName(n), operatorName(n), err)
		}
	}()
	if r := recorderOf(ctx); r != nil {
		defer r.step(st, time.Now(), len(r.spans))
	}
	outs, err := st.run(ctx, in)
	if err != nil {
		return err
	}
	for i, s := range st.outs {
		if s < 0 {
			continue
		}
		if i >= len(outs) || outs[i].Kind() == NoValue {
			return fmt.Errorf("output %d is not supported", i)
		}
		slots[s] = outs[i]
	}
	return nil
}
