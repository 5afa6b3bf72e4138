package onnx

import (
	"context"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"ai.onnx.ml.TreeEnsembleRegressor":  {1, 1, compileTreeRegressor},
	"ai.onnx.ml.TreeEnsembleClassifier": {1, 1, compileTreeClassifier},
})

// branch says how a node compares x[feature] with its value.
type branch uint8

const (
	leq branch = iota
	less
	geq
	greater
	equal
	unequal
	leaf
)

var branches = map[string]branch{
	"BRANCH_LEQ": leq, "BRANCH_LT": less, "BRANCH_GTE": geq, "BRANCH_GT": greater,
	"BRANCH_EQ": equal, "BRANCH_NEQ": unequal, "LEAF": leaf,
}

// treeNode is a node of a forest. A leaf's yes and no bound its leaf weights.
type treeNode struct {
	value   float32
	feature int32
	yes, no int32
	mode    branch
	missing bool // NaN goes to yes
}

type leafWeight struct {
	target int32
	weight float32
}

// forest is a tree ensemble made for traversal: nodes of one tree stand together.
type forest struct {
	nodes    []treeNode
	fast     []fastNode // when simple
	roots    []int32
	weights  []leafWeight
	features int  // least width of an input row
	simple   bool // every branch is BRANCH_LEQ
	targets  int
}

// readForest reads the attributes; prefix is "target" or "class".
func readForest(n *call, prefix string) *forest {
	ids, trees := n.ints("nodes_nodeids"), n.ints("nodes_treeids")
	modes, values := n.strs("nodes_modes"), n.floats("nodes_values")
	features := n.ints("nodes_featureids")
	yes, no := n.ints("nodes_truenodeids"), n.ints("nodes_falsenodeids")
	missing := n.ints("nodes_missing_value_tracks_true")
	count := len(ids)
	for _, l := range []int{len(trees), len(modes), len(values), len(features), len(yes), len(no)} {
		if l != count || count == 0 {
			n.fail("the nodes_ attributes are empty or differ in length")
			return nil
		}
	}
	if len(missing) != 0 && len(missing) != count {
		n.fail("nodes_missing_value_tracks_true has %d entries for %d nodes", len(missing), count)
		return nil
	}
	type key struct{ tree, node int64 }
	at := make(map[key]int32, count)
	f := &forest{nodes: make([]treeNode, count), simple: true}
	for i := range ids {
		k := key{trees[i], ids[i]}
		if _, ok := at[k]; ok {
			n.fail("tree %d has two nodes %d", trees[i], ids[i])
			return nil
		}
		at[k] = int32(i)
	}
	parent := make([]bool, count)
	for i := range ids {
		mode, ok := branches[modes[i]]
		if !ok {
			n.fail("node mode %q is not supported", modes[i])
			return nil
		}
		node := treeNode{value: values[i], mode: mode, missing: len(missing) > 0 && missing[i] != 0}
		if mode != leaf {
			if features[i] < 0 || features[i] > 1<<24 {
				n.fail("feature %d is out of range", features[i])
				return nil
			}
			node.feature = int32(features[i])
			f.features = max(f.features, int(features[i])+1)
			f.simple = f.simple && mode == leq
			for side, id := range []int64{yes[i], no[i]} {
				child, ok := at[key{trees[i], id}]
				if !ok || parent[child] || int(child) == i {
					n.fail("node %d of tree %d has a child %d that is missing or shared", ids[i], trees[i], id)
					return nil
				}
				parent[child] = true
				if side == 0 {
					node.yes = child
				} else {
					node.no = child
				}
			}
		}
		f.nodes[i] = node
	}
	// Every child has one parent, so what hangs below a root is a tree.
	for i := range parent {
		if !parent[i] {
			f.roots = append(f.roots, int32(i))
		}
	}
	f.prepare()
	f.readLeaves(n, prefix, func(tree, node int64) (int32, bool) { i, ok := at[key{tree, node}]; return i, ok })
	return f
}

