package produce

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/report"
	"github.com/macaw-ai/macaw/produce/result"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/train"
)

// result tells the whole story of the run.
func (e *ending) result(ctx context.Context, ref string) (*result.Result, error) {
	r := &result.Result{
		Run: e.book.run.ID, Model: ref, Task: e.v.Task, Status: search.Done, Started: e.book.run.Started,
		Seconds: e.book.spent().Seconds(), Budget: e.o.Budget.Seconds(), Trials: e.o.Trials, Seed: e.o.Seed, Command: e.o.command(),
		Machine: result.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Processor: e.device.Info().Model, Threads: e.o.Threads, Version: e.o.Version},
		Metric:  e.book.name, Classes: e.work.Classes, Validation: e.validation, Test: e.tested,
		Leaderboard: e.leaderboard(), Phases: e.phases.list, Inputs: inputList(e.card.Inputs), Part: "test",
	}
	if e.stopped {
		r.Status = search.Stopped
	}
	for i, t := range e.trials {
		r.Members = append(r.Members, result.Member{Trial: t.Number, Recipe: t.Recipe, Weight: e.weights[i], Models: e.parts[i]})
	}
	show, err := newReader(e.v)
	if err != nil {
		return nil, err
	}
	defer show.close()
	r.Data = e.data(show)
	if r.Curves, err = e.curves(ctx); err != nil {
		return nil, err
	}
	out, samples := e.testVal, e.work.test
	if e.tested == nil {
		r.Part, out, samples = "validation", e.val, e.samples
	}
	e.judge(r, show, out, samples)
	return r, nil
}

func inputList(inputs []model.Input) []result.Input {
	var out []result.Input
	for _, in := range inputs {
		out = append(out, result.Input{Name: in.Name, Kind: in.Kind, Column: in.Column, Example: in.Example})
	}
	return out
}

// leaderboard lists the trials, the best first, failed ones last.
func (e *ending) leaderboard() []result.Trial {
	order := search.Usable(e.runner.Trials, len(e.work.folds))
	for i := range e.runner.Trials {
		if t := &e.runner.Trials[i]; t.Artifact == "" || t.All {
			order = append(order, t)
		}
	}
	var out []result.Trial
	for _, t := range order {
		row := result.Trial{
			Number: t.Number, Recipe: t.Recipe, Config: t.Config, Rung: t.Rung, Fidelity: t.Fidelity, Folds: t.Folds, Effort: e.book.effort(t),
			Status: t.Status, Seconds: t.Seconds, Steps: t.Steps, Note: t.Note, Error: t.Error,
		}
		if r := toolbox.Lookup(t.Recipe); r != nil {
			row.Summary = r.Summary
		}
		if t.Artifact != "" {
			row.Score, row.Loss = pointer(t.Score), pointer(t.Loss)
		}
		for i, m := range e.trials {
			if m.Number == t.Number {
				row.Weight = e.weights[i]
			}
		}
		out = append(out, row)
	}
	return out
}

// Bounds of what is drawn.
const (
	curveTrials = 5
	curvePoints = 200
)

// curves are those of the members, then of the best of the others.
func (e *ending) curves(ctx context.Context) ([]result.Curve, error) {
	trials := slices.Clone(e.trials)
	for _, t := range search.Usable(e.runner.Trials, len(e.work.folds)) {
		if len(trials) < curveTrials && !slices.ContainsFunc(trials, func(o *search.Trial) bool { return o.Number == t.Number }) {
			trials = append(trials, t)
		}
	}
	var out []result.Curve
	for _, t := range trials {
		points, err := e.book.runs.Points(ctx, e.book.run.ID, t.Number)
		if err != nil {
			return nil, err
		}
		for _, c := range chunkBy(points) {
			out = append(out, curve(t, c))
		}
	}
	return out, nil
}

// chunkBy cuts points, which are sorted by name, into those of one name each.
func chunkBy(points []train.Point) [][]train.Point {
	var out [][]train.Point
	for from := 0; from < len(points); {
		to := from
		for to < len(points) && points[to].Name == points[from].Name {
			to++
		}
		out = append(out, points[from:to])
		from = to
	}
	return out
}

func curve(t *search.Trial, points []train.Point) result.Curve {
	c := result.Curve{Trial: t.Number, Recipe: t.Recipe, Name: points[0].Name}
	every := (len(points) + curvePoints - 1) / curvePoints
	for i, p := range points {
		if (i%every == 0 || i == len(points)-1) && pointer(p.Value) != nil {
			c.Steps = append(c.Steps, p.Step)
			c.Values = append(c.Values, p.Value)
		}
	}
	return c
}

// publish stores the story as JSON and as a page.
func (e *ending) publish(out *Outcome) error {
	text, err := json.Marshal(out.Result)
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if e.story, err = e.st.Blobs.PutBytes(text); err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.Write(&page, out.Result); err != nil {
		return fmt.Errorf("draw the report: %w", err)
	}
	dir := filepath.Join(e.st.Home, "reports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return e.st.Explain(err)
	}
	path := filepath.Join(dir, strings.ReplaceAll(out.Model, "@", "-")+".html")
	if err := os.WriteFile(path, page.Bytes(), 0o666); err != nil {
		return e.st.Explain(err)
	}
	out.Report = path
	return nil
}
