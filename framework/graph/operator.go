package graph

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// operator is all that the framework knows about one operator.
type operator struct {
	name string
	// shape checks the operands and gives the results' types.
	shape func(c *call) []Type
	// vjp gives the gradients of the operands (nil for none) from those of the
	// results (nil for unused ones). A nil function stops gradients.
	vjp func(c *call, dy []*Node) []*Node
	// lower emits the operator for concrete shapes and returns its results.
	lower func(b *builder, c *call, in []value) []value
}

// operators is the table of all operators by name.
var operators = map[string]*operator{}

// register adds op to the table; a duplicate panics at start-up.
func register(op operator) *operator {
	if operators[op.name] != nil {
		panic("graph: operator " + op.name + " is registered twice")
	}
	operators[op.name] = &op
	return &op
}

// Operators returns the names of all operators, sorted.
func Operators() []string {
	names := make([]string, 0, len(operators))
	for name := range operators {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Differentiable reports whether gradients flow through the named operator.
func Differentiable(name string) bool { return operators[name] != nil && operators[name].vjp != nil }

// on applies the named operator to nodes of one graph and returns the first
// result. Operators are found by name because their gradients use each other.
func on(name string, attrs any, in ...*Node) *Node {
	if len(in) == 0 || in[0] == nil {
		Fail(name, in, "operand 1 is nil")
	}
	return applyAll(name, in[0].Graph(), attrs, in...)[0]
}

// apply is on for operators that may have no operands.
func apply(name string, g *Graph, attrs any, in ...*Node) *Node {
	return applyAll(name, g, attrs, in...)[0]
}

// applyAll adds one application of the named operator to g and returns all results.
func applyAll(name string, g *Graph, attrs any, in ...*Node) []*Node {
	op := operators[name]
	c := &call{graph: g, op: op, attrs: attrs, in: in, backward: g.sweeping, of: g.gradientOf}
	for i, n := range in {
		if n == nil {
			Fail(op.name, in, "operand %d is nil", i+1)
		}
		if n.Graph() != g {
			Fail(op.name, in, "the operands belong to different graphs")
		}
	}
	if c.of != nil {
		c.site = c.of.site
	} else {
		c.site = here()
	}
	for i, t := range op.shape(c) {
		t.check(c)
		n := &Node{call: c, index: i, id: len(g.nodes), dtype: t.DType, shape: t.Shape}
		g.nodes = append(g.nodes, n)
		c.out = append(c.out, n)
	}
	return c.out
}

// fail panics with a *ShapeError about c's operands.
func (c *call) fail(format string, args ...any) {
	failAt(c.site, c.op.name, c.in, format, args...)
}

// want fails unless operand i has the type.
func (c *call) want(i int, dt tensor.DType) *Node {
	n := c.in[i]
	if n.dtype != dt {
		c.fail("operand %d is %v, not %v", i+1, n.dtype, dt)
	}
	return n
}

// wantFactor fails unless operand i can be multiplied: float32 or bfloat16.
func (c *call) wantFactor(i int) *Node {
	n := c.in[i]
	if !isFloat(n.dtype) {
		c.fail("operand %d is %v, not float32 or bfloat16", i+1, n.dtype)
	}
	return n
}

// wantRank fails unless operand i has the type and rank.
func (c *call) wantRank(i int, dt tensor.DType, rank int) *Node {
	n := c.want(i, dt)
	if len(n.shape) != rank {
		c.fail("operand %d has rank %d, not %d", i+1, len(n.shape), rank)
	}
	return n
}

// wantShape fails unless operand i has the type and shape.
func (c *call) wantShape(i int, dt tensor.DType, dims ...Dim) *Node {
	n := c.want(i, dt)
	if !n.shape.Equal(dims) {
		c.fail("operand %d must be %v%v", i+1, dt, Shape(dims))
	}
	return n
}

// wantInts fails unless operand i holds integers for indexing.
func (c *call) wantInts(i int) *Node {
	n := c.in[i]
	if n.dtype != tensor.Int64 && n.dtype != tensor.Int32 {
		c.fail("operand %d is %v, not int64 or int32", i+1, n.dtype)
	}
	return n
}

// like returns a shape rule that gives operand i's type.
func like(i int) func(c *call) []Type {
	return func(c *call) []Type { return []Type{{c.in[i].dtype, c.in[i].shape}} }
}

// same is the shape rule of float operators that keep the shape.
func same(c *call) []Type {
	x := c.want(0, tensor.Float32)
	return []Type{{x.dtype, x.shape}}
}

func one(dt tensor.DType, dims ...Dim) []Type { return []Type{{dt, dims}} }
