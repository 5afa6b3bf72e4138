package gbdt

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

const maxBins = 255 // of values; one more code stands for missing

// Bins are the quantised columns of a training set.
type Bins struct {
	Rows    int
	Columns []Column
	starts  []int // of each column's words in a histogram
	words   int   // of a histogram
}

// Column is one quantised column.
type Column struct {
	// Edges are the thresholds between bins: x falls into the first bin b with
	// x <= Edges[b], and into bin len(Edges) when there is none.
	Edges  []float32
	Codes  []uint8 // bin of each row; len(Edges)+1 for NaN
	Absent bool    // some rows are NaN
}

// values returns the number of bins of c, not counting missing.
func (c *Column) values() int { return len(c.Edges) + 1 }

// missing returns the code of NaN, which comes after those of values.
func (c *Column) missing() uint8 { return uint8(len(c.Edges) + 1) }

// part returns column f's words of a histogram: one per bin, then missing.
func (b *Bins) part(hist []uint64, f int) []uint64 {
	return hist[b.starts[f] : b.starts[f]+b.Columns[f].values()+1]
}

// Quantise bins x, [rows, features] row after row, into at most bins bins a
// column. Each distinct value has a bin of its own while they suffice; else
// bins hold about equal numbers of rows.
func Quantise(x []float32, features, bins, threads int) *Bins {
	rows := len(x) / max(1, features)
	b := &Bins{Rows: rows, Columns: make([]Column, features)}
	bins = min(max(bins, 2), maxBins)
	tree.Chunks(features, 1, threads, func(f, _ int) {
		values := make([]float32, 0, rows)
		for r := range rows {
			if v := x[r*features+f]; v == v {
				values = append(values, v)
			}
		}
		c := &b.Columns[f]
		c.Absent = len(values) < rows
		slices.Sort(values)
		c.Edges = edges(values, bins)
		c.Codes = make([]uint8, rows)
		for r := range rows {
			c.Codes[r] = c.Code(x[r*features+f])
		}
	})
	for f := range b.Columns {
		b.starts = append(b.starts, b.words)
		b.words += b.Columns[f].values() + 1
	}
	return b
}

// Code returns the bin of x.
func (c *Column) Code(x float32) uint8 {
	if x != x {
		return c.missing()
	}
	i, _ := slices.BinarySearch(c.Edges, x)
	return uint8(i)
}

// edges chooses the thresholds between bins of the sorted values.
func edges(values []float32, bins int) []float32 {
	var distinct []float32
	var upto []int // rows with a value <= distinct[i]
	for i, v := range values {
		if i == 0 || v != values[i-1] {
			distinct, upto = append(distinct, v), append(upto, i)
		}
		upto[len(upto)-1] = i + 1
	}
	if len(distinct) < 2 {
		return nil
	}
	var out []float32
	if len(distinct) <= bins {
		for i := range distinct[1:] {
			out = append(out, between(distinct[i], distinct[i+1]))
		}
		return out
	}
	// A bin closes once it holds its share of the rows that are left.
	start, left := 0, bins
	for i := range distinct[:len(distinct)-1] {
		share := (len(values) - start + left - 1) / left
		if upto[i]-start >= share {
			out = append(out, between(distinct[i], distinct[i+1]))
			start, left = upto[i], left-1
			if left == 1 {
				break
			}
		}
	}
	return out
}

// between returns a float32 t with low <= t < high, near the middle.
func between(low, high float32) float32 {
	t := float32((float64(low) + float64(high)) / 2)
	if !(t >= low && t < high) || math.IsInf(float64(t), 0) {
		return low
	}
	return t
}
