package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// MatMulAttrs are the attributes of "MatMul".
type MatMulAttrs struct{ TransA, TransB bool }

var _ = register(operator{
	name:  "MatMul",
	shape: matMulShape,
	vjp:   matMulVJP,
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(MatMulAttrs)
		return b.emit(&chip.Gemm{TransA: a.TransA, TransB: a.TransB}, in, b.types(c)...)
	},
})

func matMulShape(c *call) []Type {
	a, b, at := c.wantFactor(0), c.wantFactor(1), c.attrs.(MatMulAttrs)
	if a.Rank() < 2 || b.Rank() < 2 {
		c.fail("both operands need at least two axes")
	}
	m, k := a.Dim(-2), a.Dim(-1)
	if at.TransA {
		m, k = k, m
	}
	k2, n := b.Dim(-2), b.Dim(-1)
	if at.TransB {
		k2, n = n, k2
	}
	if !k.Equal(k2) {
		c.fail("the inner dimensions %v and %v differ", k, k2)
	}
	batch := a.shape[:a.Rank()-2]
	if b.Rank() > 2 && !batch.Equal(b.shape[:b.Rank()-2]) {
		c.fail("the batch dimensions differ")
	}
	return one(tensor.Float32, append(append(Shape(nil), batch...), m, n)...)
}

func matMulVJP(c *call, dys []*Node) []*Node {
	a, b, dy, at := c.in[0], c.in[1], dys[0], c.attrs.(MatMulAttrs)
	var da, db *Node
	switch {
	case at.TransA: // a is [K,M]; with batches b has them too, MatMulT sees to it
		da = MatMulT(b, dy, at.TransB, true)
	default:
		da = MatMulT(dy, b, false, !at.TransB)
	}
	rows, drows := a, dy
	if b.Rank() == 2 && a.Rank() > 2 { // b is shared: sum over the batches by making them rows
		rows, drows = Reshape(a, Const(-1), a.Dim(-1)), Reshape(dy, Const(-1), dy.Dim(-1))
	}
	if at.TransB {
		db = MatMulT(drows, rows, true, at.TransA)
	} else {
		db = MatMulT(rows, drows, !at.TransA, false)
	}
	return []*Node{da, db}
}

// MatMul returns the matrix product over the last two axes of a [...,M,K] and
// b [...,K,N]; leading axes broadcast as in numpy.
func MatMul(a, b *Node) *Node { return MatMulT(a, b, false, false) }

// MatMulT is MatMul with a or b transposed in the last two axes first.
func MatMulT(a, b *Node, transA, transB bool) *Node {
	if a.Rank() >= 2 && b.Rank() >= 2 && (a.Rank() > 2 || b.Rank() > 2) {
		a, b, transA = alignBatches(a, b, transA)
	}
	return on("MatMul", MatMulAttrs{transA, transB}, a, b)
}

// alignBatches makes the leading axes equal, or leaves b without any.
func alignBatches(a, b *Node, transA bool) (_, _ *Node, _ bool) {
	la, lb := a.shape[:a.Rank()-2], b.shape[:b.Rank()-2]
	if len(lb) == 0 {
		if transA {
			a = swapLast(a)
		}
		return a, b, false
	}
	lead, ok := broadcast(la, lb)
	if !ok {
		Fail("MatMul", []*Node{a, b}, "the batch dimensions do not broadcast")
	}
	a = Broadcast(a, append(append(Shape(nil), lead...), a.shape[len(la):]...)...)
	b = Broadcast(b, append(append(Shape(nil), lead...), b.shape[len(lb):]...)...)
	return a, b, transA
}

// swapLast transposes the last two axes.
func swapLast(x *Node) *Node {
	perm := make([]int, x.Rank())
	for i := range perm {
		perm[i] = i
	}
	n := len(perm)
	perm[n-2], perm[n-1] = n-1, n-2
	return Transpose(x, perm...)
}
