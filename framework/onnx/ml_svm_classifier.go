package onnx

import (
	"context"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ai.onnx.ml.SVMClassifier": {1, 1, compileSVMClassifier},
})

func init() { resultTypes[MLDomain+".SVMClassifier"] = fixedTypes(0, tensor.Float32) }

// maxSVMClasses bounds the classes of an SVMClassifier, which compares all pairs.
const maxSVMClasses = 1 << 10

// svmClassifier compares every two classes i < j by one machine: positive for i.
type svmClassifier struct {
	kernel            svmKernel
	names             labels
	width             int
	coefficients      []float32 // [classes-1, vectors]; without vectors [classes, width]
	vectors           []float32 // [vectors, width]
	from              []int     // first vector of each class, and their number
	rho, probA, probB []float32 // by pair, in order
	complement        bool      // the score of two classes as (1-s, s)
	classes, pairs    int
}

func readSVMClassifier(n *call) *svmClassifier {
	s := &svmClassifier{kernel: n.svmKernel(), names: n.labels(), coefficients: n.floats("coefficients"), vectors: n.floats("support_vectors"),
		rho: n.floats("rho"), probA: n.floats("prob_a"), probB: n.floats("prob_b")}
	s.classes = s.names.len()
	s.pairs = s.classes * (s.classes - 1) / 2
	if n.err != nil {
		return nil
	}
	if s.classes < 2 || s.classes > maxSVMClasses {
		n.fail("%d class labels, want 2 to %d", s.classes, maxSVMClasses)
		return nil
	}
	total := 0
	for _, v := range n.ints("vectors_per_class") {
		if v < 0 || v > int64(len(s.vectors)) {
			n.fail("vectors_per_class has %d", v)
			return nil
		}
		s.from = append(s.from, total)
		total += int(v)
	}
	if total == 0 {
		s.from = nil
		s.width = len(s.coefficients) / s.classes
		if s.width == 0 || s.width*s.classes != len(s.coefficients) || len(s.rho) == 0 {
			n.fail("%d coefficients and %d rho do not suit %d classes", len(s.coefficients), len(s.rho), s.classes)
		}
		return s
	}
	s.width = len(s.vectors) / total
	if len(s.from) != s.classes || s.width*total != len(s.vectors) || s.width == 0 {
		n.fail("support_vectors has %d entries for %d vectors of %d classes", len(s.vectors), total, s.classes)
		return nil
	}
	s.from = append(s.from, total)
	if len(s.coefficients) != (s.classes-1)*total || len(s.rho) != s.pairs {
		n.fail("%d coefficients and %d rho do not suit %d classes and %d vectors", len(s.coefficients), len(s.rho), s.classes, total)
	}
	if len(s.probA) != len(s.probB) || len(s.probA) != 0 && len(s.probA) != s.pairs {
		n.fail("prob_a has %d entries and prob_b %d, want one for each of %d pairs", len(s.probA), len(s.probB), s.pairs)
	}
	return s
}

// compare gives the scores of all pairs for x and the votes that they are.
func (s *svmClassifier) compare(x []float32) (scores []float32, votes []float32) {
	total := s.from[s.classes]
	near := make([]float64, total)
	for i := range near {
		near[i] = s.kernel(x, s.vectors[i*s.width:][:s.width])
	}
	votes = make([]float32, s.classes)
	for i := range s.classes {
		for j := i + 1; j < s.classes; j++ {
			sum := float64(s.rho[len(scores)])
			for k := s.from[i]; k < s.from[i+1]; k++ {
				sum += float64(s.coefficients[(j-1)*total+k]) * near[k]
			}
			for k := s.from[j]; k < s.from[j+1]; k++ {
				sum += float64(s.coefficients[i*total+k]) * near[k]
			}
			scores = append(scores, float32(sum))
			if sum > 0 {
				votes[i]++
			} else {
				votes[j]++
			}
		}
	}
	return scores, votes
}

