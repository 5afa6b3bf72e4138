package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

func init() {
	resultTypes["BatchNormalization"] = func(_ *call, in []tensor.DType) []tensor.DType {
		return []tensor.DType{in[0], in[3], in[4], in[3], in[4]}
	}
}

// trainsBatchNorm says whether a BatchNormalization node normalises by the
// statistics of its batch: before operator set 7 without is_test, up to 13 where
// it has more than one output, then by training_mode.
func (n *call) trainsBatchNorm() bool {
	switch {
	case n.version < 7:
		return !n.flag("is_test", false)
	case n.version < 14:
		for _, o := range n.node.Outputs[min(1, len(n.node.Outputs)):] {
			if o != "" {
				return true
			}
		}
		return false
	}
	return n.flag("training_mode", false)
}

// batchMoments are the mean and the variance, divided by the count, of each of c
// channels of x, whose elements stand in runs.
func batchMoments(x []float32, c, run int) (mean, variance []float32) {
	mean, variance = make([]float32, c), make([]float32, c)
	if len(x) == 0 {
		return mean, variance
	}
	count := float64(len(x) / c)
	for ch := range c {
		total, squares := 0.0, 0.0
		each := func(f func(v float64)) {
			for at := ch * run; at < len(x); at += c * run {
				for _, v := range x[at : at+run] {
					f(float64(v))
				}
			}
		}
		each(func(v float64) { total += v })
		mu := total / count
		each(func(v float64) { squares += square(v - mu) })
		mean[ch], variance[ch] = float32(mu), float32(squares/count)
	}
	return mean, variance
}

// trainedStatistics are the outputs beside the result of a BatchNormalization that
// trains: the running statistics, old·momentum + batch·(1-momentum), and, before
// operator set 14, those of the batch.
func trainedStatistics(oldMean, oldVariance *tensor.Tensor, mean, variance []float32, momentum float64) []*tensor.Tensor {
	shape := oldMean.Shape()
	return []*tensor.Tensor{
		tensor.Of(running(oldMean.Float32s(), mean, momentum), shape...), tensor.Of(running(oldVariance.Float32s(), variance, momentum), shape...),
		tensor.Of(mean, shape...), tensor.Of(variance, shape...),
	}
}

func running(old, now []float32, momentum float64) []float32 {
	out := make([]float32, len(old))
	for i, v := range old {
		out[i] = float32(float64(v)*momentum + float64(now[i])*(1-momentum))
	}
	return out
}
