package graph

// GroupNorm normalises groups of neighbouring channels of each sample, over
// their pixels: (x-mean)/sqrt(var+eps)·gamma + beta.
//
// x is [N, ..., C] float32 and groups divides C; gamma and beta are [C], or nil
// for 1 and 0. The variance is biased. Source: Wu and He 2018, arXiv:1803.08494.
func GroupNorm(x, gamma, beta *Node, groups int, eps float32) *Node {
	c, ok := x.Dim(-1).Known()
	if x.Rank() < 2 || !ok || groups < 1 || c%groups != 0 {
		Fail("GroupNorm", []*Node{x}, "%d groups do not divide a constant number of channels", groups)
	}
	pixels := x.shape[1 : x.Rank()-1].Size()
	y := Reshape(x, x.Dim(0), pixels, Const(groups), Const(c/groups))
	y = Reshape(standardize(y, eps, 1, 3), x.shape...)
	for _, v := range []*Node{gamma, beta} {
		if v != nil && !v.shape.Equal(Ints(c)) {
			Fail("GroupNorm", []*Node{x, v}, "gamma and beta must be [%d]", c)
		}
	}
	if gamma != nil {
		y = Mul(y, gamma)
	}
	if beta != nil {
		y = Add(y, beta)
	}
	return y
}

// standardize brings x to mean 0 and variance 1 along axes.
func standardize(x *Node, eps float32, axes ...int) *Node {
	centred := Sub(x, MeanKeep(x, axes...))
	return Mul(centred, Rsqrt(AddScalar(MeanKeep(Square(centred), axes...), eps)))
}

// InstanceNorm is GroupNorm with every channel a group of its own.
// Source: Ulyanov et al. 2016, arXiv:1607.08022.
func InstanceNorm(x, gamma, beta *Node, eps float32) *Node {
	c, _ := x.Dim(-1).Known()
	return GroupNorm(x, gamma, beta, c, eps)
}
