package onnx

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Network is an ONNX model as a part of traced graphs. Its weights are variables,
// so that it can be trained, extended and exported again.
type Network struct {
	inputs  []*ValueInfo
	outputs []string
	prog    *program
	vars    map[int]*graph.Variable // by slot
	options ImportOptions
}

// ImportOptions configure Import. The zero value takes the whole model and trains
// all of its weights.
type ImportOptions struct {
	// Outputs names the values to compute in place of the model's outputs, such as
	// the features in front of a head that is to be replaced. Nodes behind them
	// are left out, supported or not.
	Outputs []string
	// Fixed gives inputs that are always the same, such as a sampling rate.
	Fixed map[string]*tensor.Tensor
	// Sizes fixes dimensions that the model names, or that NewInputs does, such as a
	// sequence length on which the model's control flow depends.
	Sizes map[string]int
	// Freeze reports the weights that optimisers shall leave alone; nil means none.
	Freeze func(name string) bool
	// Dequantised trains weights that the model stores as integers behind
	// DequantizeLinear: they become variables of their float32 values, under the
	// name of that node's output. The zero value keeps them as constants.
	Dequantised bool
	// FreezeStatistics keeps batch normalisation at the model's running statistics
	// in training graphs too, as is usual when there are few samples.
	FreezeStatistics bool
}

// Import makes a network of m. Its weights, which are the float32 constants of
// more than one element that are not shapes, bounds or the like, become variables
// of p under the names that the model gives them; running means and variances of
// BatchNormalization become states. An operator that is not supported is an error
// that names the node; one that has no form in a graph is found by Forward.
func Import(m *Model, p *nn.Params, o ImportOptions) (*Network, error) {
	if m == nil || m.Graph == nil {
		return nil, fmt.Errorf("onnx: the model has no graph")
	}
	opsets, err := readOpsets(m.Opsets)
	if err != nil {
		return nil, err
	}
	g := *m.Graph
	for name := range o.Fixed {
		if !slices.ContainsFunc(g.Inputs, func(v *ValueInfo) bool { return v.Name == name }) {
			return nil, fmt.Errorf("onnx: import: the model has no input %q to fix", name)
		}
	}
	if o.Outputs != nil {
		g.Outputs = nil
		for _, name := range o.Outputs {
			g.Outputs = append(g.Outputs, &ValueInfo{Name: name})
		}
	}
	g.cut()
	top := newScope(nil, opsets, hostThreads(nil))
	top.fixed, top.weights = o.Fixed, &weights{dequantised: o.Dequantised}
	if top.functions, err = newFunctions(m.Functions); err != nil {
		return nil, err
	}
	n := &Network{vars: map[int]*graph.Variable{}, options: o}
	if n.prog, err = top.compile(&g); err != nil {
		return nil, err
	}
	n.prog.dropUnread()
	for _, in := range g.Inputs {
		if at := top.slots[in.Name]; slices.Contains(n.prog.inputs, at) {
			n.inputs = append(n.inputs, in)
		}
	}
	for _, v := range g.Outputs {
		n.outputs = append(n.outputs, v.Name)
	}
	return n, n.addVariables(top.weights, p)
}

// addVariables makes the variables that steps or outputs read.
func (n *Network) addVariables(w *weights, p *nn.Params) error {
	read, statistic := map[int]bool{}, map[int]bool{}
	for _, s := range n.prog.outputs {
		read[s] = true
	}
	for _, st := range n.prog.steps {
		for i, s := range st.ins {
			read[s] = true
			if operatorName(st.call.node) == "BatchNormalization" && i >= 3 {
				statistic[s] = true
			}
		}
	}
	for _, weight := range w.list {
		if !read[weight.slot] {
			continue
		}
		t := weight.value
		init := func(values []float32, _ []int, _ *rand.Rand) { copy(values, t.Float32s()) }
		add := p.Weight
		if statistic[weight.slot] || n.options.Freeze != nil && n.options.Freeze(weight.name) {
			add = p.State
		}
		n.vars[weight.slot] = add(weight.name, init, t.Shape()...)
	}
	return nil
}

// Inputs lists what Forward takes, in order, as the model declares it.
func (n *Network) Inputs() []*ValueInfo { return n.inputs }

