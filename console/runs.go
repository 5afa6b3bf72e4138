package console

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/produce/report"
	"github.com/macaw-ai/macaw/train"
)

// runRow is a run in a list.
type runRow struct {
	ID, Name, Best string
	Status         train.Status
	Started        time.Time
}

func runRows(runs []train.Run) []runRow {
	rows := make([]runRow, len(runs))
	for i, r := range runs {
		rows[i] = runRow{ID: r.ID, Name: r.Name, Best: score(r.Metric, r.Validation), Status: r.Status, Started: r.Started}
	}
	return rows
}

func (c *Console) runList(r *http.Request) (*view, error) {
	runs, err := c.runs.List(r.Context())
	if err != nil {
		return nil, err
	}
	return &view{Template: "runs", Title: "Runs", Section: "/runs", Body: runRows(runs)}, nil
}

// runView is a run's page.
type runView struct {
	ID, MetricName, Best, Test, Note, Time string
	Share                                  string // of the budget, as a CSS percentage
	Dataset, Model, Task, Error            string
	Status                                 train.Status
	Live                                   bool
	Trials                                 []trialRow
	Charts                                 []liveChart
}

type trialRow struct {
	Number                              int
	Recipe, Score, Loss, Time, Settings string
	Effort                              string // what it lacks of a full trial
	Status                              train.Status
	Best                                bool
}

type liveChart struct{ Title, Source string }

func (c *Console) run(r *http.Request) (*view, error) {
	body, run, err := c.runBody(r)
	if err != nil {
		return nil, err
	}
	return &view{Template: "run", Title: run.Name, Sub: "run " + run.ID, Section: "/runs", Crumb: &link{Name: "Runs", Path: "/runs"}, Body: body}, nil
}

func (c *Console) runState(r *http.Request) (*view, error) {
	body, _, err := c.runBody(r)
	if err != nil {
		return nil, err
	}
	return &view{Template: "state", Body: body}, nil
}

func (c *Console) runBody(r *http.Request) (*runView, *train.Run, error) {
	run, err := c.runs.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, nil, err
	}
	trials, err := c.runs.Trials(r.Context(), run.ID)
	if err != nil {
		return nil, nil, err
	}
	refs, err := c.versionsOf()
	if err != nil {
		return nil, nil, err
	}
	live := run.Status == train.Running
	v := &runView{
		ID: run.ID, MetricName: metricName(run.Metric), Best: score(run.Metric, run.Validation), Dataset: refs[run.DatasetHash], Model: run.Model, Task: run.Task,
		Error: run.Error, Status: run.Status, Live: live, Note: "started " + ago(run.Started), Trials: trialRows(run, trials),
	}
	if !math.IsNaN(run.Test) {
		v.Test = score(run.Metric, run.Test)
	}
	v.Time, v.Share = budgetLeft(run, live)
	for _, g := range chartGroups {
		v.Charts = append(v.Charts, liveChart{g.title, "/runs/" + run.ID + "/curves/" + g.name})
	}
	return v, run, nil
}

// budgetLeft says how much of the budget is left, or what a run took.
func budgetLeft(run *train.Run, live bool) (text, share string) {
	spent := run.SpentSeconds
	if live {
		spent = max(spent, time.Since(run.Started).Seconds())
	}
	if !live || run.BudgetSeconds == 0 {
		return duration(spent), ""
	}
	return duration(max(run.BudgetSeconds-spent, 0)), fmt.Sprintf("%.1f%%", min(100*spent/run.BudgetSeconds, 100))
}

func trialRows(run *train.Run, trials []train.Trial) []trialRow {
	rows := make([]trialRow, 0, len(trials))
	for _, t := range slices.Backward(trials) {
		row := trialRow{Number: t.Number, Recipe: t.Recipe, Score: score(run.Metric, t.Metric), Loss: number(t.Loss), Time: duration(t.Seconds),
			Settings: settings(t.Config), Status: t.Status, Best: t.Number == run.Best}
		if note, ok := t.Detail["error"].(string); ok && t.Status == train.Failed {
			row.Settings = note
		}
		row.Effort, _ = t.Detail["effort"].(string)
		rows = append(rows, row)
	}
	return rows
}

var chartGroups = []struct {
	name, title string
	points      []string
}{
	{"loss", "Loss", []string{"loss", "val_loss"}},
	{"score", "Validation score", []string{"val_accuracy", "val_r2", "val_rmse"}},
}

// curves answers with the chart that charts.js draws, again and again while the
// run lives.
func (c *Console) curves(w http.ResponseWriter, r *http.Request) error {
	run, err := c.runs.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(chartGroups, func(g struct {
		name, title string
		points      []string
	}) bool {
		return g.name == r.PathValue("group")
	})
	if i < 0 {
		return fault.Errorf(fault.NotFound, "There is no group of curves %q.", r.PathValue("group"))
	}
	points, err := c.runs.Points(r.Context(), run.ID, 0)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(report.Chart{
		Kind: "lines", X: "step", Over: run.Status != train.Running, Series: lastSeries(points, chartGroups[i].points),
	})
}

// lastSeries makes a line of each curve named, of the six newest trials.
func lastSeries(points []train.Point, names []string) []report.Series {
	lines := map[string]*report.Series{}
	var order []*report.Series
	for _, p := range points {
		if !slices.Contains(names, p.Name) || math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			continue
		}
		name := fmt.Sprintf("#%d %s", p.Trial, p.Name)
		s := lines[name]
		if s == nil {
			s = &report.Series{Name: name}
			lines[name] = s
			order = append(order, s)
		}
		s.X = append(s.X, float64(p.Step))
		s.Y = append(s.Y, p.Value)
	}
	out := []report.Series{}
	for _, s := range order[max(0, len(order)-6):] {
		out = append(out, *s)
	}
	return out
}
