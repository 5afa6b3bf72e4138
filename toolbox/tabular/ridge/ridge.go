// Package ridge fits ridge regressions in closed form, for several strengths of
// regularisation at the cost of one pass over the rows.
package ridge

import (
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/toolbox/linear"
	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

// Regression is a ridge regression that can be solved for several strengths of
// regularisation. Its cost grows with the cube of the number of columns.
type Regression struct {
	features int
	rows     int
	mean     []float64 // of the columns
	yMean    float64
	gram     []float64 // centred XᵀX, [features, features]
	moment   []float64 // centred Xᵀy
}

const blockRows = 512 // that fit into the cache

// New prepares to fit the targets y [rows] on x [rows, features].
func New(ctx context.Context, x []float32, features int, y []float32, threads int) (*Regression, error) {
	if len(y) == 0 || len(x) != len(y)*features {
		return nil, fmt.Errorf("ridge: %d values and %d targets for %d columns", len(x), len(y), features)
	}
	n := float64(len(y))
	r := &Regression{features: features, rows: len(y), mean: make([]float64, features),
		gram: make([]float64, features*features), moment: make([]float64, features)}
	for i, t := range y {
		r.yMean += float64(t) / n
		for f, v := range x[i*features : (i+1)*features] {
			r.mean[f] += float64(v) / n
		}
	}
	block := make([]float64, features*blockRows) // [features, rows of the block], centred
	targets := make([]float64, blockRows)
	for at := 0; at < len(y); at += blockRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows := min(blockRows, len(y)-at)
		for i := range rows {
			targets[i] = float64(y[at+i]) - r.yMean
			for f, v := range x[(at+i)*features : (at+i+1)*features] {
				block[f*blockRows+i] = float64(v) - r.mean[f]
			}
		}
		tree.Chunks(features, 1, threads, func(f, _ int) {
			column := block[f*blockRows : f*blockRows+rows]
			r.moment[f] += dot(column, targets[:rows])
			for k := range f + 1 {
				r.gram[f*features+k] += dot(column, block[k*blockRows:k*blockRows+rows])
			}
		})
	}
	return r, nil
}

// Solve minimises |y − Xw − b|² + l2·|w|²; l2 must be positive.
func (r *Regression) Solve(l2 float64) (*linear.Model, error) {
	p := r.features
	a := make([]float64, p*p)
	copy(a, r.gram)
	for f := range p {
		a[f*p+f] += l2
	}
	if err := cholesky(a, p); err != nil {
		return nil, err
	}
	w := make([]float64, p)
	copy(w, r.moment)
	substitute(a, p, w)
	m := &linear.Model{Cols: p, Outputs: 1, W: make([]float32, p), B: make([]float32, 1)}
	bias := r.yMean
	for f, v := range w {
		m.W[f] = float32(v)
		bias -= v * r.mean[f]
	}
	m.B[0] = float32(bias)
	return m, nil
}

// cholesky replaces the lower triangle of the symmetric positive definite a,
// [n, n], by its factor L with a = L·Lᵀ.
func cholesky(a []float64, n int) error {
	for i := range n {
		row := a[i*n : i*n+i+1]
		for j := range i {
			other := a[j*n : j*n+j+1]
			row[j] = (row[j] - dot(row[:j], other[:j])) / other[j]
		}
		d := row[i] - dot(row[:i], row[:i])
		if !(d > 0) {
			return fmt.Errorf("ridge: matrix is not positive definite at row %d (%g)", i, d)
		}
		row[i] = math.Sqrt(d)
	}
	return nil
}

// substitute solves L·Lᵀ·x = b in place.
func substitute(l []float64, n int, b []float64) {
	for i := range n {
		b[i] = (b[i] - dot(l[i*n:i*n+i], b[:i])) / l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		b[i] /= l[i*n+i]
		axpy(-b[i], l[i*n:i*n+i], b[:i])
	}
}

func dot(a, b []float64) float64 {
	s := 0.0
	b = b[:len(a)]
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func axpy(a float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += a * v
	}
}
