package report

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/result"
)

// Chart is what static/charts.js draws from an element's data-chart.
type Chart struct {
	Title    string    `json:"-"`
	Kind     string    `json:"kind"` // lines or points
	Series   []Series  `json:"series"`
	X        string    `json:"x,omitempty"`
	Y        string    `json:"y,omitempty"`
	Log      bool      `json:"log,omitempty"`
	Diagonal bool      `json:"diagonal,omitempty"` // with the line y = x
	Range    []float64 `json:"range,omitempty"`    // of the diagonal
	Over     bool      `json:"over,omitempty"`     // live charts: no more points will come
}

// Series is one line or cloud of points of a Chart.
type Series struct {
	Name string    `json:"name"`
	X    []float64 `json:"x"`
	Y    []float64 `json:"y"`
	Line bool      `json:"line,omitempty"` // join the points in a chart of points
}

func chartJSON(c Chart) (string, error) {
	b, err := json.Marshal(c)
	return string(b), err
}

var curveTitles = []struct {
	title, y string
	names    []string
}{
	{"Loss", "loss", []string{"loss", "train_loss", "val_loss"}},
	{"Validation score", "", []string{"val_accuracy", "accuracy", "val_r2", "val_rmse"}},
	{"Learning rate", "rate", []string{"lr"}},
}

// curveCharts groups the learning curves: losses, scores, learning rate. Losses
// and scores stand side by side; at most eight curves are drawn in each.
func curveCharts(curves []result.Curve) []Chart {
	var charts []Chart
	for _, group := range curveTitles {
		c := Chart{Title: group.title, Kind: "lines", X: "step", Y: group.y}
		for _, curve := range curves {
			if slices.Contains(group.names, curve.Name) && len(curve.Steps) > 1 && len(c.Series) < 8 {
				c.Series = append(c.Series, curveSeries(curve))
			}
		}
		if len(c.Series) > 0 {
			charts = append(charts, c)
		}
	}
	return charts
}

func curveSeries(c result.Curve) Series {
	s := Series{Name: fmt.Sprintf("#%d %s %s", c.Trial, c.Recipe, strings.ReplaceAll(c.Name, "_", " "))}
	for i, step := range c.Steps {
		if v := c.Values[i]; !math.IsNaN(v) && !math.IsInf(v, 0) {
			s.X = append(s.X, float64(step))
			s.Y = append(s.Y, v)
		}
	}
	return s
}

// calibrationChart sets confidence against accuracy, bin by bin.
func calibrationChart(bins []result.Bin) Chart {
	s := Series{Name: "model", Line: true}
	for _, b := range bins {
		if b.Count > 0 {
			s.X = append(s.X, b.Confidence)
			s.Y = append(s.Y, b.Accuracy)
		}
	}
	dots := s
	dots.Name, dots.Line = "bins", false
	return Chart{Kind: "points", Series: []Series{dots, s}, X: "confidence", Y: "share right", Diagonal: true, Range: []float64{0, 1}}
}

// scatterChart sets predictions against the truth.
func scatterChart(r *result.Residuals) Chart {
	return Chart{Kind: "points", Series: []Series{{Name: "samples", X: r.Truth, Y: r.Predicted}}, X: "truth", Y: "predicted", Diagonal: true}
}

// Bar is one row of a bar list.
type Bar struct {
	Label string
	Count int
	Width string // CSS percentage of the longest
}

func histogramBars(h []result.Histogram) []Bar {
	top := 0
	for _, b := range h {
		top = max(top, b.Count)
	}
	var bars []Bar
	for _, b := range h {
		bars = append(bars, Bar{Label: FormatNumber(b.Low) + " … " + FormatNumber(b.High), Count: b.Count, Width: share(float64(b.Count), float64(top))})
	}
	return bars
}

// classBars lists the classes by size, at most 40 of them.
func classBars(classes []result.ClassCount) []Bar {
	top := 0
	for _, c := range classes {
		top = max(top, c.Train+c.Val+c.Test)
	}
	var bars []Bar
	for _, c := range classes[:min(len(classes), 40)] {
		n := c.Train + c.Val + c.Test
		bars = append(bars, Bar{Label: c.Class, Count: n, Width: share(float64(n), float64(top))})
	}
	return bars
}

// Cell is one cell of a drawn confusion matrix.
type Cell struct {
	Count int
	Style template.CSS
	Class string // of the element
	Title string
}

// heat colours a confusion matrix by the share of each true class.
func heat(m *result.Confusion) [][]Cell {
	rows := make([][]Cell, len(m.Counts))
	for t, counts := range m.Counts {
		total := 0
		for _, n := range counts {
			total += n
		}
		for p, n := range counts {
			c := Cell{Count: n, Class: "zero", Title: fmt.Sprintf("%d of %d %q called %q", n, total, m.Classes[t], m.Classes[p])}
			if n > 0 {
				v := math.Sqrt(float64(n) / float64(total))
				c.Class, c.Style = "", template.CSS(fmt.Sprintf("--v:%.3f", v))
				if v > 0.6 {
					c.Class = "deep"
				}
			}
			rows[t] = append(rows[t], c)
		}
	}
	return rows
}

// metricRow is one metric on both parts.
type metricRow struct {
	Name             string
	Validation, Test string
}

func metricRows(r *result.Result) []metricRow {
	var rows []metricRow
	for _, name := range []string{"accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece", "r2", "rmse", "mae"} {
		v, okV := r.Validation[name]
		t, okT := r.Test[name]
		if !okV && !okT {
			continue
		}
		row := metricRow{MetricName(name), "–", "–"}
		if okV {
			row.Validation = FormatMetric(name, v)
		}
		if okT {
			row.Test = FormatMetric(name, t)
		}
		rows = append(rows, row)
	}
	return rows
}

// dataURL makes a picture part of the page.
func dataURL(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
}

func severity(kind string) string {
	for _, bad := range []string{"leak", "duplicate", "corrupt", "serious"} {
		if strings.Contains(kind, bad) {
			return "warning"
		}
	}
	return "info"
}

// curlExample is a request that anyone can paste.
func curlExample(r *result.Result) string {
	name, _, _ := strings.Cut(r.Model, "@")
	row := map[string]string{}
	for _, in := range r.Inputs {
		row[in.Column] = in.Example
	}
	return model.Curl("http://127.0.0.1:8700", name, r.Task, row)
}
