package graph

import (
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// AttentionOptions configure Attention. The zero value lets every query see
// every key.
type AttentionOptions struct {
	// Causal lets query i see the keys up to position First + i alone.
	Causal bool
	// First is the position of the first query among the keys, int64 [1]; nil
	// means 0. It may exceed 0 when keys of earlier queries are kept.
	First *Node
	// Mask says which keys may be seen: Bool or float32 (not 0 means yes), of a
	// shape that broadcasts to [N,H,T,S]; nil means all.
	Mask    *Node
	Scale   float32 // of the scores; 0 means 1/sqrt(D)
	Dropout float32 // probability, of the weights, in a training graph
}

// hidden is added to the score of a key that a query must not see: its weight
// is exactly 0 in float32, and rows that see nothing stay finite.
const hidden = -1e9

// Attention returns softmax(scale·q·kᵀ + mask)·v for each head.
//
// q is [N,H,T,D], k is [N,K,S,D] and v [N,K,S,E], all float32; the result is
// [N,H,T,E]. K divides H: query heads h·H/K up to (h+1)·H/K share head h of the
// keys and values, for which nothing is copied. Sources: Vaswani et al. 2017,
// arXiv:1706.03762, eq. 1; Ainslie et al. 2023, arXiv:2305.13245.
func Attention(q, k, v *Node, o AttentionOptions) *Node {
	in := []*Node{q, k, v}
	if q.Rank() != 4 || k.Rank() != 4 || v.Rank() != 4 {
		Fail("Attention", in, "the operands must be [N heads T D]")
	}
	heads, ok1 := q.shape[1].Known()
	shared, ok2 := k.shape[1].Known()
	size, ok3 := q.shape[3].Known()
	switch {
	case !ok1 || !ok2 || !ok3:
		Fail("Attention", in, "the numbers of heads and their width must be constants")
	case shared == 0 || heads%shared != 0:
		Fail("Attention", in, "%d heads of keys do not divide %d heads of queries", shared, heads)
	case !k.shape[:3].Equal(v.shape[:3]):
		Fail("Attention", in, "keys and values differ in number")
	}
	if o.Scale == 0 {
		o.Scale = float32(1 / math.Sqrt(float64(size)))
	}
	n, t, s, group := q.shape[0], q.shape[2], k.shape[2], heads/shared
	rows := t.MulInt(group)
	scores := MulScalar(MatMulT(Reshape(q, n, Const(shared), rows, Const(size)), k, false, true), o.Scale)
	if bias := o.bias(q, t, s); bias != nil {
		scores = Add(Reshape(scores, n, Const(heads), t, s), bias)
	}
	weights := Dropout(Softmax(scores), o.Dropout)
	y := MatMul(Reshape(weights, n, Const(shared), rows, s), v)
	return Reshape(y, n, Const(heads), t, v.shape[3])
}

// bias is what hides keys, or nil when all are seen.
func (o AttentionOptions) bias(q *Node, t, s Dim) *Node {
	var bias *Node
	g := q.Graph()
	if o.Causal {
		last := Unsqueeze(Positions(g, t), 1) // [T,1]
		if o.First != nil {
			last = Add(last, o.First)
		}
		later := Gt(Unsqueeze(Positions(g, s), 0), last)
		bias = MulScalar(Cast(later, tensor.Float32), hidden)
	}
	if o.Mask != nil {
		unseen := Sub(Scalar(g, 1), Cast(Cast(o.Mask, tensor.Bool), tensor.Float32))
		masked := MulScalar(unseen, hidden)
		if bias == nil {
			return masked
		}
		bias = Add(bias, masked)
	}
	return bias
}
