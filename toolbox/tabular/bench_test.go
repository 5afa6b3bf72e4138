//go:build bench

package tabular

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
)

// TestPeers compares the recipes with sklearn's HistGradientBoosting on the sets
// that internal/bench/peer.py wrote to the folder MACAW_BENCH:
//
//	python3 toolbox/tabular/internal/bench/peer.py OUT VEGA_DATA
//	MACAW_BENCH=OUT go test -tags bench -run TestPeers -v ./toolbox/tabular
//
// MACAW_BENCH_SETS, _RECIPES and _SPLITS narrow it; MACAW_BENCH_CONFIGS, a JSON
// array, takes the place of the portfolios. Each configuration is bagged
// over five folds of the training part, or with MACAW_BENCH_FOLDS=1 fitted once
// with a fifth of it held back; "ensemble" is a greedy selection by the
// out-of-fold predictions. Nothing looks at the test parts but the last column.
func TestPeers(t *testing.T) {
	dir := os.Getenv("MACAW_BENCH")
	if dir == "" {
		t.Skip("MACAW_BENCH names no folder")
	}
	names := strings.Fields(strings.ReplaceAll(os.Getenv("MACAW_BENCH_SETS"), ",", " "))
	if len(names) == 0 {
		names = []string{"wine", "penguins", "breast_cancer", "diabetes", "cars", "movies", "letter"}
	}
	splits := 10
	if v, err := strconv.Atoi(os.Getenv("MACAW_BENCH_SPLITS")); err == nil {
		splits = v
	}
	for _, name := range names {
		s := readPeerSet(t, filepath.Join(dir, name+".json"))
		s.run(t, splits)
	}
}

type peerSet struct {
	Name, Task string
	Columns    []string
	Kinds      []data.ColumnType
	Cells      [][]string
	Target     []string
	Splits     []struct{ Train, Test []int }
	Sklearn    []float64

	table   table
	classes []string
}

func readPeerSet(t *testing.T, path string) *peerSet {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &peerSet{}
	if err := json.Unmarshal(raw, s); err != nil {
		t.Fatal(err)
	}
	tab := &data.Table{Rows: len(s.Target)}
	for i, name := range s.Columns {
		c := &data.Series{Column: data.Column{Name: name, Type: s.Kinds[i], Role: data.RoleFeature}}
		if s.Kinds[i] == data.Number {
			for _, v := range s.Cells[i] {
				x, _, _ := data.ParseNumber(v)
				c.Floats = append(c.Floats, x)
			}
		} else {
			c.Strings = s.Cells[i]
		}
		tab.Columns = append(tab.Columns, c)
	}
	s.table = table{source: feature.NewSource(tab), threads: 2, device: cpu.New(cpu.Options{})}
	if s.Task == "regression" {
		for _, v := range s.Target {
			x, _ := strconv.ParseFloat(v, 32)
			s.table.target.Values = append(s.table.target.Values, float32(x))
		}
		return s
	}
	s.classes = slices.Compact(slices.Sorted(slices.Values(s.Target)))
	s.table.target.Classes = len(s.classes)
	for _, v := range s.Target {
		s.table.target.Labels = append(s.table.target.Labels, int32(slices.Index(s.classes, v)))
	}
	return s
}

// score is accuracy or R2 of predictions for rows.
func (s *peerSet) score(out []float32, rows []int) float64 {
	if s.table.regression() {
		mean, ss, res := 0.0, 0.0, 0.0
		for _, r := range rows {
			mean += float64(s.table.target.Values[r]) / float64(len(rows))
		}
		for i, r := range rows {
			y := float64(s.table.target.Values[r])
			ss += (y - mean) * (y - mean)
			res += (y - float64(out[i])) * (y - float64(out[i]))
		}
		return 1 - res/ss
	}
	k, ok := s.table.target.Classes, 0
	for i, r := range rows {
		if argmax(out[i*k:(i+1)*k]) == int(s.table.target.Labels[r]) {
			ok++
		}
	}
	return float64(ok) / float64(len(rows))
}

// loss is what selection minimises.
func (s *peerSet) loss(out []float32, rows []int) float64 {
	u := s.table
	u.val = rows
	return u.scores(out)["val_loss"]
}

// folds parts rows into five, stratified by label or target.
func (s *peerSet) folds(rows []int, seed uint64) [][]int {
	rng := rand.New(rand.NewPCG(seed, 7))
	rows = slices.Clone(rows)
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	key := func(r int) float32 {
		if s.table.regression() {
			return s.table.target.Values[r]
		}
		return float32(s.table.target.Labels[r])
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		if key(a) < key(b) {
			return -1
		} else if key(a) > key(b) {
			return 1
		}
		return 0
	})
	out := make([][]int, 5)
	for i, r := range rows {
		out[i%5] = append(out[i%5], r)
	}
	return out
}

type entry struct {
	name      string
	oof, test []float32
	seconds   float64
}

