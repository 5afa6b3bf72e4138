package onnx

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"NegativeLogLikelihoodLoss": {2, 3, compileNLLLoss},
	"SoftmaxCrossEntropyLoss":   {2, 3, compileSoftmaxCrossEntropy},
})

// lossAttrs are the attributes that both losses share.
type lossAttrs struct {
	reduction string
	ignore    int64 // the target that counts for nothing
	ignores   bool  // there is one
}

func readLoss(n *call) lossAttrs {
	return lossAttrs{n.choice("reduction", "mean", "sum", "none"), n.int("ignore_index", 0), n.has("ignore_index")}
}

// wideFloats converts floats of any width to float64.
func wideFloats(t *tensor.Tensor) (*tensor.Tensor, error) {
	switch t.DType() {
	case tensor.Float32, tensor.Float64:
		return cast(t, tensor.Float64)
	}
	return nil, errType(t)
}

func compileNLLLoss(n *call) kernel {
	attrs := readLoss(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		logProb, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		loss, err := attrs.loss(logProb, in[1], in[2])
		if err != nil {
			return nil, err
		}
		return cast(loss, in[0].DType())
	})
}

// compileSoftmaxCrossEntropy is the loss of log(softmax(x)) over axis 1, which is
// the second output.
func compileSoftmaxCrossEntropy(n *call) kernel {
	attrs := readLoss(n)
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		scores, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		if scores.Rank() < 2 {
			return nil, fmt.Errorf("%v: want [N,C,...]", scores)
		}
		logProb := logSoftmax(scores, 1)
		loss, err := attrs.loss(logProb, in[1], in[2])
		if err != nil {
			return nil, err
		}
		var outs [2]*tensor.Tensor
		for i, t := range []*tensor.Tensor{loss, logProb} {
			if outs[i], err = cast(t, in[0].DType()); err != nil {
				return nil, err
			}
		}
		return outs[:], nil
	}
}

// logSoftmax is x - log Σ exp(x) along axis, of a float64 tensor.
func logSoftmax(x *tensor.Tensor, axis int) *tensor.Tensor {
	v, out := tensor.Values[float64](x), make([]float64, x.Len())
	lines(x.Shape(), axis, func(base, step, n int) {
		top := math.Inf(-1)
		for i := range n {
			top = math.Max(top, v[base+i*step])
		}
		total := 0.0
		for i := range n {
			total += math.Exp(v[base+i*step] - top)
		}
		norm := top + math.Log(total)
		for i := range n {
			out[base+i*step] = v[base+i*step] - norm
		}
	})
	return tensor.Of(out, x.Shape()...)
}

// loss is -w[t]·logProb[n,t,d] for every target t = target[n,d], which is 0 where
// the target is ignored. mean divides the sum by the sum of the weights that
// count. logProb is [N,C,d...] float64, target [N,d...], weight [C] or nil.
func (a lossAttrs) loss(logProb, target, weight *tensor.Tensor) (*tensor.Tensor, error) {
	shape := logProb.Shape()
	if len(shape) < 2 || !slices.Equal(target.Shape(), slices.Delete(slices.Clone(shape), 1, 2)) {
		return nil, fmt.Errorf("targets %v do not suit scores %v", target, logProb)
	}
	classes, run := shape[1], tensor.Size(shape[2:])
	index, err := int64s(target)
	if err != nil {
		return nil, err
	}
	var weights []float64
	if weight != nil {
		wide, err := wideFloats(weight)
		if err != nil {
			return nil, err
		}
		if weight.Rank() != 1 || weight.Len() != classes {
			return nil, fmt.Errorf("weights %v do not suit %d classes", weight, classes)
		}
		weights = tensor.Values[float64](wide)
	}
	p, each, sum, total := tensor.Values[float64](logProb), make([]float64, len(index)), 0.0, 0.0
	for i, t := range index {
		if a.ignores && t == a.ignore {
			continue
		}
		if t < 0 || t >= int64(classes) {
			return nil, fmt.Errorf("target %d is outside %d classes", t, classes)
		}
		w := 1.0
		if weights != nil {
			w = weights[t]
		}
		each[i] = -w * p[(i/run*classes+int(t))*run+i%run]
		sum, total = sum+each[i], total+w
	}
	switch a.reduction {
	case "none":
		return tensor.Of(each, target.Shape()...), nil
	case "mean":
		sum /= total
	}
	return tensor.Scalar(sum), nil
}
