// Package report draws a result.Result as one self-contained HTML page: styles,
// charts and sample pictures are inside, nothing is loaded from elsewhere. The
// console shows the same sections through Sections.
package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/internal/ui"
	"github.com/macaw-ai/macaw/produce/result"
)

//go:embed *.html
var files embed.FS

// Write draws r as a page.
func Write(w io.Writer, r *result.Result) error {
	t, err := template.New("").Funcs(Funcs()).ParseFS(files, "*.html")
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "page.html", page{
		Result: r,
		CSS:    template.CSS(ui.Text("vendor/uPlot.min.css") + ui.Text("static/macaw.css")),
		JS:     template.JS(ui.Text("vendor/uPlot.iife.min.js") + "\n" + ui.Text("static/charts.js")),
		Logo:   template.HTML(ui.Text("static/logo.svg")),
	})
}

// page is what page.html draws.
type page struct {
	*result.Result
	CSS  template.CSS
	JS   template.JS
	Logo template.HTML
}

// Sections adds the named sections ("summary", "leaderboard", "curves",
// "quality", "mistakes", "data", "calling") to t, which must have Funcs. Each
// draws a *result.Result.
func Sections(t *template.Template) (*template.Template, error) {
	return t.ParseFS(files, "sections.html", "data.html")
}

// Funcs are the functions that the sections use.
func Funcs() template.FuncMap {
	return template.FuncMap{
		"chart": chartJSON, "curves": curveCharts, "calibration": calibrationChart, "scatter": scatterChart, "targets": histogramBars,
		"heat": heat, "pct": percent, "score": formatScore, "metric": FormatMetric, "metricName": MetricName, "seconds": FormatSeconds,
		"num": FormatNumber, "config": FormatConfig, "share": share, "png": dataURL, "classBars": classBars, "metrics": metricRows,
		"when": func(t time.Time) string { return t.Local().Format("2 Jan 2006, 15:04") }, "task": TaskTitle, "curl": curlExample,
		"severity": severity, "join": strings.Join, "inc": func(i int) int { return i + 1 }, "small": func(n, m int) bool { return n <= m },
	}
}

// TaskTitle is a task's name for people: "Image classification".
func TaskTitle(task string) string {
	title := strings.ReplaceAll(task, "-", " ")
	title = strings.Replace(title, "tabular", "table", 1)
	if title == "" {
		return ""
	}
	return strings.ToUpper(title[:1]) + title[1:]
}

var metricNames = map[string]string{
	"accuracy": "Accuracy", "log_loss": "Log loss", "macro_f1": "Macro F1", "balanced_accuracy": "Balanced accuracy",
	"ece": "Calibration error", "r2": "R²", "rmse": "RMSE", "mae": "MAE",
}

// MetricName is a metric's name for people.
func MetricName(name string) string {
	if n, ok := metricNames[name]; ok {
		return n
	}
	return name
}

// FormatMetric writes a metric as people read it: shares as percentages.
func FormatMetric(name string, v float64) string {
	switch name {
	case "accuracy", "macro_f1", "balanced_accuracy", "ece":
		return fmt.Sprintf("%.2f %%", 100*v)
	}
	return FormatNumber(v)
}

func formatScore(metric string, v *float64) string {
	if v == nil {
		return "–"
	}
	return FormatMetric(metric, *v)
}

// FormatNumber writes a float64 to four digits, an int with its digits in groups.
func FormatNumber(v any) string {
	switch x := v.(type) {
	case float64:
		if a := math.Abs(x); a >= 1e4 && a < 1e9 || x == math.Trunc(x) && a < 1e9 {
			return groupDigits(int(math.Round(x)))
		}
		return trimZeros(fmt.Sprintf("%.4g", x))
	case *float64:
		if x == nil {
			return "–"
		}
		return FormatNumber(*x)
	case int:
		return groupDigits(x)
	}
	return fmt.Sprint(v)
}

func trimZeros(s string) string {
	if strings.Contains(s, ".") && !strings.ContainsAny(s, "eE") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// groupDigits writes 60000 as "60 000", with thin spaces.
func groupDigits(n int) string {
	if n < 0 {
		return "−" + groupDigits(-n)
	}
	s := fmt.Sprint(n)
	if n < 10000 {
		return s
	}
	var out strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			out.WriteRune('\u2009')
		}
		out.WriteRune(c)
	}
	return out.String()
}

// FormatSeconds writes a duration in the units people use for it.
func FormatSeconds(s float64) string {
	switch {
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		return fmt.Sprintf("%d min %02d s", int(s)/60, int(s)%60)
	}
	return fmt.Sprintf("%d h %02d min", int(s)/3600, int(s)/60%60)
}

// FormatConfig lists hyper-parameters by name.
func FormatConfig(config map[string]any) string {
	var parts []string
	for k, v := range config {
		parts = append(parts, fmt.Sprintf("%s %s", strings.ReplaceAll(k, "_", " "), FormatNumber(v)))
	}
	slices.Sort(parts)
	return strings.Join(parts, " · ")
}

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

// share is part of whole as a CSS percentage.
func share(part, whole float64) string {
	if whole <= 0 {
		return "0%"
	}
	return fmt.Sprintf("%.1f%%", 100*part/whole)
}
