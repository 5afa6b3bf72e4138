package onnx

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// The versions that Builder writes.
const (
	IRVersion    = 10
	OpsetVersion = 21 // ai.onnx
	MLVersion    = 3  // ai.onnx.ml
	MLDomain     = "ai.onnx.ml"
)

// Attrs are the attributes of a node by name. Values are int, int64, bool
// (an int), float32, float64, string, slices of int, int64, float32, float64 or
// string, tensor.DType (its ONNX number), *tensor.Tensor or *Graph.
type Attrs map[string]any

// Builder puts a model together. Values are strings, the names of the wire. A
// node that repeats an earlier one is not added; its values are the earlier ones.
// Misuse, such as an unknown value name or an attribute of another type, is a
// mistake of the calling code and panics.
type Builder struct {
	name    string
	graph   *Graph
	known   map[string]bool
	alias   map[string]string // values that an output renamed
	consts  map[[32]byte]string
	serial  map[string]int
	usesML  bool
	outputs map[string]bool
	seen    map[string]*Node // by what they compute
}

// NewBuilder makes an empty builder; name becomes the graph's name.
func NewBuilder(name string) *Builder {
	return &Builder{
		name: name, graph: &Graph{Name: name}, known: map[string]bool{}, alias: map[string]string{},
		consts: map[[32]byte]string{}, serial: map[string]int{}, outputs: map[string]bool{},
		seen: map[string]*Node{},
	}
}

// Input declares a model input and returns its value. A dim is an int or, for a
// size that varies, a string that names it.
func (b *Builder) Input(name string, dt tensor.DType, dims ...any) string {
	if b.known[name] || name == "" {
		panic(fmt.Sprintf("onnx: input name %q is empty or taken", name))
	}
	b.known[name] = true
	b.graph.Inputs = append(b.graph.Inputs, NewValueInfo(name, dt, dims...))
	return name
}

// Const adds a constant and returns its value; equal constants are stored once.
func (b *Builder) Const(t *tensor.Tensor) string {
	p := NewTensorProto("", t)
	key := sha256.Sum256(appendMessage(nil, p))
	if name, ok := b.consts[key]; ok {
		return name
	}
	p.Name = b.fresh("const")
	b.consts[key] = p.Name
	b.graph.Initializers = append(b.graph.Initializers, p)
	return p.Name
}

// Ints adds an int64 constant of rank 1, as shapes and axes are given.
func (b *Builder) Ints(v ...int) string {
	data := make([]int64, len(v))
	for i, x := range v {
		data[i] = int64(x)
	}
	return b.Const(tensor.Of(data, len(data)))
}

// Float adds a float32 scalar constant.
func (b *Builder) Float(v float32) string { return b.Const(tensor.Scalar(v)) }

// Op adds an ai.onnx node with one output. An input "" leaves an optional one out.
func (b *Builder) Op(op string, attrs Attrs, inputs ...string) string {
	return b.OpN(1, op, attrs, inputs...)[0]
}

// OpN adds an ai.onnx node with n outputs.
func (b *Builder) OpN(n int, op string, attrs Attrs, inputs ...string) []string {
	return b.node("", n, op, attrs, inputs)
}

// ML adds an ai.onnx.ml node with one output.
func (b *Builder) ML(op string, attrs Attrs, inputs ...string) string {
	return b.MLN(1, op, attrs, inputs...)[0]
}

// MLN adds an ai.onnx.ml node with n outputs.
func (b *Builder) MLN(n int, op string, attrs Attrs, inputs ...string) []string {
	b.usesML = true
	return b.node(MLDomain, n, op, attrs, inputs)
}

func (b *Builder) node(domain string, n int, op string, attrs Attrs, inputs []string) []string {
	node := &Node{OpType: op, Domain: domain}
	for _, in := range inputs {
		node.Inputs = append(node.Inputs, b.resolve(op, in))
	}
	for len(node.Inputs) > 0 && node.Inputs[len(node.Inputs)-1] == "" {
		node.Inputs = node.Inputs[:len(node.Inputs)-1]
	}
	for _, k := range slices.Sorted(maps.Keys(attrs)) {
		node.Attributes = append(node.Attributes, newAttribute(k, attrs[k]))
	}
	node.Outputs = slices.Repeat([]string{"new"}, n)
	if same := b.shared(node); same != nil {
		return slices.Clone(same)
	}
	node.Name = b.fresh(op)
	for i := range n {
		node.Outputs[i] = b.fresh(strings.ToLower(op))
	}
	b.graph.Nodes = append(b.graph.Nodes, node)
	return slices.Clone(node.Outputs)
}

