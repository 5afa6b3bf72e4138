// Package forest grows extremely randomised trees: each split is the best of a
// few random columns, each cut at one random threshold, and the forest's output
// is the mean over trees of the class shares, or of the mean targets, in the leaves.
//
// Source: Geurts, Ernst, Wehenkel 2006, "Extremely randomized trees".
package forest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

// Options configures Train. The zero value of a field means its default.
type Options struct {
	Classes  int     // 0 for regression
	Trees    int     // 0 means 100
	Columns  int     // tried at each node; 0 means the square root of their number, all for regression
	MinRows  int     // least rows of a leaf; 0 means 1
	MaxDepth int     // 0 means no limit
	RowShare float64 // share of rows drawn for each tree without replacement; 0 means all
	MaxNodes int     // stop adding trees past so many nodes; 0 means no limit
	Threads  int     // 0 means 1; the result is the same for any
	Seed     uint64
	Stop     func() bool // asked after each few trees; true ends the training with what there is; may be nil
}

func (o Options) withDefaults(features int) Options {
	if o.Trees == 0 {
		o.Trees = 100
	}
	if o.Columns == 0 {
		o.Columns = features
		if o.Classes > 0 {
			o.Columns = int(math.Round(math.Sqrt(float64(features))))
		}
	}
	o.Columns = min(max(1, o.Columns), max(1, features))
	o.MinRows = max(1, o.MinRows)
	o.Threads = max(1, o.Threads)
	if o.RowShare == 0 {
		o.RowShare = 1
	}
	return o
}

// Train grows a forest on x [rows, features] (NaN is missing) and y [rows], the
// targets or the classes as whole numbers. Its outputs are the class
// probabilities, or the prediction. report may be nil; it is called with the
// number of trees grown so far.
func Train(ctx context.Context, x []float32, features int, y []float32, opts Options, report func(trees int)) (*tree.Ensemble, error) {
	if len(y) == 0 || len(x) != len(y)*features || opts.RowShare < 0 || opts.RowShare > 1 {
		return nil, fmt.Errorf("forest: %d values and %d labels for %d columns, row share %g", len(x), len(y), features, opts.RowShare)
	}
	opts = opts.withDefaults(features)
	columns := transpose(x, features, len(y))
	e := &tree.Ensemble{Features: features, Outputs: max(1, opts.Classes)}
	e.Base = make([]float32, e.Outputs)
	nodes := 0
	for len(e.Trees) < opts.Trees && (opts.MaxNodes == 0 || nodes < opts.MaxNodes) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		first := len(e.Trees)
		batch := make([]tree.Tree, min(8, opts.Trees-first))
		var wg sync.WaitGroup
		for w := range min(opts.Threads, len(batch)) {
			wg.Go(func() {
				for t := w; t < len(batch); t += opts.Threads {
					g := newGrower(columns, y, opts, uint64(first+t))
					batch[t] = g.grow(ctx)
				}
			})
		}
		wg.Wait()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e.Trees = append(e.Trees, batch...)
		for i := range batch {
			nodes += len(batch[i].Nodes)
		}
		if report != nil {
			report(len(e.Trees))
		}
		if opts.Stop != nil && opts.Stop() {
			break
		}
	}
	share := 1 / float32(len(e.Trees))
	for t := range e.Trees {
		for i := range e.Trees[t].Weights {
			e.Trees[t].Weights[i].Value *= share
		}
	}
	return e, nil
}

func transpose(x []float32, features, rows int) [][]float32 {
	flat, out := make([]float32, len(x)), make([][]float32, features)
	for f := range out {
		out[f] = flat[f*rows : (f+1)*rows]
		for r := range rows {
			out[f][r] = x[r*features+f]
		}
	}
	return out
}

// grower grows one tree.
type grower struct {
	columns [][]float32
	y       []float32
	opts    Options
	rng     *rand.Rand
	rows    []int32
	spare   []int32
	order   []int // columns, shuffled anew at each node
	left    []float64
	all     []float64
	x       []float32 // of the node's rows: the column at hand,
	targets []float64 // the targets,
	labels  []int32   // or the classes
	t       tree.Tree
}

func newGrower(columns [][]float32, y []float32, opts Options, number uint64) *grower {
	g := &grower{columns: columns, y: y, opts: opts, rng: rand.New(rand.NewPCG(opts.Seed, number))}
	for r := range int32(len(y)) {
		if opts.RowShare == 1 || g.rng.Float64() < opts.RowShare {
			g.rows = append(g.rows, r)
		}
	}
	if len(g.rows) == 0 {
		g.rows = append(g.rows, int32(g.rng.IntN(len(y))))
	}
	n := len(g.rows)
	g.spare, g.x, g.targets, g.labels = make([]int32, n), make([]float32, n), make([]float64, n), make([]int32, n)
	g.order = make([]int, len(columns))
	for f := range g.order {
		g.order[f] = f
	}
	g.left, g.all = make([]float64, max(2, opts.Classes)), make([]float64, max(2, opts.Classes))
	return g
}

type task struct{ node, start, end, depth int }

// grow returns a tree, which is incomplete once ctx has ended.
func (g *grower) grow(ctx context.Context) tree.Tree {
	g.t.Nodes = []tree.Node{{Feature: -1}}
	stack := []task{{0, 0, len(g.rows), 0}}
	for len(stack) > 0 && ctx.Err() == nil {
		k := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		rows := g.rows[k.start:k.end]
		c, ok := cut{}, false
		if len(rows) >= 2*g.opts.MinRows && !g.pure(rows) && (g.opts.MaxDepth == 0 || k.depth < g.opts.MaxDepth) {
			c, ok = g.choose(rows)
		}
		if !ok {
			g.leaf(k.node, rows)
			continue
		}
		middle := k.start + g.part(rows, c)
		left := len(g.t.Nodes)
		g.t.Nodes = append(g.t.Nodes, tree.Node{Feature: -1}, tree.Node{Feature: -1})
		g.t.Nodes[k.node] = tree.Node{Feature: int32(c.column), Threshold: c.threshold,
			Left: int32(left), Right: int32(left + 1), MissingLeft: c.missingLeft}
		stack = append(stack, task{left, k.start, middle, k.depth + 1}, task{left + 1, middle, k.end, k.depth + 1})
	}
	return g.t
}

func (g *grower) pure(rows []int32) bool {
	for _, r := range rows[1:] {
		if g.y[r] != g.y[rows[0]] {
			return false
		}
	}
	return true
}

func (g *grower) leaf(node int, rows []int32) {
	start := len(g.t.Weights)
	if g.opts.Classes == 0 {
		sum := 0.0
		for _, r := range rows {
			sum += float64(g.y[r])
		}
		g.t.Weights = append(g.t.Weights, tree.Weight{Value: float32(sum / float64(len(rows)))})
	} else {
		clear(g.all)
		for _, r := range rows {
			g.all[int(g.y[r])]++
		}
		for c, n := range g.all[:g.opts.Classes] {
			if n > 0 {
				g.t.Weights = append(g.t.Weights, tree.Weight{Output: int32(c), Value: float32(n / float64(len(rows)))})
			}
		}
	}
	g.t.Nodes[node].Left, g.t.Nodes[node].Right = int32(start), int32(len(g.t.Weights))
}

func (g *grower) part(rows []int32, c cut) int {
	k, m := 0, 0
	for _, r := range rows {
		if c.goesLeft(g.columns[c.column][r]) {
			rows[k] = r
			k++
		} else {
			g.spare[m] = r
			m++
		}
	}
	copy(rows[k:], g.spare[:m])
	return k
}