func (f *forest) readLeaves(n *call, prefix string, find func(tree, node int64) (int32, bool)) {
	trees, nodes := n.ints(prefix+"_treeids"), n.ints(prefix+"_nodeids")
	ids, weights := n.ints(prefix+"_ids"), n.floats(prefix+"_weights")
	if len(nodes) != len(trees) || len(ids) != len(trees) || len(weights) != len(trees) {
		n.fail("the %s_ attributes differ in length", prefix)
		return
	}
	byNode := map[int32][]leafWeight{}
	for i := range trees {
		at, ok := find(trees[i], nodes[i])
		if !ok || f.nodes[at].mode != leaf {
			n.fail("weight %d belongs to node %d of tree %d, which is no leaf", i, nodes[i], trees[i])
			return
		}
		if ids[i] < 0 || ids[i] > 1<<20 {
			n.fail("%s id %d is out of range", prefix, ids[i])
			return
		}
		f.targets = max(f.targets, int(ids[i])+1)
		byNode[at] = append(byNode[at], leafWeight{int32(ids[i]), weights[i]})
	}
	for i := range f.nodes {
		if node := &f.nodes[i]; node.mode == leaf {
			node.yes = int32(len(f.weights))
			f.weights = append(f.weights, byNode[int32(i)]...)
			node.no = int32(len(f.weights))
		}
	}
}

// leafOf descends from root.
func (f *forest) leafOf(root int32, x []float32) *treeNode {
	node := &f.nodes[root]
	for node.mode != leaf {
		if node.takes(x[node.feature]) {
			node = &f.nodes[node.yes]
		} else {
			node = &f.nodes[node.no]
		}
	}
	return node
}

// fastNode is a node of a forest whose branches are all BRANCH_LEQ, for rows
// without NaN. A leaf leads to itself.
type fastNode struct {
	value   float32
	feature int32
	kids    [2]int32 // x <= value, else
}

// prepare makes the fast form.
func (f *forest) prepare() {
	if !f.simple {
		return
	}
	f.fast = make([]fastNode, len(f.nodes))
	for i, n := range f.nodes {
		f.fast[i] = fastNode{value: n.value, feature: n.feature, kids: [2]int32{n.yes, n.no}}
		if n.mode == leaf {
			f.fast[i] = fastNode{feature: -1}
		}
	}
}

// fastLeaf descends without branches that a processor would have to guess.
func (f *forest) fastLeaf(root int32, x []float32) *treeNode {
	i := root
	n := &f.fast[i]
	for n.feature >= 0 {
		k := 1
		if x[n.feature] <= n.value {
			k = 0
		}
		i = n.kids[k&1]
		n = &f.fast[i]
	}
	return &f.nodes[i]
}

func hasNaN(x []float32) bool {
	for _, v := range x {
		if v != v {
			return true
		}
	}
	return false
}

func (n *treeNode) takes(v float32) bool {
	if v != v {
		return n.missing || n.mode == unequal
	}
	switch n.mode {
	case leq:
		return v <= n.value
	case less:
		return v < n.value
	case geq:
		return v >= n.value
	case greater:
		return v > n.value
	case equal:
		return v == n.value
	}
	return v != n.value
}

// rowBlock is how many rows pass through one tree before the next tree.
const rowBlock = 64

// scores runs rows through all trees: out [rows, targets] starts as base and
// combine adds each leaf weight to it.
func (f *forest) scores(out, x []float32, rows, width, targets, threads int, combine func(acc, w float32) float32) {
	parallel(threads, rows, 16, func(lo, hi int) {
		for from := lo; from < hi; from += rowBlock {
			to := min(from+rowBlock, hi)
			var slow [rowBlock]bool
			for r := from; r < to; r++ {
				slow[r-from] = !f.simple || hasNaN(x[r*width:(r+1)*width])
			}
			for _, root := range f.roots {
				for r := from; r < to; r++ {
					row, node := x[r*width:(r+1)*width], (*treeNode)(nil)
					if slow[r-from] {
						node = f.leafOf(root, row)
					} else {
						node = f.fastLeaf(root, row)
					}
					for _, w := range f.weights[node.yes:node.no] {
						if combine == nil {
							out[r*targets+int(w.target)] += w.weight
							continue
						}
						p := &out[r*targets+int(w.target)]
						*p = combine(*p, w.weight)
					}
				}
			}
		}
	})
}

// rowsOf checks an input [N,C] (or [C], one row) and gives it as float32.
func rowsOf(t *tensor.Tensor, least int) (x []float32, rows, width int, err error) {
	switch t.Rank() {
	case 1:
		rows, width = 1, t.Len()
	case 2:
		rows, width = t.Shape()[0], t.Shape()[1]
	default:
		return nil, 0, 0, fmt.Errorf("want [N,C], got %v", t)
	}
	if width < least {
		return nil, 0, 0, fmt.Errorf("want at least %d features, got %v", least, t)
	}
	f, err := cast(t, tensor.Float32)
	if err != nil {
		return nil, 0, 0, err
	}
	return f.Float32s(), rows, width, nil
}

