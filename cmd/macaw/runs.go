package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/train"
)

type runsCmd struct {
	Ls   runsLsCmd   `cmd:"" default:"1" help:"List runs, the newest first."`
	Show runsShowCmd `cmd:"" help:"Show one run and its trials."`
}

type runsLsCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// runRow is a run as JSON; scores that are not known are left out.
type runRow struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Status     train.Status   `json:"status"`
	Task       string         `json:"task"`
	Metric     string         `json:"metric"`
	Validation *float64       `json:"validation,omitempty"`
	Test       *float64       `json:"test,omitempty"`
	Model      string         `json:"model,omitempty"`
	Seconds    float64        `json:"seconds"`
	Started    string         `json:"started"`
	Error      string         `json:"error,omitempty"`
	Config     map[string]any `json:"config,omitempty"`
	Trials     []trialRow     `json:"trials,omitempty"`
}

type trialRow struct {
	Number  int            `json:"number"`
	Recipe  string         `json:"recipe"`
	Status  train.Status   `json:"status"`
	Rung    int            `json:"rung"`
	Score   *float64       `json:"score,omitempty"`
	Loss    *float64       `json:"loss,omitempty"`
	Seconds float64        `json:"seconds"`
	Config  map[string]any `json:"config,omitempty"`
	Detail  map[string]any `json:"detail,omitempty"`
}

func rowOf(r *train.Run) runRow {
	return runRow{
		ID: r.ID, Name: r.Name, Status: r.Status, Task: r.Task, Metric: r.Metric, Validation: known(r.Validation), Test: known(r.Test),
		Model: r.Model, Seconds: r.SpentSeconds, Started: r.Started.UTC().Format("2006-01-02T15:04:05Z"), Error: r.Error, Config: r.Config,
	}
}

func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

func (c *runsLsCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	runs, err := train.NewRuns(st).List(e.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		out := []runRow{}
		for i := range runs {
			out = append(out, rowOf(&runs[i]))
		}
		return writeJSON(e.out, out)
	}
	if len(runs) == 0 {
		fmt.Fprintln(e.out, "There is no run yet; macaw make PATH begins one.")
		return nil
	}
	rows := [][]string{{"RUN", "NAME", "STATUS", "METRIC", "VALIDATION", "TEST", "MODEL", "TOOK", "STARTED"}}
	for _, r := range runs {
		rows = append(rows, []string{r.ID, r.Name, string(r.Status), r.Metric, blank(r.Metric, r.Validation), blank(r.Metric, r.Test), r.Model, seconds(r.SpentSeconds), date(r.Started)})
	}
	return table(e.out, rows)
}

func blank(metric string, v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return score(metric, &v)
}

type runsShowCmd struct {
	ID   string `arg:"" name:"run" help:"A run, as macaw runs ls names it."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *runsShowCmd) Run(e *env) error {
	st, err := store.Open(e.home)
	if err != nil {
		return err
	}
	defer st.Close()
	runs := train.NewRuns(st)
	r, err := runs.Get(e.ctx, c.ID)
	if err != nil {
		return err
	}
	trials, err := runs.Trials(e.ctx, r.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		row := rowOf(r)
		for _, t := range trials {
			row.Trials = append(row.Trials, trialRow{t.Number, t.Recipe, t.Status, t.Rung, known(t.Metric), known(t.Loss), t.Seconds, t.Config, t.Detail})
		}
		return writeJSON(e.out, row)
	}
	fmt.Fprintf(e.out, "run       %s, %s\nmodel     %s\ntask      %s\n%-9s %s on validation, %s on the test part\ntook      %s, started %s\n",
		r.ID, r.Status, r.Model, r.Task, r.Metric, blank(r.Metric, r.Validation), blank(r.Metric, r.Test), seconds(r.SpentSeconds), date(r.Started))
	if command, ok := r.Config["command"].(string); ok {
		fmt.Fprintf(e.out, "command   %s\n", command)
	}
	if r.Error != "" {
		fmt.Fprintf(e.out, "error     %s\n", r.Error)
	}
	rows := [][]string{{"", "", "", "", "", "", ""}, {"TRIAL", "RECIPE", "RUNG", "STATUS", "SCORE", "TOOK", "NOTE"}}
	for _, t := range trials {
		note, _ := t.Detail["note"].(string)
		if effort, _ := t.Detail["effort"].(string); effort != "" {
			note = strings.TrimPrefix(note+", "+effort, ", ")
		}
		if msg, _ := t.Detail["error"].(string); msg != "" {
			note = msg
		}
		rows = append(rows, []string{strconv.Itoa(t.Number), t.Recipe, strconv.Itoa(t.Rung), string(t.Status), blank(r.Metric, t.Metric), seconds(t.Seconds), note})
	}
	return table(e.out, rows)
}
