package tabular

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
)

// each runs f for every recipe with its first configuration.
func each(t *testing.T, f func(t *testing.T, name string, train func(*table, toolbox.Budget) (*fitted, error))) {
	for name, fit := range fits {
		t.Run(name, func(t *testing.T) {
			r := toolbox.Lookup(name)
			f(t, name, func(tab *table, b toolbox.Budget) (*fitted, error) {
				return fit(tab, t.Context(), r.Space.Fill(r.Portfolio[0]), b, func(toolbox.Progress) {})
			})
		})
	}
}

// TestRecipesLearn asks every recipe for more than guessing the majority or the mean.
func TestRecipesLearn(t *testing.T) {
	each(t, func(t *testing.T, _ string, train func(*table, toolbox.Budget) (*fitted, error)) {
		for _, classes := range []int{0, 2, 4} {
			tab := mixed(400, classes)
			m, err := train(tab, toolbox.Budget{Fidelity: 0.5})
			if err != nil {
				t.Fatal(err)
			}
			prior := make([]float32, len(tab.val)*tab.outputs())
			for i := range prior {
				if n := tab.numbers(tab.train); classes == 0 {
					sum := float32(0)
					for _, v := range n {
						sum += v / float32(len(n))
					}
					prior[i] = sum
				} else {
					for _, v := range n {
						if int(v) == i%classes {
							prior[i] += 1 / float32(len(n))
						}
					}
				}
			}
			got, guess := tab.scores(m.Val)["val_loss"], tab.scores(prior)["val_loss"]
			if !(got < 0.85*guess) {
				t.Errorf("%d classes: validation loss %.4f, guessing gives %.4f", classes, got, guess)
			}
			if m.Note == "" || m.Steps == 0 {
				t.Errorf("note %q, steps %d", m.Note, m.Steps)
			}
		}
	})
}

// TestReplay: the same seed gives the same candidate, and Budget.Steps replays
// one, with validation rows or without.
func TestReplay(t *testing.T) {
	each(t, func(t *testing.T, name string, train func(*table, toolbox.Budget) (*fitted, error)) {
		tab := mixed(200, 2)
		first, err := train(tab, toolbox.Budget{Fidelity: 0.2})
		if err != nil {
			t.Fatal(err)
		}
		again, err := train(tab, toolbox.Budget{Fidelity: 0.2})
		if err != nil {
			t.Fatal(err)
		}
		if !equal(first.Val, again.Val, 0) || first.Steps != again.Steps {
			t.Error("the same seed gives another candidate")
		}
		blind := *tab
		blind.val = nil
		replay, err := train(&blind, toolbox.Budget{Fidelity: 0.2, Steps: first.Steps})
		if err != nil {
			t.Fatal(err)
		}
		if replay.Steps != first.Steps || len(replay.Val) != 0 {
			t.Errorf("%d steps instead of %d, %d validation outputs", replay.Steps, first.Steps, len(replay.Val))
		}
		if name != "network" && name != "linear" && !equal(replay.predict(tab.val), first.Val, 1e-5) {
			t.Error("the replayed steps give other predictions")
		}
		if m, err := train(&blind, toolbox.Budget{Fidelity: 0.05}); err != nil || m.Steps == 0 {
			t.Errorf("without validation rows: %v", err)
		}
	})
}

// TestOddTables: columns that hold little must not stop a recipe.
func TestOddTables(t *testing.T) {
	const rows = 60
	nan := float32(math.NaN())
	void, level, same := make([]float32, rows), make([]string, rows), make([]float32, rows)
	for r := range rows {
		void[r], level[r], same[r] = nan, []string{"a", "b", "c", ""}[r%4], 7
	}
	number := func(name string, v []float32) *data.Series {
		return &data.Series{Column: data.Column{Name: name, Type: data.Number}, Floats: v}
	}
	with := func(classes int, columns ...*data.Series) *table {
		tab := mixed(rows, classes)
		tab.source = feature.NewSource(&data.Table{Rows: rows, Columns: columns})
		return tab
	}
	category := &data.Series{Column: data.Column{Name: "level", Type: data.Category}, Strings: level}
	each(t, func(t *testing.T, _ string, train func(*table, toolbox.Budget) (*fitted, error)) {
		for name, tab := range map[string]*table{
			"only a category":     with(0, category),
			"an empty column":     with(2, number("void", void), category, number("same", same)),
			"a class not seen":    with(5, category, number("half", append(void[:rows/2:rows/2], same[:rows/2]...))),
			"more classes, a few": with(3, category),
		} {
			if name == "a class not seen" {
				for i, l := range tab.target.Labels {
					if l == 4 {
						tab.target.Labels[i] = 0
					}
				}
			}
			m, err := train(tab, toolbox.Budget{Fidelity: 0.05})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for _, v := range m.Val {
				if v != v || math.IsInf(float64(v), 0) {
					t.Errorf("%s: predicts %v", name, v)
					break
				}
			}
			all := make([]int, rows)
			for i := range all {
				all[i] = i
			}
			out, err := inSession(m.Model, tab.source.Feeds(all))
			if err != nil || !equal(out.Float32s(), m.predict(all), 2e-5) {
				t.Errorf("%s: the exported model differs (%v)", name, err)
			}
		}
		_, err := train(with(2, number("void", void)), toolbox.Budget{Fidelity: 0.05})
		if _, ok := errors.AsType[*fault.Error](err); err != nil && (!ok || !strings.HasSuffix(err.Error(), ".")) {
			t.Errorf("a table without a column that varies: %v", err)
		}
	})
}

// TestTimeAndCancel: a candidate comes soon after the budget's time, and none after ctx.
func TestTimeAndCancel(t *testing.T) {
	tab := mixed(3000, 4)
	for name, f := range fits {
		r := toolbox.Lookup(name)
		start := time.Now()
		m, err := f(tab, t.Context(), r.Space.Fill(r.Portfolio[0]), toolbox.Budget{Fidelity: 1, Time: 300 * time.Millisecond}, func(toolbox.Progress) {})
		if err != nil || len(m.Val) != len(tab.val)*4 {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(start); d > 20*time.Second { // generous: the machine may be busy
			t.Errorf("%s took %v", name, d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := f(tab, ctx, r.Space.Fill(r.Portfolio[0]), toolbox.Budget{Fidelity: 1}, func(toolbox.Progress) {}); err == nil && name != "linear" {
			t.Errorf("%s: a candidate in spite of a cancelled context", name)
		}
	}
}
