package feature

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Raw is the numbers of a source as they are: number columns and date parts,
// [N, width], NaN for missing.
type Raw struct {
	columns []*Column
	width   int
}

func newRaw(s *Source) *Raw {
	r := &Raw{}
	for i := range s.Columns {
		if c := &s.Columns[i]; c.Width > 0 {
			r.columns, r.width = append(r.columns, c), r.width+c.Width
		}
	}
	return r
}

func (r *Raw) Width() int { return r.width }

func (r *Raw) Transform(rows []int) []float32 {
	out := make([]float32, 0, len(rows)*r.width)
	for _, row := range rows {
		for _, c := range r.columns {
			out = append(out, c.Floats[row*c.Width:(row+1)*c.Width]...)
		}
	}
	return out
}

func (r *Raw) Export(b *onnx.Builder) string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.Input
	}
	return concat(b, names)
}

func concat(b *onnx.Builder, names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return b.Op("Concat", onnx.Attrs{"axis": 1}, names...)
}

// Numeric maps raw numbers x to min(max((x[Index] − Shift)·Scale, Low), High),
// with missing numbers replaced by Fill first, followed by one column of 0 or 1
// for each raw number of Absent: whether it is missing.
type Numeric struct {
	raw                     *Raw
	Fill                    []float32 // by raw number
	Index                   []int
	Shift, Scale, Low, High []float32
	Absent                  []int
}

func (n *Numeric) Width() int { return len(n.Index) + len(n.Absent) }

func (n *Numeric) add(index int, shift, scale, low, high float64) {
	n.Index = append(n.Index, index)
	n.Shift, n.Scale = append(n.Shift, float32(shift)), append(n.Scale, float32(scale))
	n.Low, n.High = append(n.Low, float32(low)), append(n.High, float32(high))
}

func (n *Numeric) Transform(rows []int) []float32 {
	x := n.raw.Transform(rows)
	out := make([]float32, 0, len(rows)*n.Width())
	for i := range rows {
		row := x[i*n.raw.width : (i+1)*n.raw.width]
		for k, j := range n.Index {
			v := row[j]
			if v != v {
				v = n.Fill[j]
			}
			v = (v - n.Shift[k]) * n.Scale[k]
			out = append(out, min(max(v, n.Low[k]), n.High[k]))
		}
		for _, j := range n.Absent {
			if row[j] != row[j] {
				out = append(out, 1)
			} else {
				out = append(out, 0)
			}
		}
	}
	return out
}

func (n *Numeric) Export(b *onnx.Builder) string {
	x := n.raw.Export(b)
	absent := b.Op("IsNaN", nil, x)
	vector := func(v []float32) string { return b.Const(tensor.Of(v, len(v))) }
	y := b.Op("Where", nil, absent, vector(n.Fill), x)
	y = b.Op("Gather", onnx.Attrs{"axis": 1}, y, b.Ints(n.Index...))
	y = b.Op("Mul", nil, b.Op("Sub", nil, y, vector(n.Shift)), vector(n.Scale))
	y = b.Op("Min", nil, b.Op("Max", nil, y, vector(n.Low)), vector(n.High))
	if len(n.Absent) == 0 {
		return y
	}
	flags := b.Op("Cast", onnx.Attrs{"to": tensor.Float32}, absent)
	return b.Op("Concat", onnx.Attrs{"axis": 1}, y, b.Op("Gather", onnx.Attrs{"axis": 1}, flags, b.Ints(n.Absent...)))
}

// Scaling says how Numeric spreads a number.
type Scaling string

const (
	Standard  Scaling = "standard"  // (x − mean)/deviation, within ±5 of the bulk
	Quantile  Scaling = "quantile"  // rank among the training rows as a piecewise-linear map, to a normal distribution
	Piecewise Scaling = "piecewise" // a column per interval between quantiles: how far x lies in it, 0 to 1
	Both      Scaling = "both"      // Piecewise and Standard side by side
)

// newNumeric fits a map of s's numbers on rows; bins is the number of intervals
// of Piecewise. Raw numbers that do not vary on rows are left out.
func newNumeric(s *Source, rows []int, scaling Scaling, bins int) *Numeric {
	raw := newRaw(s)
	n := &Numeric{raw: raw, Fill: make([]float32, raw.width)}
	x := raw.Transform(rows)
	for j := range raw.width {
		var values []float32
		for i := range rows {
			if v := x[i*raw.width+j]; v == v && !math.IsInf(float64(v), 0) {
				values = append(values, v)
			}
		}
		if len(values) < len(rows) && len(values) > 0 {
			n.Absent = append(n.Absent, j)
		}
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		n.Fill[j] = values[len(values)/2]
		if values[0] == values[len(values)-1] {
			continue
		}
		switch scaling {
		case Piecewise:
			n.piecewise(j, values, bins)
		default:
			n.standard(j, values)
		}
	}
	n.Absent = n.unlike(x, n.Absent)
	return n
}

// unlike drops missing flags that equal an earlier one on all rows of x.
func (n *Numeric) unlike(x []float32, flags []int) []int {
	var out []int
	w := n.raw.width
	same := func(a, b int) bool {
		for i := 0; i < len(x); i += w {
			if (x[i+a] != x[i+a]) != (x[i+b] != x[i+b]) {
				return false
			}
		}
		return true
	}
	for _, j := range flags {
		if !slices.ContainsFunc(out, func(k int) bool { return same(j, k) }) {
			out = append(out, j)
		}
	}
	return out
}

// standard maps sorted values to mean 0 and deviation 1. Values far outside are
// held back, so that one slip of the pen does not decide a prediction.
func (n *Numeric) standard(j int, values []float32) {
	mean, square := 0.0, 0.0
	for _, v := range values {
		mean += float64(v)
	}
	mean /= float64(len(values))
	for _, v := range values {
		square += (float64(v) - mean) * (float64(v) - mean)
	}
	dev := math.Sqrt(square / float64(len(values)))
	n.Fill[j] = float32(mean)
	n.add(j, mean, 1/dev, min((float64(values[0])-mean)/dev-1, -5), max((float64(values[len(values)-1])-mean)/dev+1, 5))
}

// piecewise adds a column per interval between quantiles of the sorted values.
func (n *Numeric) piecewise(j int, values []float32, bins int) {
	knots := Knots(values, bins)
	for k := range len(knots) - 1 {
		a, b := float64(knots[k]), float64(knots[k+1])
		n.add(j, a, 1/(b-a), 0, 1)
	}
}

// Knots returns up to bins+1 distinct quantiles of the sorted values, the least
// and the greatest among them.
func Knots(values []float32, bins int) []float32 {
	var out []float32
	for k := range bins + 1 {
		v := values[(len(values)-1)*k/bins]
		if len(out) == 0 || v > out[len(out)-1] {
			out = append(out, v)
		}
	}
	return out
}
