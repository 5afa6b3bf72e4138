// Package tree holds ensembles of decision trees: what gradient boosting and
// forests grow, what predicts, and what becomes a TreeEnsemble operator.
//
// Features and thresholds are float32 and a row goes left when x <= threshold,
// or when x is NaN and the node sends missing values left. The exported operator
// makes the very same comparisons, so that it reaches the very same leaves.
package tree

import "sync"

// Ensemble is a sum of trees. Its prediction for a row x is
// Base[o] + Σ_t weight of the leaf of t that x falls into, for each output o.
type Ensemble struct {
	Features int
	Outputs  int
	Base     []float32 // [Outputs]
	Trees    []Tree
}

// Tree is one decision tree; Nodes[0] is its root.
type Tree struct {
	Nodes   []Node
	Weights []Weight // of all leaves; a leaf owns a range
}

// Node is a split, or a leaf when Feature is negative.
type Node struct {
	Feature     int32
	Threshold   float32
	Left, Right int32 // children; for a leaf, the range of Tree.Weights it owns
	MissingLeft bool  // NaN goes left
}

// Weight is what a leaf adds to one output.
type Weight struct {
	Output int32
	Value  float32
}

// Leaf reports whether n is a leaf.
func (n *Node) Leaf() bool { return n.Feature < 0 }

// Find returns the leaf that row falls into.
func (t *Tree) Find(row []float32) *Node {
	n := &t.Nodes[0]
	for n.Feature >= 0 {
		x := row[n.Feature]
		if x <= n.Threshold || (n.MissingLeft && x != x) {
			n = &t.Nodes[n.Left]
		} else {
			n = &t.Nodes[n.Right]
		}
	}
	return n
}

// Add adds t's prediction for row to out, which has one element per output.
func (t *Tree) Add(row, out []float32) {
	leaf := t.Find(row)
	for _, w := range t.Weights[leaf.Left:leaf.Right] {
		out[w.Output] += w.Value
	}
}

// Leaves counts the leaves of t.
func (t *Tree) Leaves() int { return (len(t.Nodes) + 1) / 2 }

// Nodes counts the nodes of all trees.
func (e *Ensemble) Nodes() int {
	n := 0
	for i := range e.Trees {
		n += len(e.Trees[i].Nodes)
	}
	return n
}

// Predict returns the raw outputs [rows, Outputs] for x [rows, Features], both
// row after row. threads workers share the rows; the result does not depend on
// their number.
func (e *Ensemble) Predict(x []float32, threads int) []float32 {
	rows := len(x) / max(1, e.Features)
	out := make([]float32, rows*e.Outputs)
	Chunks(rows, 256, threads, func(low, high int) {
		for r := low; r < high; r++ {
			copy(out[r*e.Outputs:], e.Base)
		}
		for t := range e.Trees { // tree by tree keeps one tree in cache
			for r := low; r < high; r++ {
				e.Trees[t].Add(x[r*e.Features:(r+1)*e.Features], out[r*e.Outputs:(r+1)*e.Outputs])
			}
		}
	})
	return out
}

// Chunks calls f for consecutive ranges of 0..n, each of at most size, on up to
// threads goroutines, and returns when all are done.
func Chunks(n, size, threads int, f func(low, high int)) {
	chunks := (n + size - 1) / size
	workers := min(threads, chunks)
	if workers <= 1 {
		for low := 0; low < n; low += size {
			f(low, min(n, low+size))
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for c := w; c < chunks; c += workers {
				f(c*size, min(n, (c+1)*size))
			}
		})
	}
	wg.Wait()
}
