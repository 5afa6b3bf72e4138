package tabular

import (
	"math"
	"math/rand/v2"

	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
	"github.com/macaw-ai/macaw/train"
)

// scale brings regression targets to mean 0 and deviation 1.
type scale struct{ mean, deviation float32 }

func newScale(t *table) scale {
	if !t.regression() {
		return scale{0, 1}
	}
	mean, square, n := 0.0, 0.0, float64(len(t.train))
	for _, v := range t.numbers(t.train) {
		mean += float64(v) / n
	}
	for _, v := range t.numbers(t.train) {
		square += (float64(v) - mean) * (float64(v) - mean) / n
	}
	if square == 0 {
		square = 1
	}
	return scale{float32(mean), float32(math.Sqrt(square))}
}

// levelDrop is the share of codes that training replaces by the unknown level,
// so that it has an embedding worth having.
const levelDrop = 0.04

// samples gives encoded rows to a network: implements train.Source.
type samples struct {
	x       []float32 // [rows, width]
	width   int
	codes   [][]int64 // of each embedded category, by row
	unknown []int64   // code of each
	labels  []int64   // or
	targets []float32
	rows    int
}

func newSamples(t *table, enc feature.Encoder, embedded []*feature.Lookup, rows []int, target scale) *samples {
	s := &samples{x: enc.Transform(rows), width: enc.Width(), rows: len(rows)}
	for _, l := range embedded {
		codes := make([]int64, len(rows))
		for i, c := range l.Codes(rows) {
			codes[i] = int64(c)
		}
		s.codes, s.unknown = append(s.codes, codes), append(s.unknown, int64(len(l.Levels)))
	}
	for _, v := range t.numbers(rows) {
		if t.regression() {
			s.targets = append(s.targets, (v-target.mean)/target.deviation)
		} else {
			s.labels = append(s.labels, int64(v))
		}
	}
	return s
}

func (s *samples) Len() int { return s.rows }

// inputs are the tensors of a batch, the label or target last.
func (s *samples) inputs() []train.Input {
	n := &perceptron{dense: s.width}
	for range s.codes {
		n.embed = append(n.embed, nil)
	}
	if s.targets != nil {
		return append(n.inputs(), train.Input{Name: "target", DType: tensor.Float32})
	}
	return append(n.inputs(), train.Input{Name: "label", DType: tensor.Int64})
}

// Fill implements train.Source.
func (s *samples) Fill(batch []*tensor.Tensor, index []int, r *rand.Rand) {
	if s.width > 0 {
		x := batch[0].Float32s()
		for i, k := range index {
			copy(x[i*s.width:(i+1)*s.width], s.x[k*s.width:(k+1)*s.width])
		}
		batch = batch[1:]
	}
	for j, codes := range s.codes {
		out := batch[j].Int64s()
		for i, k := range index {
			if out[i] = codes[k]; r != nil && r.Float64() < levelDrop {
				out[i] = s.unknown[j]
			}
		}
	}
	if batch = batch[len(s.codes):]; len(batch) == 0 {
		return
	}
	for i, k := range index {
		if s.targets != nil {
			batch[0].Float32s()[i] = s.targets[k]
		} else {
			batch[0].Int64s()[i] = s.labels[k]
		}
	}
}