// resolve returns the present name of a value that the caller holds.
func (b *Builder) resolve(op, name string) string {
	if to, ok := b.alias[name]; ok {
		return to
	}
	if name != "" && !b.known[name] {
		panic(fmt.Sprintf("onnx: %s: no value is called %q", op, name))
	}
	return name
}

// fresh returns an unused name that starts with stem.
func (b *Builder) fresh(stem string) string {
	for {
		b.serial[stem]++
		name := fmt.Sprintf("%s_%d", stem, b.serial[stem])
		if !b.known[name] {
			b.known[name] = true
			return name
		}
	}
}

// Output makes value a model output called name, in the order of the calls.
func (b *Builder) Output(name, value string, dt tensor.DType, dims ...any) {
	value = b.resolve("Output", value)
	if b.outputs[name] || name == "" {
		panic(fmt.Sprintf("onnx: output name %q is empty or taken", name))
	}
	if value != name {
		if b.known[name] {
			panic(fmt.Sprintf("onnx: output name %q is taken by another value", name))
		}
		b.known[name] = true
		if b.outputs[value] || !b.rename(value, name) {
			b.graph.Nodes = append(b.graph.Nodes,
				&Node{OpType: "Identity", Name: b.fresh("Identity"), Inputs: []string{value}, Outputs: []string{name}})
		}
	}
	b.outputs[name] = true
	b.graph.Outputs = append(b.graph.Outputs, NewValueInfo(name, dt, dims...))
}

// rename gives a node's output another name everywhere; false when value is not
// the output of a node.
func (b *Builder) rename(value, name string) bool {
	if !slices.ContainsFunc(b.graph.Nodes, func(n *Node) bool { return slices.Contains(n.Outputs, value) }) {
		return false
	}
	b.graph.rename(value, name)
	for from, to := range b.alias {
		if to == value {
			b.alias[from] = name
		}
	}
	b.alias[value] = name
	return true
}

func (g *Graph) rename(from, to string) {
	for _, n := range g.Nodes {
		replace(n.Inputs, from, to)
		replace(n.Outputs, from, to)
		for _, a := range n.Attributes {
			if a.G != nil {
				a.G.rename(from, to)
			}
		}
	}
}

func replace(names []string, from, to string) {
	for i, n := range names {
		if n == from {
			names[i] = to
		}
	}
}

// Model returns the model built so far, without the nodes and constants that no
// output needs. It shares its parts with the builder.
func (b *Builder) Model() *Model {
	g := *b.graph
	needed := map[string]bool{}
	for _, o := range g.Outputs {
		needed[o.Name] = true
	}
	var kept []*Node
	for _, n := range slices.Backward(b.graph.Nodes) {
		if slices.ContainsFunc(n.Outputs, func(o string) bool { return needed[o] }) {
			kept = append(kept, n)
			n.reads(needed)
		}
	}
	slices.Reverse(kept)
	g.Nodes, g.Initializers = kept, nil
	for _, t := range b.graph.Initializers {
		if needed[t.Name] {
			g.Initializers = append(g.Initializers, t)
		}
	}
	m := &Model{
		IRVersion: IRVersion, ProducerName: "macaw", Graph: &g,
		Opsets: []*Opset{{Version: OpsetVersion}},
	}
	if b.usesML {
		m.Opsets = append(m.Opsets, &Opset{Domain: MLDomain, Version: MLVersion})
	}
	return m
}

// reads marks all values that n and its sub-graphs read.
func (n *Node) reads(into map[string]bool) {
	for _, in := range n.Inputs {
		into[in] = true
	}
	for _, a := range n.Attributes {
		if a.G == nil {
			continue
		}
		for _, inner := range a.G.Nodes {
			inner.reads(into)
		}
		for _, o := range a.G.Outputs {
			into[o.Name] = true
		}
	}
}
