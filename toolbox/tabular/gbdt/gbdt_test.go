package gbdt

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

var nan = float32(math.NaN())

func fit(t *testing.T, x []float32, features int, y []float32, o Options) *tree.Ensemble {
	t.Helper()
	m, err := Train(context.Background(), Quantise(x, features, 255, 1), y, Data{}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestQuantise(t *testing.T) {
	tiny := math.Nextafter32(1, 2)
	for _, c := range []struct {
		name  string
		x     []float32
		bins  int
		edges []float32
		codes []uint8
	}{
		{"distinct values have their own bins", []float32{3, 1, 2, 1}, 255, []float32{1.5, 2.5}, []uint8{2, 0, 1, 0}},
		{"missing comes after the values", []float32{1, nan, 2}, 255, []float32{1.5}, []uint8{0, 2, 1}},
		{"a constant has one bin", []float32{4, 4, 4}, 255, nil, []uint8{0, 0, 0}},
		{"neighbouring floats stay apart", []float32{1, tiny}, 255, []float32{1}, []uint8{0, 1}},
		{"few bins hold equal shares", []float32{1, 2, 3, 4, 5, 6}, 3, []float32{2.5, 4.5}, []uint8{0, 0, 1, 1, 2, 2}},
		{"infinities are values", []float32{float32(math.Inf(-1)), 0, float32(math.Inf(1))}, 255,
			[]float32{float32(math.Inf(-1)), 0}, []uint8{0, 1, 2}},
	} {
		got := Quantise(c.x, 1, c.bins, 1).Columns[0]
		if !slices.Equal(got.Edges, c.edges) || !slices.Equal(got.Codes, c.codes) {
			t.Errorf("%s: edges %v codes %v, want %v %v", c.name, got.Edges, got.Codes, c.edges, c.codes)
		}
	}
}

// TestQuantiseMany checks on many values that bins hold about equal shares and
// that codes and thresholds agree.
func TestQuantiseMany(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, 10_000)
	for i := range x {
		x[i] = float32(rng.ExpFloat64())
	}
	c := Quantise(x, 1, 255, 1).Columns[0]
	if len(c.Edges) != 254 || !slices.IsSorted(c.Edges) {
		t.Fatalf("%d edges", len(c.Edges))
	}
	count := make([]int, 255)
	for r, v := range x {
		b := c.Codes[r]
		count[b]++
		if int(b) < len(c.Edges) && v > c.Edges[b] || b > 0 && v <= c.Edges[b-1] {
			t.Fatalf("%v is in bin %d", v, b)
		}
	}
	if slices.Max(count) > 60 || slices.Min(count) < 20 {
		t.Errorf("bins hold %d to %d rows", slices.Min(count), slices.Max(count))
	}
}

// TestStump compares with a split worked out by hand: y = 0,0,1,1,1,3 by x = 1..6.
// The mean is 1, the gradients are 1,1,0,0,0,−2, and of the five splits x ≤ 5.5
// gains most: GL²/5 + GR²/1 = 2²/5 + 2² = 4.8 against 2²/2 + 2²/4 = 3 of x ≤ 2.5.
// One step of rate 0.5 without regularisation gives 1 − 0.5·2/5 and 1 + 0.5·2.
func TestStump(t *testing.T) {
	m := fit(t, []float32{1, 2, 3, 4, 5, 6}, 1, []float32{0, 0, 1, 1, 1, 3},
		Options{Rounds: 1, MaxLeaves: 2, MinRows: 1, LearningRate: 0.5})
	root := m.Trees[0].Nodes[0]
	if root.Threshold != 5.5 {
		t.Errorf("threshold %v, want 5.5", root.Threshold)
	}
	for x, want := range map[float32]float64{1: 0.8, 5: 0.8, 6: 2} {
		if got := m.Predict([]float32{x}, 1)[0]; math.Abs(float64(got)-want) > 1e-6 {
			t.Errorf("f(%v) = %v, want %v", x, got, want)
		}
	}
}

// TestLogisticLeaf compares a leaf with the Newton step −G/(H+λ) by hand: 1 of 4
// positive, p = ¼, so a leaf of the three negatives has G = ¾, H = 9/16.
func TestLogisticLeaf(t *testing.T) {
	m := fit(t, []float32{0, 0, 0, 1}, 1, []float32{0, 0, 0, 1},
		Options{Loss: Logistic, Rounds: 1, MaxLeaves: 2, MinRows: 1, LearningRate: 1, L2: 1})
	want := math.Log(1./3) - 0.75/(9./16+1)
	if got := m.Predict([]float32{0}, 1)[0]; math.Abs(float64(got)-want) > 1e-5 {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMissingDirection(t *testing.T) {
	for _, c := range []struct {
		name string
		y    []float32 // of x = 1, 1, 2, 2, missing, missing
		left bool
	}{
		{"missing is like small values", []float32{0, 0, 5, 5, 0, 0}, true},
		{"missing is like large values", []float32{0, 0, 5, 5, 5, 5}, false},
	} {
		m := fit(t, []float32{1, 1, 2, 2, nan, nan}, 1, c.y, Options{Rounds: 1, MaxLeaves: 2, MinRows: 1, LearningRate: 1})
		if root := m.Trees[0].Nodes[0]; root.MissingLeft != c.left {
			t.Errorf("%s: MissingLeft is %v", c.name, root.MissingLeft)
		}
		like := float32(2)
		if c.left {
			like = 1
		}
		if p := m.Predict([]float32{nan, like}, 1); p[0] != p[1] {
			t.Errorf("%s: f(missing) = %v, f(%v) = %v", c.name, p[0], like, p[1])
		}
	}
	m := fit(t, []float32{1, 2, 3, nan, nan, nan}, 1, []float32{0, 0, 0, 9, 9, 9}, Options{Rounds: 1, MaxLeaves: 2, MinRows: 1, LearningRate: 1})
	if p := m.Predict([]float32{3, 1e30, nan}, 1); p[0] != 0 || p[1] != 0 || p[2] != 9 {
		t.Errorf("values against missing: %v, want 0 0 9", p)
	}
}

// problem is a noisy function of four columns, one with missing values, one of noise.
func problem(rows int, loss Loss) (x, y []float32) {
	rng := rand.New(rand.NewPCG(11, 5))
	for range rows {
		a, b, c, d := rng.NormFloat64(), rng.NormFloat64(), float64(rng.IntN(5)), rng.NormFloat64()
		s := a*b + math.Sin(2*a) + 0.5*c + 0.2*rng.NormFloat64()
		if rng.IntN(10) == 0 {
			a = math.NaN()
			s++
		}
		x = append(x, float32(a), float32(b), float32(c), float32(d))
		switch loss {
		case Squared:
			y = append(y, float32(s))
		case Logistic:
			y = append(y, float32(min(1, max(0, math.Floor(s)))))
		case Softmax:
			y = append(y, float32(min(3, max(0, math.Floor(s+1)))))
		}
	}
	return x, y
}

var losses = []Options{{Loss: Squared}, {Loss: Logistic}, {Loss: Softmax, Classes: 4}}

// TestLossFalls checks that every round lowers the training loss, and that the
// scores kept while training are what the trees predict, drawn rows or not.
func TestLossFalls(t *testing.T) {
	for _, o := range losses {
		x, y := problem(3000, o.Loss)
		o.Rounds, o.Seed = 60, 3
		last := math.Inf(1)
		train := Data{X: x, Y: y}
		_, err := Train(context.Background(), Quantise(x, 4, 255, 1), y, train, o, func(r Round) {
			if r.Loss >= last {
				t.Errorf("loss %d: round %d: %g after %g", o.Loss, r.Number, r.Loss, last)
			}
			last = r.Loss
		})
		if err != nil {
			t.Fatal(err)
		}
		o.RowShare, o.ColumnShare, o.Random = 0.5, 0.5, true
		b := newBooster(Quantise(x, 4, 255, 1), y, o.withDefaults())
		for r := range 10 {
			b.round(context.Background(), r+1)
		}
		for i, v := range b.model.Predict(x, 1) {
			if got := b.scores[i%b.outputs][i/b.outputs]; math.Abs(float64(got-v)) > 1e-4 {
				t.Fatalf("loss %d: score %v of row %d, trees predict %v", o.Loss, got, i/b.outputs, v)
			}
		}
	}
}

// TestHistogramTotals checks that subtraction is exact: in the packed words of a
// grown tree each pair of children adds up to its parent.
func TestHistogramTotals(t *testing.T) {
	for _, rows := range []int{500, 20_000} { // with and without counts
		x, y := problem(rows, Logistic)
		o := Options{Loss: Logistic}.withDefaults()
		b := newBooster(Quantise(x, 4, 255, 1), y, o)
		gradients(o.Loss, y, b.scores, b.grad, b.hess, 1)
		g := b.growers[0]
		rng := rand.New(rand.NewPCG(1, 1))
		g.draw(rng)
		g.pack.words(g.words, g.rows, b.grad[0], b.hess[0], 9)
		root := &leaf{end: rows}
		for _, r := range g.rows {
			root.total += g.words[r]
		}
		g.fill(root)
		g.search(root, rng)
		tr := tree.Tree{Nodes: []tree.Node{{Feature: -1}}}
		l, r := g.split(&tr, root)
		g.children(root, l, r, false, rng)
		for _, c := range []*leaf{l, r} {
			var want, got uint64
			for _, i := range g.rows[c.start:c.end] {
				want += g.words[i]
			}
			for _, w := range g.bins.part(c.hist, 0) {
				got += w
			}
			if got != want || c.total != want {
				t.Errorf("%d rows: histogram holds %x, node %x, rows %x", rows, got, c.total, want)
			}
		}
		sum, exact := g.pack.unpack(root.total), 0.0
		for _, v := range b.hess[0] {
			exact += float64(v)
		}
		if math.Abs(sum.h-exact) > 0.01*exact || math.Abs(sum.n-float64(rows)) > 0.5 {
			t.Errorf("%d rows: hessian %g of %g, count %g", rows, sum.h, exact, sum.n)
		}
	}
}

func TestThreadsGiveTheSameTrees(t *testing.T) {
	for _, o := range losses {
		x, y := problem(30_000, o.Loss)
		o.Rounds, o.RowShare, o.NodeShare, o.Seed = 4, 0.7, 0.6, 8
		var want []float32
		for _, threads := range []int{1, 2, 3} {
			o.Threads = threads
			m, err := Train(context.Background(), Quantise(x, 4, 255, threads), y, Data{X: x[:4000], Y: y[:1000]}, o, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := m.Predict(x, threads)
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("loss %d: %d threads give other predictions than 1", o.Loss, threads)
			}
		}
		o.Seed = 9
		if slices.Equal(fit(t, x, 4, y, o).Predict(x, 1), want) {
			t.Errorf("loss %d: another seed gives the same predictions", o.Loss)
		}
	}
}

func TestEarlyStopping(t *testing.T) {
	x, y := problem(600, Logistic)
	for i := range y { // labels of pure noise cannot be learnt
		y[i] = float32(hash(uint64(i)) & 1)
	}
	rounds := 0
	m, err := Train(context.Background(), Quantise(x[:1600], 4, 255, 1), y[:400], Data{X: x[1600:], Y: y[400:]},
		Options{Loss: Logistic, Rounds: 500, Patience: 10}, func(r Round) { rounds = r.Number })
	if err != nil {
		t.Fatal(err)
	}
	if rounds > 200 || len(m.Trees) != rounds-10 {
		t.Errorf("%d rounds, kept %d trees", rounds, len(m.Trees))
	}
}

func TestLimits(t *testing.T) {
	x, y := problem(2000, Squared)
	m := fit(t, x, 4, y, Options{Rounds: 5, MaxLeaves: 12, MaxDepth: 3, MinRows: 50})
	var depth func(tr *tree.Tree, n int32) int
	depth = func(tr *tree.Tree, n int32) int {
		if tr.Nodes[n].Leaf() {
			return 0
		}
		return 1 + max(depth(tr, tr.Nodes[n].Left), depth(tr, tr.Nodes[n].Right))
	}
	for i := range m.Trees {
		tr := &m.Trees[i]
		if d := depth(tr, 0); d > 3 {
			t.Errorf("depth %d", d)
		}
		rows := map[*tree.Node]int{}
		for r := range y {
			rows[tr.Find(x[r*4:r*4+4])]++
		}
		for _, n := range rows {
			if n < 50 {
				t.Errorf("a leaf of %d rows", n)
			}
		}
	}
	if _, err := Train(context.Background(), Quantise(x, 4, 255, 1), y, Data{}, Options{LearningRate: -1}, nil); err == nil {
		t.Error("a negative learning rate passes")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, Quantise(x, 4, 255, 1), y, Data{}, Options{}, nil); err != context.Canceled {
		t.Errorf("a cancelled training returns %v", err)
	}
}

func TestExp(t *testing.T) {
	for x := float32(-90); x < 88; x += 0.037 {
		want := math.Exp(float64(x))
		if got := float64(exp(x)); math.Abs(got-want) > 2e-5*want+1e-37 {
			t.Fatalf("exp(%v) = %g, want %g", x, got, want)
		}
	}
}

func BenchmarkRound(b *testing.B) {
	for _, o := range losses {
		x, y := problem(20_000, o.Loss)
		bins := Quantise(x, 4, 255, 1)
		b.Run([]string{"squared", "logistic", "softmax4"}[o.Loss], func(b *testing.B) {
			s := newBooster(bins, y, o.withDefaults())
			for i := range b.N {
				s.round(context.Background(), i)
			}
		})
	}
}
