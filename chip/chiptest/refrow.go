package chiptest

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// squeeze keeps the places of the axes that are not reduced.
func squeeze(at []int, axes []int, out array) int {
	o := 0
	dims := slices.Clone(out.shape)
	keep := len(out.shape) == len(at)
	j := 0
	for i, p := range at {
		if slices.Contains(axes, i) {
			if keep {
				j++
			}
			continue
		}
		o = o*dims[j] + p
		j++
	}
	return o
}

func refReduce(op *chip.Reduce, x, out array) {
	count := float64(1)
	for _, a := range op.Axes {
		count *= float64(x.shape[a])
	}
	start := map[chip.ReduceKind]float64{chip.Max: math.Inf(-1), chip.Min: math.Inf(1), chip.Prod: 1}[op.Kind]
	for i := range out.v {
		out.v[i] = start
	}
	positions(x.shape, func(i int, at []int) {
		o := &out.v[squeeze(at, op.Axes, out)]
		switch op.Kind {
		case chip.Max:
			*o = max(*o, x.v[i])
		case chip.Min:
			*o = min(*o, x.v[i])
		case chip.Prod:
			*o *= x.v[i]
		default:
			*o += x.v[i]
		}
	})
	if op.Kind == chip.Mean {
		for i := range out.v {
			out.v[i] /= count
			if x.dt == chip.Int64 {
				out.v[i] = math.Trunc(out.v[i])
			}
		}
	}
}

func refArgMax(op *chip.ArgMax, x, out array) {
	best := make([]float64, len(out.v))
	for i := range best {
		best[i] = math.Inf(-1)
	}
	positions(x.shape, func(i int, at []int) {
		v := x.v[i]
		if op.Min {
			v = -v
		}
		if o := squeeze(at, []int{op.Axis}, out); v > best[o] {
			best[o], out.v[o] = v, float64(at[op.Axis])
		}
	})
}

// refTopK takes the best element that is left, k times.
func refTopK(op *chip.TopK, x, out array) {
	n, k := x.shape[len(x.shape)-1], out.shape[len(out.shape)-1]
	for r := range len(x.v) / n {
		taken := make([]bool, n)
		for i := range k {
			best := -1
			for j, v := range x.v[r*n : (r+1)*n] {
				if taken[j] {
					continue
				}
				if b := x.v[r*n+max(best, 0)]; best < 0 || b != b && v == v || v > b && !op.Smallest || v < b && op.Smallest {
					best = j
				}
			}
			taken[best], out.v[r*k+i] = true, float64(best)
		}
	}
}

// refRows covers the operators over last-axis rows.
func refRows(op chip.Op, ins, outs []array) bool {
	if len(ins) == 0 || len(ins[0].shape) == 0 {
		return false
	}
	w := ins[0].shape[len(ins[0].shape)-1]
	n := 0
	if w > 0 {
		n = len(ins[0].v) / w
	}
	span := func(a array, r int) []float64 { return a.v[r*w : (r+1)*w] }
	switch op := op.(type) {
	case *chip.Softmax:
		for r := range n {
			softmax(span(outs[0], r), span(ins[0], r), op.Log)
		}
	case *chip.SoftmaxGrad:
		for r := range n {
			softmaxGrad(span(outs[0], r), span(ins[0], r), span(ins[1], r), op.Log)
		}
	case *chip.CrossEntropy:
		for r := range n {
			outs[0].v[r] = crossEntropy(span(outs[1], r), span(ins[0], r), int(ins[1].v[r]), float64(op.Smoothing))
		}
	case *chip.CrossEntropyGrad:
		for r := range n {
			label, s := int(ins[1].v[r]), float64(op.Smoothing)
			for k, p := range span(ins[0], r) {
				q := s / float64(w)
				if k == label {
					q += 1 - s
				}
				if label >= 0 {
					span(outs[0], r)[k] = ins[2].v[r] * (p - q)
				}
			}
		}
	case *chip.LayerNorm:
		for r := range n {
			layerNorm(op, r, span(ins[0], r), ins, span(outs[0], r), outs)
		}
	case *chip.LayerNormGrad:
		for r := range n {
			layerNormGrad(op, r, span(ins[0], r), ins, span(ins[4], r), span(outs[0], r), outs)
		}
	case *chip.BatchNorm:
		for j := range w {
			batchNorm(op, j, w, n, ins, outs)
		}
	case *chip.BatchNormGrad:
		for j := range w {
			batchNormGrad(op, j, w, n, ins, outs)
		}
	default:
		return false
	}
	return true
}

