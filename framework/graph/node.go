package graph

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Node is one result of one operator application: a typed array of a shape
// known up to symbols. Nodes never change.
type Node struct {
	call  *call
	index int // which of the operator's results
	id    int // position in Graph.Nodes
	dtype tensor.DType
	shape Shape
}

// call is one application of an operator.
type call struct {
	graph *Graph
	op    *operator
	attrs any
	in    []*Node
	out   []*Node

	backward bool // added by Grad
}

// Type is an element type and a shape.
type Type struct {
	DType tensor.DType
	Shape Shape
}

// Op names a node's operator and gives its attributes, one of the Attrs types
// of this package or nil.
type Op struct {
	Name  string
	Attrs any
}

// Op returns what made n.
func (n *Node) Op() Op { return Op{n.call.op.name, n.call.attrs} }

// Inputs returns the operands of n's operator; the caller must not change them.
func (n *Node) Inputs() []*Node { return n.call.in }

// Index returns which of its operator's results n is; 0 for most.
func (n *Node) Index() int { return n.index }

// Results returns all results of n's operator; n is number Index of them. The
// caller must not change them.
func (n *Node) Results() []*Node { return n.call.out }

// Graph returns the graph that n belongs to.
func (n *Node) Graph() *Graph { return n.call.graph }

// ID returns the position of n in Graph.Nodes.
func (n *Node) ID() int { return n.id }

// DType returns the element type.
func (n *Node) DType() tensor.DType { return n.dtype }

// Shape returns the dimensions; the caller must not change them.
func (n *Node) Shape() Shape { return n.shape }

// Rank returns the number of dimensions.
func (n *Node) Rank() int { return len(n.shape) }

// Dim returns dimension i; a negative i counts from the end.
func (n *Node) Dim(i int) Dim {
	j := i
	if j < 0 {
		j += len(n.shape)
	}
	if j < 0 || j >= len(n.shape) {
		Fail("Dim", []*Node{n}, "there is no axis %d", i)
	}
	return n.shape[j]
}

// String describes n as "%12 Conv2D float32[N 32 32 16]".
func (n *Node) String() string {
	return fmt.Sprintf("%%%d %s %s", n.id, n.call.op.name, n.typeString())
}

func (n *Node) typeString() string { return n.dtype.String() + n.shape.String() }

// axis turns a possibly negative axis of n into its position.
func (n *Node) axis(op string, a int) int {
	i := a
	if i < 0 {
		i += len(n.shape)
	}
	if i < 0 || i >= len(n.shape) {
		Fail(op, []*Node{n}, "there is no axis %d", a)
	}
	return i
}
