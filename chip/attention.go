package chip

// Attention is softmax(Scale·q·kᵀ)·v for each head; with Causal, query i sees
// the keys up to i alone, the others have weight 0. No scores are kept.
// Args: q [N,H,T,D], k [N,K,S,D], v [N,K,S,E], where K divides H and query heads
// h·H/K up to (h+1)·H/K share head h of k and v. Outs: y
// [N,H,T,E], 0 where there are no keys, and, for AttentionGrad, lse [N,H,T], the logarithm of the sum of
// the exponentials of each query's scores. With TimeFirst q, k, v and y are
// [N,T,heads,·] instead. Source: Dao et al. 2022, arXiv:2205.14135, algorithm 1.
type Attention struct {
	Scale             float32
	Causal, TimeFirst bool
}

// AttentionGrad is the gradient of Attention: it computes the weights again.
// Args: q, k, v, y, lse, dy. Outs: dq, dk, dv. Source: Dao et al. 2022,
// arXiv:2205.14135, algorithm 4.
type AttentionGrad struct {
	Scale             float32
	Causal, TimeFirst bool
}

// Name returns "Attention".
func (*Attention) Name() string { return "Attention" }

// Name returns "AttentionGrad".
func (*AttentionGrad) Name() string { return "AttentionGrad" }

// AttentionSizes are the lengths of the axes of an attention's operands.
type AttentionSizes struct {
	N, H, K int // samples, heads of queries, heads of keys and values
	T, S    int // queries and keys
	D, E    int // features of a key and of a value
}

// SizesOf reads the sizes from q, k and v.
func SizesOf(q, k, v Value, timeFirst bool) AttentionSizes {
	heads, time := 1, 2
	if timeFirst {
		heads, time = 2, 1
	}
	return AttentionSizes{N: q.Shape[0], H: q.Shape[heads], K: k.Shape[heads], T: q.Shape[time], S: k.Shape[time], D: q.Shape[3], E: v.Shape[3]}
}

// Seen is how many keys query i sees.
func (s AttentionSizes) Seen(i int, causal bool) int {
	if causal {
		return min(s.S, i+1)
	}
	return s.S
}

// pairs is how many queries and keys meet.
func (s AttentionSizes) pairs(causal bool) int64 {
	n := int64(s.T) * int64(s.S)
	if causal {
		short := int64(min(s.T, s.S)) // queries that see fewer than all, and the last of these
		n = short*(short+1)/2 + (int64(s.T)-short)*int64(s.S)
	}
	return n * int64(s.N) * int64(s.H)
}

// flops of an attention: two products and a softmax, five for each score; of
// its gradient: five products, the weights again and the gradient of the scores.
func (op *Attention) flops(s AttentionSizes) int64 {
	return s.pairs(op.Causal) * int64(2*s.D+2*s.E+5)
}

func (op *AttentionGrad) flops(s AttentionSizes) int64 {
	return s.pairs(op.Causal)*int64(6*s.D+4*s.E+4) + int64(2*s.N*s.H*s.T*s.E)
}

// attention checks the operators above and reports whether op is one.
func (c checker) attention(op Op) bool {
	switch op := op.(type) {
	case *Attention:
		c.count(3, 2)
		c.heads(c.ins[0], c.ins[1], c.ins[2], op.TimeFirst, c.outs[1])
		c.attended("y", c.outs[0])
	case *AttentionGrad:
		c.count(6, 3)
		c.heads(c.ins[0], c.ins[1], c.ins[2], op.TimeFirst, c.ins[4])
		c.attended("y", c.ins[3])
		c.same("dy", c.ins[5], c.ins[3])
		for i, name := range []string{"dq", "dk", "dv"} {
			c.same(name, c.outs[i], c.ins[i])
		}
	default:
		return false
	}
	return true
}

// heads checks that queries, keys and values fit together.
func (c checker) heads(q, k, v Value, timeFirst bool, lse Value) {
	c.floats()
	for _, x := range []Value{q, k, v} {
		c.need(len(x.Shape) == 4, "%v should have four axes", x)
	}
	s := SizesOf(q, k, v, timeFirst)
	c.need(k.Shape[0] == s.N && k.Shape[3] == s.D, "keys %v do not fit queries %v", k, q)
	c.need(v.Shape[0] == s.N && v.Shape[1] == k.Shape[1] && v.Shape[2] == k.Shape[2], "values %v do not fit keys %v", v, k)
	c.need(s.K > 0 && s.H%s.K == 0, "%d heads of keys do not divide %d heads of queries", s.K, s.H)
	c.shape(lse, s.N, s.H, s.T)
}

// attended checks a value of y's shape: that of q with v's features.
func (c checker) attended(name string, y Value) {
	q := c.ins[0].Shape
	c.need(len(y.Shape) == 4 && y.Shape[0] == q[0] && y.Shape[1] == q[1] && y.Shape[2] == q[2] && y.Shape[3] == c.ins[2].Shape[3],
		"%s %v does not fit queries and values", name, y)
}
