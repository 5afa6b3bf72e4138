package feature

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// DenseOptions configures FitDense.
type DenseOptions struct {
	Scaling   Scaling // "" means Standard
	Bins      int     // intervals of Piecewise; 0 means 8
	MinLevel  int     // rarer categories share one column; 0 means 1
	MaxLevels int     // columns of a category at most; 0 means 200
	// OneHot, when not 0, leaves categories of more levels to EmbeddedLevels.
	OneHot int
	Words  int // columns of a text column at most; 0 means 300
}

// FitDense makes features for models that add and multiply: scaled numbers with
// flags for missing ones, a column per category and per frequent word. It never looks at the target.
func FitDense(s *Source, rows []int, o DenseOptions) Encoder {
	if o.Scaling == "" {
		o.Scaling = Standard
	}
	if o.Bins == 0 {
		o.Bins = 8
	}
	o.MinLevel = max(1, o.MinLevel)
	if o.MaxLevels == 0 {
		o.MaxLevels = 200
	}
	if o.Words == 0 {
		o.Words = 300
	}
	var parts join
	if o.Scaling == Both {
		if fine := newNumeric(s, rows, Piecewise, o.Bins); fine.Width() > 0 {
			fine.Absent = nil // the other has them
			parts = append(parts, fine)
		}
		o.Scaling = Standard
	}
	if numbers := newNumeric(s, rows, o.Scaling, o.Bins); numbers.Width() > 0 {
		if o.Scaling == Quantile {
			parts = append(parts, newRanks(s, rows))
		} else {
			parts = append(parts, numbers)
		}
	}
	for i := range s.Columns {
		if c := &s.Columns[i]; c.Type == data.Category {
			if names, _ := levels(c, rows, o.MinLevel); o.OneHot > 0 && len(names) > o.OneHot {
				continue
			}
			if l := oneHot(c, rows, o.MinLevel, o.MaxLevels); l.width > 1 {
				parts = append(parts, l)
			}
		}
	}
	return append(parts, denseWords(s, rows, o.Words)...)
}

// EmbeddedLevels returns a lookup without a table for each category that
// FitDense leaves out by OneHot: its levels, of which a model learns vectors.
func EmbeddedLevels(s *Source, rows []int, o DenseOptions) []*Lookup {
	var out []*Lookup
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Type != data.Category || o.OneHot == 0 {
			continue
		}
		if names, _ := levels(c, rows, max(1, o.MinLevel)); len(names) > o.OneHot {
			out = append(out, newLookup(c, names, 0))
		}
	}
	return out
}

// join puts encoders side by side.
type join []Encoder

func (j join) Width() int {
	w := 0
	for _, e := range j {
		w += e.Width()
	}
	return w
}

func (j join) Transform(rows []int) []float32 {
	if len(j) == 1 {
		return j[0].Transform(rows)
	}
	w, at := j.Width(), 0
	out := make([]float32, len(rows)*w)
	for _, e := range j {
		x, k := e.Transform(rows), e.Width()
		for i := range rows {
			copy(out[i*w+at:], x[i*k:(i+1)*k])
		}
		at += k
	}
	return out
}

func (j join) Export(b *onnx.Builder) string {
	names := make([]string, len(j))
	for i, e := range j {
		names[i] = e.Export(b)
	}
	return concat(b, names)
}

// ranks maps numbers to normal scores of their rank among the training rows, by
// linear interpolation between quantiles: a matrix over piecewise features.
type ranks struct {
	in     *Numeric
	width  int
	matrix []float32 // [in.Width(), width]
	bias   []float32 // [width]
}

func newRanks(s *Source, rows []int) *ranks {
	raw := newRaw(s)
	x := raw.Transform(rows)
	knots := min(64, max(2, len(rows)/4))
	in := newNumeric(s, rows, Piecewise, knots)
	r := &ranks{in: in}
	sorted := make([][]float32, raw.width)
	for i, v := range x {
		if j := i % raw.width; v == v {
			sorted[j] = append(sorted[j], v)
		}
	}
	column := -1
	type cell struct {
		row, column int
		value       float32
	}
	var cells []cell
	for k, j := range in.Index {
		if k == 0 || j != in.Index[k-1] {
			column++
			slices.Sort(sorted[j])
			r.bias = append(r.bias, normalScore(sorted[j], in.Shift[k]))
		}
		low := in.Shift[k]
		high := sorted[j][len(sorted[j])-1]
		if k+1 < len(in.Index) && in.Index[k+1] == j {
			high = in.Shift[k+1]
		}
		cells = append(cells, cell{k, column, normalScore(sorted[j], high) - normalScore(sorted[j], low)})
	}
	r.width = column + 1 + len(in.Absent)
	r.matrix = make([]float32, in.Width()*r.width)
	for _, c := range cells {
		r.matrix[c.row*r.width+c.column] = c.value
	}
	for i := range in.Absent {
		r.bias = append(r.bias, 0)
		r.matrix[(len(in.Index)+i)*r.width+column+1+i] = 1
	}
	return r
}

// normalScore returns the normal quantile of v's mid-rank among the sorted values.
func normalScore(sorted []float32, v float32) float32 {
	low, _ := slices.BinarySearch(sorted, v)
	high := low
	for high < len(sorted) && sorted[high] == v {
		high++
	}
	p := (float64(low+high)/2 + 0.25) / (float64(len(sorted)) + 0.5)
	p = min(max(p, 0.5/float64(len(sorted)+1)), 1-0.5/float64(len(sorted)+1))
	return float32(math.Sqrt2 * math.Erfinv(2*p-1))
}

func (r *ranks) Width() int { return r.width }

func (r *ranks) Transform(rows []int) []float32 {
	x, w := r.in.Transform(rows), r.in.Width()
	out := make([]float32, len(rows)*r.width)
	for i := range rows {
		o := out[i*r.width : (i+1)*r.width]
		copy(o, r.bias)
		for k, v := range x[i*w : (i+1)*w] {
			if v == 0 {
				continue
			}
			for c, m := range r.matrix[k*r.width : (k+1)*r.width] {
				o[c] += v * m
			}
		}
	}
	return out
}

func (r *ranks) Export(b *onnx.Builder) string {
	y := b.Op("MatMul", nil, r.in.Export(b), b.Const(tensor.Of(r.matrix, r.in.Width(), r.width)))
	return b.Op("Add", nil, y, b.Const(tensor.Of(r.bias, r.width)))
}