func compileTreeRegressor(n *call) kernel {
	f := readForest(n, "target")
	targets, base, after := int(n.int("n_targets", 1)), n.floats("base_values"), n.transform()
	aggregate := n.choice("aggregate_function", "SUM", "AVERAGE", "MIN", "MAX")
	if n.err != nil {
		return nil
	}
	if targets < f.targets || targets > 1<<20 || base != nil && len(base) != targets {
		n.fail("n_targets is %d, the leaves name %d targets and there are %d base values", targets, f.targets, len(base))
		return nil
	}
	var combine func(acc, w float32) float32
	start := float32(0)
	switch aggregate {
	case "MIN":
		start, combine = float32(math.Inf(1)), func(a, w float32) float32 { return min(a, w) }
	case "MAX":
		start, combine = float32(math.Inf(-1)), func(a, w float32) float32 { return max(a, w) }
	}
	threads := n.threads
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		x, rows, width, err := rowsOf(in[0], f.features)
		if err != nil {
			return nil, err
		}
		t, err := newTensor(tensor.Float32, rows, targets)
		if err != nil {
			return nil, err
		}
		out := t.Float32s()
		if start != 0 {
			for i := range out {
				out[i] = start
			}
		}
		f.scores(out, x, rows, width, targets, threads, combine)
		for i := range out {
			if aggregate == "AVERAGE" {
				out[i] /= float32(len(f.roots))
			}
			if math.IsInf(float64(out[i]), 0) && start != 0 {
				out[i] = 0
			}
			if base != nil {
				out[i] += base[i%targets]
			}
		}
		for r := range rows {
			after(out[r*targets : (r+1)*targets])
		}
		return []*tensor.Tensor{t}, nil
	}
}

func compileTreeClassifier(n *call) kernel {
	f := readForest(n, "class")
	names, base, after := n.labels(), n.floats("base_values"), n.transform()
	post := n.str("post_transform", "NONE")
	if n.err != nil {
		return nil
	}
	classes := names.len()
	binary := classes == 2 && oneTarget(f.weights)
	if classes < f.targets || base != nil && len(base) != classes && !(binary && len(base) == 1) {
		n.fail("there are %d labels, the leaves name %d classes and there are %d base values", classes, f.targets, len(base))
		return nil
	}
	positive := true
	for _, w := range f.weights {
		positive = positive && w.weight >= 0
	}
	threads := n.threads
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		x, rows, width, err := rowsOf(in[0], f.features)
		if err != nil {
			return nil, err
		}
		t, err := newTensor(tensor.Float32, rows, classes)
		if err != nil {
			return nil, err
		}
		out := t.Float32s()
		f.scores(out, x, rows, width, classes, threads, nil)
		index := make([]int, rows)
		for r := range rows {
			s := out[r*classes : (r+1)*classes]
			if binary {
				index[r] = binaryScores(s, f.weights, base, positive, post)
				continue
			}
			for i, b := range base {
				s[i] += b
			}
			index[r] = argMax(s)
			after(s)
		}
		return []*tensor.Tensor{names.tensor(index), t}, nil
	}
}

func oneTarget(weights []leafWeight) bool {
	for _, w := range weights {
		if w.target != weights[0].target {
			return false
		}
	}
	return len(weights) > 0
}

// binaryScores spreads the one score of a two-class ensemble over both classes,
// as onnxruntime does, and returns the winner.
func binaryScores(s []float32, weights []leafWeight, base []float32, positive bool, post string) int {
	score := s[weights[0].target]
	if len(base) > 0 {
		score += base[len(base)-1]
	}
	threshold := float32(0)
	if positive {
		threshold = 0.5
	}
	winner := 0
	if score > threshold {
		winner = 1
	}
	switch {
	case post == "PROBIT":
		s[0] = float32(math.Sqrt2 * math.Erfinv(float64(2*score-1)))
		s[1] = s[0]
	case positive:
		s[0], s[1] = 1-score, score
	case post == "LOGISTIC":
		s[0], s[1] = logistic(-score), logistic(score)
	default:
		s[0], s[1] = -score, score
	}
	return winner
}