// hold fits one configuration with val held back.
func (s *peerSet) hold(t *testing.T, r *toolbox.Recipe, f fit, c toolbox.Config, train, val, test []int, seed uint64) ([]float32, []float32) {
	u := s.table
	u.val, u.seed = val, seed
	held := map[int]bool{}
	for _, r := range val {
		held[r] = true
	}
	for _, r := range train {
		if !held[r] {
			u.train = append(u.train, r)
		}
	}
	m, err := f(&u, context.Background(), r.Space.Fill(c), toolbox.Budget{Fidelity: 1}, func(toolbox.Progress) {})
	if err != nil {
		t.Fatalf("%s: %v", r.Name, err)
	}
	return m.Val, m.predict(test)
}

// bag fits one configuration on five folds.
func (s *peerSet) bag(t *testing.T, r *toolbox.Recipe, f fit, c toolbox.Config, train, test []int, seed uint64) ([]float32, []float32) {
	k := s.table.outputs()
	at := map[int]int{}
	for i, r := range train {
		at[r] = i
	}
	oof, sum := make([]float32, len(train)*k), make([]float32, len(test)*k)
	for n, val := range s.folds(train, seed) {
		held, out := s.hold(t, r, f, c, train, val, test, seed*10+uint64(n))
		for i, r := range val {
			copy(oof[at[r]*k:(at[r]+1)*k], held[i*k:(i+1)*k])
		}
		for i, v := range out {
			sum[i] += v / 5
		}
	}
	return oof, sum
}

// choose weighs entries by greedy selection with replacement on oof loss.
func (s *peerSet) choose(entries []entry, train []int) []int {
	count := make([]int, len(entries))
	sum := make([]float32, len(entries[0].oof))
	best, bestCount := math.Inf(1), slices.Clone(count)
	for step := range 25 {
		pick, least := 0, math.Inf(1)
		for e := range entries {
			mixed := make([]float32, len(sum))
			for i, v := range entries[e].oof {
				mixed[i] = (sum[i] + v) / float32(step+1)
			}
			if l := s.loss(mixed, train); l < least {
				pick, least = e, l
			}
		}
		count[pick]++
		for i, v := range entries[pick].oof {
			sum[i] += v
		}
		if least < best {
			best, bestCount = least, slices.Clone(count)
		}
	}
	return bestCount
}

func (s *peerSet) run(t *testing.T, splits int) {
	only := strings.Fields(strings.ReplaceAll(os.Getenv("MACAW_BENCH_RECIPES"), ",", " "))
	scores, seconds, order := map[string][]float64{}, map[string]float64{}, []string{}
	losses := map[string]float64{}
	add := func(name string, score, sec, loss float64) {
		if _, ok := scores[name]; !ok {
			order = append(order, name)
		}
		scores[name] = append(scores[name], score)
		seconds[name] += sec
		losses[name] += loss
	}
	picked := map[string]int{}
	var configs []toolbox.Config
	if raw := os.Getenv("MACAW_BENCH_CONFIGS"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &configs); err != nil {
			t.Fatal(err)
		}
	}
	for n, sp := range s.Splits[:splits] {
		var entries []entry
		known := sp.Train // rows with out-of-sample predictions
		single := os.Getenv("MACAW_BENCH_FOLDS") == "1"
		if single {
			known = s.folds(sp.Train, uint64(n))[0]
		}
		for _, r := range toolbox.For(&toolbox.Problem{Task: map[bool]string{true: toolbox.TabularRegression, false: toolbox.TabularClassification}[s.table.regression()], Classes: s.classes}) {
			if len(only) > 0 && !slices.Contains(only, r.Name) || fits[r.Name] == nil {
				continue
			}
			portfolio := r.Portfolio
			if configs != nil {
				portfolio = configs
			}
			for i, c := range portfolio {
				start := time.Now()
				var oof, test []float32
				if single {
					oof, test = s.hold(t, r, fits[r.Name], c, sp.Train, known, sp.Test, uint64(n))
				} else {
					oof, test = s.bag(t, r, fits[r.Name], c, sp.Train, sp.Test, uint64(n))
				}
				e := entry{fmt.Sprintf("%s/%d", r.Name, i), oof, test, time.Since(start).Seconds()}
				entries = append(entries, e)
				add(e.name, s.score(test, sp.Test), e.seconds, s.loss(oof, known))
			}
		}
		counts, total := s.choose(entries, known), 0
		mixed := make([]float32, len(entries[0].test))
		for e, c := range counts {
			total += c
			picked[entries[e].name] += c
			for i, v := range entries[e].test {
				mixed[i] += v * float32(c)
			}
		}
		for i := range mixed {
			mixed[i] /= float32(total)
		}
		add("ensemble", s.score(mixed, sp.Test), 0, 0)
		add("sklearn", s.Sklearn[n], 0, 0)
	}
	t.Logf("%s (%d rows)", s.Name, len(s.Target))
	for _, name := range order {
		m, se := meanError(scores[name])
		var d []float64
		for i, v := range scores[name] {
			d = append(d, v-s.Sklearn[i])
		}
		dm, dse := meanError(d)
		t.Logf("  %-18s %.4f ± %.4f   vs sklearn %+.4f ± %.4f   oof loss %.4f   %.2fs/split  picked %d", name, m, se, dm, dse,
			losses[name]/float64(splits), seconds[name]/float64(splits), picked[name])
	}
}

func meanError(v []float64) (mean, stderr float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		stderr += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(stderr / float64(max(1, len(v)-1)) / float64(len(v)))
}
