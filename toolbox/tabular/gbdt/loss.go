package gbdt

import (
	"math"

	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

// base returns the constant prediction that minimises the loss on y.
func base(loss Loss, y []float32, outputs int) []float32 {
	out := make([]float32, outputs)
	switch loss {
	case Squared, Logistic:
		sum := 0.0
		for _, v := range y {
			sum += float64(v)
		}
		mean := sum / float64(max(1, len(y)))
		if loss == Logistic {
			mean = min(max(mean, 1e-6), 1-1e-6)
			mean = math.Log(mean / (1 - mean))
		}
		out[0] = float32(mean)
	case Softmax:
		count := make([]float64, outputs)
		for _, v := range y {
			count[int(v)]++
		}
		for c := range out {
			out[c] = float32(math.Log(max(count[c], 0.1) / float64(max(1, len(y)))))
		}
	}
	return out
}

// gradients fills g and h, [output][row], from the scores, [output][row].
// The hessian of Squared is 1 and h is left alone.
func gradients(loss Loss, y []float32, scores, g, h [][]float32, threads int) {
	switch loss {
	case Squared:
		for r, v := range y {
			g[0][r] = scores[0][r] - v
		}
	case Logistic:
		tree.Chunks(len(y), 4096, threads, func(low, high int) {
			for r := low; r < high; r++ {
				p := 1 / (1 + exp(-scores[0][r]))
				g[0][r], h[0][r] = p-y[r], p*(1-p)
			}
		})
	case Softmax:
		tree.Chunks(len(y), 512, threads, func(low, high int) { softmaxGradients(y, scores, g, h, low, high) })
	}
}

func softmaxGradients(y []float32, scores, g, h [][]float32, low, high int) {
	var largest, sum [512]float32
	n := high - low
	for i := range n {
		largest[i] = float32(math.Inf(-1))
	}
	for _, s := range scores {
		for i, v := range s[low:high] {
			largest[i] = max(largest[i], v)
		}
	}
	for c, s := range scores {
		p := h[c][low:high]
		for i, v := range s[low:high] {
			e := exp(v - largest[i])
			p[i] = e
			sum[i] += e
		}
	}
	for i := range n {
		sum[i] = 1 / sum[i]
	}
	for c := range scores {
		gc, hc := g[c][low:high], h[c][low:high]
		for i := range hc {
			p := hc[i] * sum[i]
			gc[i], hc[i] = p, p*(1-p)
		}
	}
	for i := range n {
		g[int(y[low+i])][low+i]--
	}
}

// meanLoss returns the mean loss of scores [row, output], row after row.
func meanLoss(loss Loss, y, scores []float32, outputs int) float64 {
	total := 0.0
	for r, v := range y {
		s := scores[r*outputs : (r+1)*outputs]
		switch loss {
		case Squared:
			d := float64(s[0] - v)
			total += d * d / 2
		case Logistic:
			m := float64(s[0])
			if v > 0.5 {
				m = -m
			}
			total += max(m, 0) + math.Log1p(math.Exp(-math.Abs(m)))
		case Softmax:
			largest, sum := float64(s[0]), 0.0
			for _, x := range s {
				largest = max(largest, float64(x))
			}
			for _, x := range s {
				sum += math.Exp(float64(x) - largest)
			}
			total += largest + math.Log(sum) - float64(s[int(v)])
		}
	}
	return total / float64(max(1, len(y)))
}

// exp returns eˣ to about 2e-7 of its value: 2ⁿ·2ᶠ with a polynomial for 2ᶠ.
func exp(x float32) float32 {
	if x < -87 {
		return 0
	}
	if x > 88 {
		x = 88
	}
	z := x * 1.44269504
	n := float32(int32(z+192) - 192) // floor, for z > -192
	f := (z - n) * 0.69314718
	p := 1 + f*(1+f*(0.5+f*(1.0/6+f*(1.0/24+f*(1.0/120+f*(1.0/720+f/5040))))))
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}