func softmax(y, x []float64, log bool) {
	m, sum := slices.Max(x), 0.0
	for _, v := range x {
		sum += math.Exp(v - m)
	}
	for i, v := range x {
		if y[i] = v - m - math.Log(sum); !log {
			y[i] = math.Exp(y[i])
		}
	}
}

func softmaxGrad(dx, y, dy []float64, log bool) {
	yd, d := 0.0, 0.0
	for i := range y {
		yd += y[i] * dy[i]
		d += dy[i]
	}
	for i := range y {
		if dx[i] = y[i] * (dy[i] - yd); log {
			dx[i] = dy[i] - math.Exp(y[i])*d
		}
	}
}

func crossEntropy(p, x []float64, label int, s float64) float64 {
	softmax(p, x, false)
	if label < 0 {
		return 0
	}
	l := make([]float64, len(x))
	softmax(l, x, true)
	loss := -(1 - s) * l[label]
	for _, v := range l {
		loss -= s / float64(len(x)) * v
	}
	return loss
}

func layerNorm(op *chip.LayerNorm, r int, x []float64, ins []array, y []float64, outs []array) {
	mean, variance, n := 0.0, 0.0, float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	if op.RMS {
		mean = 0
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / n
	}
	rstd := 1 / math.Sqrt(variance+float64(op.Eps))
	for i, v := range x {
		y[i] = (v - mean) * rstd * ins[1].v[i]
		if !op.RMS {
			y[i] += ins[2].v[i]
		}
	}
	outs[1].v[r], outs[2].v[r] = mean, rstd
}

func layerNormGrad(op *chip.LayerNormGrad, r int, x []float64, ins []array, dy, dx []float64, outs []array) {
	mean, rstd, n := ins[2].v[r], ins[3].v[r], float64(len(x))
	sg, sgz := 0.0, 0.0
	for i, v := range x {
		z, g := (v-mean)*rstd, dy[i]*ins[1].v[i]
		sg += g / n
		sgz += g * z / n
		outs[1].v[i] += dy[i] * z
		if !op.RMS {
			outs[2].v[i] += dy[i]
		}
	}
	if op.RMS {
		sg = 0
	}
	for i, v := range x {
		dx[i] = rstd * (dy[i]*ins[1].v[i] - sg - (v-mean)*rstd*sgz)
	}
}

func batchNorm(op *chip.BatchNorm, j, w, n int, ins, outs []array) {
	mean, sq := 0.0, 0.0
	for r := range n {
		mean += ins[0].v[r*w+j] / float64(n)
	}
	for r := range n {
		sq += (ins[0].v[r*w+j] - mean) * (ins[0].v[r*w+j] - mean)
	}
	rstd := 1 / math.Sqrt(sq/float64(n)+float64(op.Eps))
	for r := range n {
		outs[0].v[r*w+j] = activation(op.Act, (ins[0].v[r*w+j]-mean)*rstd*ins[1].v[j]+ins[2].v[j])
	}
	m := float64(op.Momentum)
	outs[1].v[j], outs[2].v[j] = mean, rstd
	outs[3].v[j] = (1-m)*ins[3].v[j] + m*mean
	outs[4].v[j] = (1-m)*ins[4].v[j] + m*sq/float64(max(1, n-1))
}

func batchNormGrad(op *chip.BatchNormGrad, j, w, n int, ins, outs []array) {
	gamma, mean, rstd := ins[1].v[j], ins[2].v[j], ins[3].v[j]
	gated := func(i int) float64 {
		if op.Act == chip.ReLU && ins[5].v[i] <= 0 {
			return 0
		}
		return ins[4].v[i]
	}
	sd, sdz := 0.0, 0.0
	for i := j; i < n*w; i += w {
		sd += gated(i)
		sdz += gated(i) * (ins[0].v[i] - mean) * rstd
	}
	for i := j; i < n*w; i += w {
		z := (ins[0].v[i] - mean) * rstd
		outs[0].v[i] = gamma * rstd * (gated(i) - sd/float64(n) - z*sdz/float64(n))
	}
	outs[1].v[j], outs[2].v[j] = sdz, sd
}