// Outputs names what Forward gives, in order.
func (n *Network) Outputs() []string { return n.outputs }

// NewInputs declares the network's inputs in g, under the model's names. Named
// dimensions become symbols of that name; dimensions that the model leaves open
// are named after the input, such as "image_0".
func (n *Network) NewInputs(g *graph.Graph) []*graph.Node {
	nodes := make([]*graph.Node, len(n.inputs))
	for i, info := range n.inputs {
		var dims graph.Shape
		declared, _ := info.Dims()
		for j, d := range declared {
			if d == "" {
				d = fmt.Sprintf("%s_%d", info.Name, j)
			}
			if name, ok := d.(string); ok {
				if n, fixed := n.options.Sizes[name]; fixed {
					d = n
				}
			}
			dims = append(dims, graph.Dims(d)...)
		}
		nodes[i] = g.Input(info.Name, info.DType(), dims...)
	}
	return nodes
}

// Forward applies the network to nodes in place of its inputs, in the layout that
// the model has (images [N,C,H,W]), and returns its outputs. In a training graph
// Dropout drops and BatchNormalization uses the batch's statistics. It may be
// called in any number of graphs. A node that has no form in a graph panics with a
// *graph.ShapeError that names it.
func (n *Network) Forward(in ...*graph.Node) []*graph.Node {
	if len(in) != len(n.prog.inputs) || len(in) == 0 {
		graph.Fail("onnx.Network.Forward", in, "the network has %d inputs, not %d", len(n.prog.inputs), len(in))
	}
	l := &lifter{g: in[0].Graph(), values: map[int]*lifted{}, train: true, freeze: n.options.FreezeStatistics}
	args := make([]*lifted, len(in))
	for i, x := range in {
		args[i] = &lifted{plain: x}
	}
	for slot, v := range n.vars {
		l.values[slot] = &lifted{plain: l.g.Var(v)}
	}
	outs, err := l.program(n.prog, args)
	if err != nil {
		graph.Fail("onnx.Network.Forward", in, "%v", err)
	}
	nodes := make([]*graph.Node, len(outs))
	for i, v := range outs {
		nodes[i] = l.node(v)
	}
	return nodes
}

// program traces all steps of p on args.
func (l *lifter) program(p *program, args []*lifted) ([]*lifted, error) {
	for i, t := range p.consts {
		if t != nil {
			l.values[i] = l.known(t)
		}
	}
	for i, s := range p.inputs {
		l.values[s] = args[i]
	}
	for i := range p.steps {
		if err := l.step(&p.steps[i]); err != nil {
			n := p.steps[i].call.node
			return nil, fmt.Errorf("node %q (%s): %w", nodeName(n), operatorName(n), err)
		}
	}
	outs := make([]*lifted, len(p.outputs))
	for i, s := range p.outputs {
		if outs[i] = l.values[s]; outs[i] == nil {
			return nil, noForm("output %d is no tensor", i)
		}
	}
	return outs, nil
}

// dropUnread leaves out the steps, and the outputs of steps, that no output needs.
func (p *program) dropUnread() {
	read := map[int]bool{}
	for _, s := range p.outputs {
		read[s] = true
	}
	var steps []step
	for _, st := range slices.Backward(p.steps) {
		st.outs = slices.Clone(st.outs)
		if !slices.ContainsFunc(st.outs, func(o int) bool { return read[o] }) {
			continue
		}
		for i, o := range st.outs {
			if o >= 0 && !read[o] {
				st.outs[i] = -1
			}
		}
		for _, s := range st.ins {
			if s >= 0 {
				read[s] = true
			}
		}
		steps = append(steps, st)
	}
	slices.Reverse(steps)
	p.steps = steps
}

// cut leaves out the nodes that g's outputs do not need.
func (g *Graph) cut() {
	read := map[string]bool{}
	for _, o := range g.Outputs {
		read[o.Name] = true
	}
	var nodes []*Node
	for _, n := range slices.Backward(g.Nodes) {
		if slices.ContainsFunc(n.Outputs, func(o string) bool { return read[o] }) {
			nodes = append(nodes, n)
			n.reads(read)
		}
	}
	slices.Reverse(nodes)
	g.Nodes = nodes
}
