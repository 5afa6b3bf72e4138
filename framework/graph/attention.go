package graph

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
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
	// TimeFirst means that q, k, v and the result have their heads behind the
	// time, [N,T,H,D], as a product that makes all heads gives them.
	TimeFirst bool
}

// hidden is added to the score of a key that a query must not see: its weight
// is exactly 0 in float32, and rows that see nothing stay finite.
const hidden = -1e9

// Attention returns softmax(scale·q·kᵀ + mask)·v for each head.
//
// q is [N,H,T,D], k is [N,K,S,D] and v [N,K,S,E], all float32; the result is
// [N,H,T,E]. K divides H: query heads h·H/K up to (h+1)·H/K share head h of the
// keys and values, for which nothing is copied. Without Mask, First and Dropout
// no scores are stored. Sources: Vaswani et al. 2017, arXiv:1706.03762, eq. 1;
// Ainslie et al. 2023, arXiv:2305.13245; Dao et al. 2022, arXiv:2205.14135.
func Attention(q, k, v *Node, o AttentionOptions) *Node {
	o = o.checked(q, k, v)
	if o.Mask == nil && o.First == nil && !drops(q, o.Dropout) {
		return on("Attention", AttentionAttrs{o.Scale, o.Causal, o.TimeFirst}, q, k, v)
	}
	return o.formula(q, k, v)
}

// AttentionFormula is Attention as products and a softmax, whose scores are
// stored: for where no operator does all of it.
func AttentionFormula(q, k, v *Node, o AttentionOptions) *Node {
	return o.checked(q, k, v).formula(q, k, v)
}

// checked fails unless the operands fit together, and fills in the scale.
func (o AttentionOptions) checked(q, k, v *Node) AttentionOptions {
	in := []*Node{q, k, v}
	for _, x := range in {
		if x.Rank() != 4 || x.dtype != tensor.Float32 {
			Fail("Attention", in, "the operands must be float32 [N heads T D]")
		}
	}
	axis := 1
	if o.TimeFirst {
		axis = 2
	}
	heads, ok1 := q.shape[axis].Known()
	shared, ok2 := k.shape[axis].Known()
	size, ok3 := q.shape[3].Known()
	switch {
	case !ok1 || !ok2 || !ok3:
		Fail("Attention", in, "the numbers of heads and their width must be constants")
	case shared == 0 || heads%shared != 0:
		Fail("Attention", in, "%d heads of keys do not divide %d heads of queries", shared, heads)
	case !k.shape[:3].Equal(v.shape[:3]):
		Fail("Attention", in, "keys and values differ in number")
	case !k.shape[0].Equal(q.shape[0]) || !k.shape[3].Equal(q.shape[3]):
		Fail("Attention", in, "queries and keys differ in samples or width")
	}
	if o.Scale == 0 {
		o.Scale = float32(1 / math.Sqrt(float64(size)))
	}
	return o
}

// formula computes with stored scores.
func (o AttentionOptions) formula(q, k, v *Node) *Node {
	if o.TimeFirst {
		o.TimeFirst = false
		swap := func(x *Node) *Node { return Transpose(x, 0, 2, 1, 3) }
		return swap(o.formula(swap(q), swap(k), swap(v)))
	}
	heads, shared := q.shape[1], k.shape[1]
	n, t, s, size := q.shape[0], q.shape[2], k.shape[2], q.shape[3]
	rows := t.Mul(heads.Div(shared))
	scores := MulScalar(MatMulT(Reshape(q, n, shared, rows, size), k, false, true), o.Scale)
	if bias := o.bias(q, t, s); bias != nil {
		scores = Add(Reshape(scores, n, heads, t, s), bias)
	}
	weights := Dropout(Softmax(scores), o.Dropout)
	y := MatMul(Reshape(weights, n, shared, rows, s), v)
	return Reshape(y, n, heads, t, v.shape[3])
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

// AttentionAttrs are the attributes of "Attention"; see AttentionOptions.
type AttentionAttrs struct {
	Scale             float32
	Causal, TimeFirst bool
}

var _ = register(operator{
	name: "Attention",
	shape: func(c *call) []Type {
		q, v := c.in[0], c.in[2]
		lse := Shape{q.shape[0], q.shape[1], q.shape[2]}
		if c.attrs.(AttentionAttrs).TimeFirst {
			lse[1], lse[2] = lse[2], lse[1]
		}
		return []Type{{tensor.Float32, Shape{q.shape[0], q.shape[1], q.shape[2], v.shape[3]}}, {tensor.Float32, lse}}
	},
	vjp: func(c *call, dy []*Node) []*Node {
		return applyAll("AttentionGrad", c.graph, c.attrs, c.in[0], c.in[1], c.in[2], c.out[0], c.out[1], dy[0])
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(AttentionAttrs)
		return b.emit(&chip.Attention{Scale: a.Scale, Causal: a.Causal, TimeFirst: a.TimeFirst}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name: "AttentionGrad",
	shape: func(c *call) []Type {
		var types []Type
		for _, x := range c.in[:3] {
			types = append(types, Type{x.dtype, x.shape})
		}
		return types
	},
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(AttentionAttrs)
		return b.emit(&chip.AttentionGrad{Scale: a.Scale, Causal: a.Causal, TimeFirst: a.TimeFirst}, in, b.types(c)...)
	},
})
