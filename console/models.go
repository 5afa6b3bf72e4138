package console

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/report"
	"github.com/macaw-ai/macaw/produce/result"
	"github.com/macaw-ai/macaw/train"
)

// overviewView is the first page.
type overviewView struct {
	ModelCount, RunCount, DatasetCount, Running int
	Empty                                       bool
	Models                                      []modelRow
	Runs                                        []runRow
}

const overviewRows = 8

func (c *Console) overview(r *http.Request) (*view, error) {
	models, err := c.registry.List(r.Context())
	if err != nil {
		return nil, err
	}
	runs, err := c.runs.List(r.Context())
	if err != nil {
		return nil, err
	}
	versions, err := c.versions()
	if err != nil {
		return nil, err
	}
	body := &overviewView{ModelCount: len(models), RunCount: len(runs), DatasetCount: len(versions), Empty: len(models)+len(runs)+len(versions) == 0,
		Models: modelRows(models[:min(len(models), overviewRows)]), Runs: runRows(runs[:min(len(runs), overviewRows)])}
	for _, run := range runs {
		if run.Status == train.Running {
			body.Running++
		}
	}
	return &view{Template: "overview", Title: "Overview", Section: "/", Body: body}, nil
}

// modelRow is a model in a list.
type modelRow struct {
	Ref, Task, Score, MetricName string
	Created                      time.Time
}

func modelRows(entries []model.Entry) []modelRow {
	rows := make([]modelRow, len(entries))
	for i, e := range entries {
		rows[i] = modelRow{Ref: e.Ref(), Task: e.Card.Task, Score: cardScore(e.Card), MetricName: metricName(e.Card.Metric), Created: e.Created}
	}
	return rows
}

// cardScore is the test score, else the one on validation.
func cardScore(card model.Card) string {
	if !math.IsNaN(card.Test) {
		return score(card.Metric, card.Test)
	}
	return score(card.Metric, card.Validation)
}

func (c *Console) models(r *http.Request) (*view, error) {
	entries, err := c.registry.List(r.Context())
	if err != nil {
		return nil, err
	}
	return &view{Template: "models", Title: "Models", Section: "/models", Body: modelRows(entries)}, nil
}

// modelView is a model's page.
type modelView struct {
	Ref, Kind, PredictURL, MetricName, Validation, Test, Size, ClassList, Example string
	Card                                                                          model.Card
	Inputs                                                                        []inputField
	Thumbs                                                                        []thumb
	Report                                                                        bool
	Result                                                                        *result.Result
}

// inputField is one field of the form that tries a model of rows.
type inputField struct {
	model.Input
	Options []string // the levels of a category
}

func (c *Console) model(r *http.Request) (*view, error) {
	pkg, err := c.registry.Open(r.Context(), r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	card := pkg.Card
	body := &modelView{Ref: pkg.Ref(), Kind: kindOf(card), PredictURL: c.o.PredictURL(pkg.Ref()), MetricName: metricName(card.Metric), Validation: score(card.Metric, card.Validation),
		Size: folderSize(pkg.Dir), ClassList: shortList(card.Classes, 12), Card: card}
	if !math.IsNaN(card.Test) {
		body.Test = score(card.Metric, card.Test)
	}
	if len(card.Inputs) > 0 {
		body.Example = card.Inputs[0].Example
	}
	if body.Result, err = c.resultOf(r.Context(), card.Run); err != nil {
		return nil, err
	}
	body.Report = body.Result != nil
	c.fillForm(body)
	return &view{Template: "model", Title: pkg.Ref(), Sub: report.TaskTitle(card.Task) + " by " + card.Recipe, Section: "/models", Crumb: &link{Name: "Models", Path: "/models"}, Body: body}, nil
}

func kindOf(card model.Card) string {
	switch card.Task {
	case data.ImageClassification:
		return "image"
	case data.TextClassification:
		return "text"
	}
	return "row"
}

// fillForm adds samples to try and the levels of categories, when the dataset
// is still there.
func (c *Console) fillForm(body *modelView) {
	v, err := c.open(body.Card.DatasetHash)
	for _, in := range body.Card.Inputs {
		f := inputField{Input: in}
		if err == nil && in.Kind == "category" {
			if col := v.Column(in.Column); col != nil {
				f.Options = col.Levels[:min(len(col.Levels), 50)]
			}
		}
		body.Inputs = append(body.Inputs, f)
	}
	if err == nil && body.Kind == "image" {
		body.Thumbs = v.thumbs(7, func(s data.Sample) bool { return s.Part == data.Test })
	}
}

// resultOf reads what the run found out; nil when it left nothing.
func (c *Console) resultOf(ctx context.Context, id string) (*result.Result, error) {
	run, err := c.runs.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound || err == nil && run.ReportBlob == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := c.o.Store.Blobs.Open(run.ReportBlob)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var res result.Result
	if err := json.NewDecoder(f).Decode(&res); err != nil {
		return nil, fmt.Errorf("read the result of run %s: %w", id, err)
	}
	return &res, nil
}

// report answers with the run's report, drawn anew.
func (c *Console) report(w http.ResponseWriter, r *http.Request) error {
	pkg, err := c.registry.Open(r.Context(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	res, err := c.resultOf(r.Context(), pkg.Card.Run)
	if err != nil {
		return err
	}
	if res == nil {
		return fault.Errorf(fault.NotFound, "Model %s has no report; its run left none.", pkg.Ref())
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return report.Write(w, res)
}

func (c *Console) modelFile(w http.ResponseWriter, r *http.Request) error {
	pkg, err := c.registry.Open(r.Context(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(pkg.Dir, "model.onnx"))
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", strings.ReplaceAll(pkg.Ref(), "@", "-")+".onnx"))
	_, _ = io.Copy(w, f) // the reader may be gone
	return nil
}

func folderSize(dir string) string {
	var n int64
	entries, _ := os.ReadDir(dir) // an unreadable folder shows as empty
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

func shortList(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return strings.Join(slices.Concat(names[:n], []string{fmt.Sprintf("and %d more", len(names)-n)}), ", ")
}
