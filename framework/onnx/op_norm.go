package onnx

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"BatchNormalization": {5, 5, compileBatchNorm},
	"LayerNormalization": {2, 3, compileLayerNorm},
	"Softmax":            {1, 1, func(n *call) kernel { return compileSoftmax(n, false) }},
	"LogSoftmax":         {1, 1, func(n *call) kernel { return compileSoftmax(n, true) }},
	"LpNormalization":    {1, 1, compileLpNorm},
})

func floatsOnly(ts ...*tensor.Tensor) error {
	for _, t := range ts {
		if t != nil && t.DType() != tensor.Float32 {
			return errType(t)
		}
	}
	return nil
}

// compileBatchNorm is (x-mean)/sqrt(var+eps)·scale + bias along axis 1, by the
// statistics that it is given or, in training, by those of the batch.
func compileBatchNorm(n *call) kernel {
	eps, trains, momentum := n.float("epsilon", 1e-5), n.trainsBatchNorm(), float64(n.float("momentum", 0.9))
	flat := n.version < 9 && !n.flag("spatial", true) // statistics for every position of a channel
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		if err := floatsOnly(in...); err != nil {
			return nil, err
		}
		x := in[0]
		if x.Rank() < 2 {
			return nil, fmt.Errorf("%v has no channels", x)
		}
		c, run := x.Shape()[1], tensor.Size(x.Shape()[2:])
		if flat {
			c, run = c*run, 1
		}
		for _, t := range in[1:] {
			if t.Len() != c {
				return nil, fmt.Errorf("%v does not suit %d channels", t, c)
			}
		}
		mean, variance := in[3].Float32s(), in[4].Float32s()
		if trains {
			mean, variance = batchMoments(x.Float32s(), c, run)
		}
		scale, shift := batchNormAffine(in[1].Float32s(), in[2].Float32s(), mean, variance, eps)
		y := tensor.New(tensor.Float32, x.Shape()...)
		for i, v := range x.Float32s() {
			ch := i / run % c
			y.Float32s()[i] = v*scale[ch] + shift[ch]
		}
		if !trains {
			return []*tensor.Tensor{y}, nil
		}
		return append([]*tensor.Tensor{y}, trainedStatistics(in[3], in[4], mean, variance, momentum)...), nil
	}
}

// batchNormAffine turns the statistics into x·scale + shift.
func batchNormAffine(gamma, beta, mean, variance []float32, eps float32) (scale, shift []float32) {
	scale, shift = make([]float32, len(gamma)), make([]float32, len(gamma))
	for i := range gamma {
		s := float64(gamma[i]) / math.Sqrt(float64(variance[i])+float64(eps))
		scale[i], shift[i] = float32(s), float32(float64(beta[i])-float64(mean[i])*s)
	}
	return scale, shift
}

// compileLayerNorm normalises over all axes from axis on; it also gives the
// mean and the inverse standard deviation.
func compileLayerNorm(n *call) kernel {
	axis, eps := n.int("axis", -1), float64(n.float("epsilon", 1e-5))
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		if err := floatsOnly(in...); err != nil {
			return nil, err
		}
		x := in[0]
		a, err := axisOf(axis, x.Rank())
		if err != nil {
			return nil, err
		}
		size := tensor.Size(x.Shape()[a:])
		if in[1].Len() != size || in[2] != nil && in[2].Len() != size {
			return nil, fmt.Errorf("the scale %v does not suit %v from axis %d", in[1], x, a)
		}
		stat := slices.Clone(x.Shape())
		for i := a; i < len(stat); i++ {
			stat[i] = 1
		}
		y := tensor.New(tensor.Float32, x.Shape()...)
		mean, inv := tensor.New(tensor.Float32, stat...), tensor.New(tensor.Float32, stat...)
		for r := range mean.Len() {
			row := x.Float32s()[r*size : (r+1)*size]
			mu, rstd := moments(row, eps)
			mean.Float32s()[r], inv.Float32s()[r] = float32(mu), float32(rstd)
			for i, v := range row {
				o := float32((float64(v)-mu)*rstd) * in[1].Float32s()[i]
				if in[2] != nil {
					o += in[2].Float32s()[i]
				}
				y.Float32s()[r*size+i] = o
			}
		}
		return []*tensor.Tensor{y, mean, inv}, nil
	}
}

func moments(row []float32, eps float64) (mean, rstd float64) {
	for _, v := range row {
		mean += float64(v)
	}
	mean /= float64(len(row))
	variance := 0.0
	for _, v := range row {
		variance += square(float64(v) - mean)
	}
	return mean, 1 / math.Sqrt(variance/float64(len(row))+eps)
}

// compileSoftmax works along one axis; before opset 13 over all axes from axis on.
func compileSoftmax(n *call, logarithm bool) kernel {
	def := int64(-1)
	if n.version < 13 {
		def = 1
	}
	axis, flat := n.int("axis", def), n.version < 13
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if err := floatsOnly(in[0]); err != nil {
			return nil, err
		}
		a, err := axisOf(axis, in[0].Rank())
		if err != nil {
			return nil, err
		}
		shape := in[0].Shape()
		if flat {
			shape = []int{tensor.Size(shape[:a]), tensor.Size(shape[a:])}
			a = 1
		}
		out := make([]float32, in[0].Len())
		x := in[0].Float32s()
		lines(shape, a, func(base, step, n int) { softmaxLine(out, x, base, step, n, logarithm) })
		return tensor.Of(out, in[0].Shape()...), nil
	})
}

func softmaxLine(out, x []float32, base, step, n int, logarithm bool) {
	top := float32(math.Inf(-1))
	for i := range n {
		top = max(top, x[base+i*step])
	}
	total := 0.0
	for i := range n {
		p := base + i*step
		e := math.Exp(float64(x[p] - top))
		out[p] = float32(e)
		total += e
	}
	for i := range n {
		p := base + i*step
		if logarithm {
			out[p] = float32(float64(x[p]-top) - math.Log(total))
		} else {
			out[p] = float32(float64(out[p]) / total)
		}
	}
}

func compileLpNorm(n *call) kernel {
	axis, p := n.int("axis", -1), n.int("p", 2)
	if p != 1 && p != 2 {
		n.fail("attribute p = %d is not supported", p)
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if err := floatsOnly(in[0]); err != nil {
			return nil, err
		}
		a, err := axisOf(axis, in[0].Rank())
		if err != nil {
			return nil, err
		}
		out, x := make([]float32, in[0].Len()), in[0].Float32s()
		lines(in[0].Shape(), a, func(base, step, n int) {
			norm := 0.0
			for i := range n {
				v := float64(x[base+i*step])
				if p == 1 {
					norm += math.Abs(v)
				} else {
					norm += v * v
				}
			}
			if p == 2 {
				norm = math.Sqrt(norm)
			}
			if norm == 0 {
				return
			}
			for i := range n {
				out[base+i*step] = float32(float64(x[base+i*step]) / norm)
			}
		})
		return tensor.Of(out, in[0].Shape()...), nil
	})
}
