package onnx

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"InstanceNormalization":     {3, 3, compileInstanceNorm},
	"GroupNormalization":        {3, 3, compileGroupNorm},
	"MeanVarianceNormalization": {1, 1, compileMVN},
})

// compileInstanceNorm gives (x-mean)/sqrt(var+ε)·scale + bias with the biased
// statistics of each channel of each example (Ulyanov et al. 2016, arXiv:1607.08022).
func compileInstanceNorm(n *call) kernel {
	eps := float64(n.float("epsilon", 1e-5))
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return groupNorm(in, 0, eps, false) })
}

// compileGroupNorm is InstanceNormalization over num_groups equal groups of
// channels (Wu, He 2018, arXiv:1803.08494). scale and bias hold a value for each
// group before operator set 21, then for each channel. Statistics are float64
// whatever stash_type says.
func compileGroupNorm(n *call) kernel {
	eps, groups := float64(n.float("epsilon", 1e-5)), n.int("num_groups", 0)
	if groups < 1 || groups > maxOutput {
		n.fail("attribute num_groups = %d is missing or out of range", groups)
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		return groupNorm(in, int(groups), eps, n.version < 21)
	})
}

// groupNorm normalises x [N,C,...] over groups of channels; 0 means one for each
// channel.
func groupNorm(in []*tensor.Tensor, groups int, eps float64, byGroup bool) (*tensor.Tensor, error) {
	x := in[0]
	var wide [3]*tensor.Tensor
	for i := range wide {
		var err error
		if wide[i], err = wideFloats(in[i]); err != nil {
			return nil, err
		}
	}
	if x.Rank() < 2 {
		return nil, fmt.Errorf("%v has no channels", x)
	}
	c, run := x.Shape()[1], tensor.Size(x.Shape()[2:])
	if groups == 0 {
		groups = max(c, 1)
	}
	if c%groups != 0 {
		return nil, fmt.Errorf("%v does not part into %d groups of channels", x, groups)
	}
	each, affine := c/groups, c
	if byGroup {
		affine = groups
	}
	if wide[1].Len() != affine || wide[2].Len() != affine {
		return nil, fmt.Errorf("%v and %v do not suit %d", in[1], in[2], affine)
	}
	v, scale, bias := tensor.Values[float64](wide[0]), tensor.Values[float64](wide[1]), tensor.Values[float64](wide[2])
	out, size := make([]float64, len(v)), each*run
	if size == 0 {
		return x, nil
	}
	for row := range len(v) / size {
		src, dst := v[row*size:(row+1)*size], out[row*size:(row+1)*size]
		mean, variance := meanVariance(src)
		rstd := 1 / math.Sqrt(variance+eps)
		for i, e := range src {
			at := row % groups
			if !byGroup {
				at = at*each + i/run
			}
			dst[i] = (e-mean)*rstd*scale[at] + bias[at]
		}
	}
	return cast(tensor.Of(out, x.Shape()...), x.DType())
}

// meanVariance gives the mean and the biased variance.
func meanVariance(x []float64) (mean, variance float64) {
	mean = sum(x) / float64(len(x))
	for _, v := range x {
		variance += square(v - mean)
	}
	return mean, variance / float64(len(x))
}

// compileMVN gives (x-mean)/(sqrt(var)+1e-9) over axes, by default all but the
// channels.
func compileMVN(n *call) kernel {
	axes := n.ints("axes")
	if !n.has("axes") {
		axes = []int64{0, 2, 3}
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		over, err := axesOf(axes, x.Rank())
		if err != nil {
			return nil, err
		}
		if x.Len() == 0 {
			return in[0], nil
		}
		mean, err := reduce(x, over, true, func(v []float64) float64 { m, _ := meanVariance(v); return m })
		if err != nil {
			return nil, err
		}
		deviation, err := reduce(x, over, true, func(v []float64) float64 { _, s := meanVariance(v); return math.Sqrt(s) })
		if err != nil {
			return nil, err
		}
		y, err := broadcast(x, mean, func(a, b float64) float64 { return a - b })
		if err != nil {
			return nil, err
		}
		if y, err = broadcast(y, deviation, func(a, b float64) float64 { return a / (b + 1e-9) }); err != nil {
			return nil, err
		}
		return cast(y, in[0].DType())
	})
}