// probabilities couples what the pairs say, 1/(1+exp(a·score+b)) for the first of
// each, into one probability for each class.
// Source: Wu, Lin, Weng 2004, JMLR 5, algorithm 2.
func (s *svmClassifier) probabilities(scores []float32) []float32 {
	k := s.classes
	r := make([]float64, k*k)
	pair := 0
	for i := range k {
		for j := i + 1; j < k; j++ {
			p := 1 / (1 + math.Exp(float64(s.probA[pair])*float64(scores[pair])+float64(s.probB[pair])))
			p = min(max(p, 1e-7), 1-1e-7)
			r[i*k+j], r[j*k+i] = p, 1-p
			pair++
		}
	}
	q, p, qp := make([]float64, k*k), make([]float64, k), make([]float64, k)
	for i := range k {
		p[i] = 1 / float64(k)
		for j := range k {
			if i != j {
				q[i*k+i] += r[j*k+i] * r[j*k+i]
				q[i*k+j] = -r[j*k+i] * r[i*k+j]
			}
		}
	}
	for range max(100, k) {
		all, worst := 0.0, 0.0
		for i := range k {
			qp[i] = 0
			for j := range k {
				qp[i] += q[i*k+j] * p[j]
			}
			all += p[i] * qp[i]
		}
		for i := range k {
			worst = max(worst, math.Abs(qp[i]-all))
		}
		if worst < 0.005/float64(k) {
			break
		}
		for i := range k {
			step := (all - qp[i]) / q[i*k+i]
			p[i] += step
			all = (all + step*(step*q[i*k+i]+2*qp[i])) / (1 + step) / (1 + step)
			for j := range k {
				qp[j] = (qp[j] + step*q[i*k+j]) / (1 + step)
				p[j] /= 1 + step
			}
		}
	}
	return convert[float32](p)
}

// compileSVMClassifier names the class with most votes and gives probabilities
// with prob_a and prob_b, else the scores of the pairs; of two classes (-s, s), or
// as onnxruntime has it with a SOFTMAX, which it does not apply, (1-s, s). Without
// support vectors the scores are those of a linear machine for each class.
func compileSVMClassifier(n *call) kernel {
	s, after := readSVMClassifier(n), n.transform()
	if n.err != nil {
		return nil
	}
	if s.pairs == 1 && s.from != nil && s.probA == nil {
		switch n.str("post_transform", "NONE") {
		case "SOFTMAX", "SOFTMAX_ZERO":
			s.complement, after = true, func([]float32) {}
		case "PROBIT":
			n.fail("post_transform PROBIT of one score is not supported")
		}
	}
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		x, rows, got, err := rowsOf(in[0], s.width)
		if err != nil {
			return nil, err
		}
		columns := s.classes
		if s.from != nil && s.probA == nil {
			columns = max(s.pairs, 2)
		}
		t, err := newTensor(tensor.Float32, rows, columns)
		if err != nil {
			return nil, err
		}
		index := make([]int, rows)
		for r := range rows {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			row := x[r*got:][:s.width]
			out := t.Float32s()[r*columns : (r+1)*columns]
			index[r] = s.classify(out, row)
			after(out)
		}
		return []*tensor.Tensor{s.names.tensor(index), t}, nil
	}
}

// classify fills out and returns the class.
func (s *svmClassifier) classify(out, x []float32) int {
	if s.from == nil {
		for c := range out {
			out[c] = float32(s.kernel(x, s.coefficients[c*s.width:][:s.width]) + float64(s.rho[0]))
		}
		return argMax(out)
	}
	scores, votes := s.compare(x)
	switch {
	case s.probA != nil:
		copy(out, s.probabilities(scores))
	case s.pairs == 1 && s.complement:
		out[0], out[1] = 1-scores[0], scores[0]
	case s.pairs == 1:
		out[0], out[1] = -scores[0], scores[0]
	default:
		copy(out, scores)
	}
	return argMax(votes)
}
