package report

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/produce/result"
)

func ptr(v float64) *float64 { return &v }

// thumbnail is an 8×8 picture.
func thumbnail(t *testing.T) []byte {
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range 8 {
		m.SetGray(i, i, color.Gray{Y: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func classification(t *testing.T) *result.Result {
	pic := thumbnail(t)
	return &result.Result{
		Run: "r1", Model: "digits@3", Task: "image-classification", Status: "done", Started: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC),
		Seconds: 38.4, Budget: 40, Seed: 1, Command: "macaw make examples/digits --budget 40s", Metric: "accuracy", Classes: []string{"0", "1", "<b>"},
		Machine:    result.Machine{OS: "linux", Arch: "amd64", Processor: "a processor", Threads: 2, Version: "dev"},
		Validation: map[string]float64{"accuracy": 0.991, "log_loss": 0.03}, Test: map[string]float64{"accuracy": 0.989, "log_loss": 0.04},
		Data: result.Data{Name: "digits@1", Hash: "abcdef0123456789", Path: "examples/digits", Kind: "image", Count: 1797, Parts: map[string]int{"train": 1200, "validation": 297, "test": 300},
			Split: "stratified by class", Classes: []result.ClassCount{{Class: "0", Train: 10, Val: 2, Test: 3}, {Class: "1", Train: 20, Val: 4, Test: 5}, {Class: "<b>", Train: 5}},
			Images:   &result.Images{Channels: 1, Width: 8, Height: 8, MinWidth: 8, MinHeight: 8, MaxWidth: 8, MaxHeight: 8},
			Findings: []result.Finding{{Kind: "exact-duplicates", Message: "3 images stand twice."}},
			Examples: []result.Example{{Sample: 1, Label: "0", Content: result.Content{Image: pic}}}},
		Leaderboard: []result.Trial{{Number: 2, Recipe: "resnet", Config: map[string]any{"width": 32, "lr": 0.01}, Fidelity: 1, Status: "done", Score: ptr(0.991), Loss: ptr(0.03), Seconds: 20, Weight: 1},
			{Number: 1, Recipe: "linear", Status: "failed", Error: "no", Fidelity: 1}},
		Members: []result.Member{{Trial: 2, Recipe: "resnet", Weight: 1}},
		Curves: []result.Curve{{Trial: 2, Recipe: "resnet", Name: "loss", Steps: []int{1, 2, 3}, Values: []float64{2, 1, 0.5}},
			{Trial: 2, Recipe: "resnet", Name: "val_accuracy", Steps: []int{1, 2, 3}, Values: []float64{.5, .9, .99}}},
		Part:        "test",
		Confusion:   &result.Confusion{Classes: []string{"0", "1", "<b>"}, Counts: [][]int{{10, 0, 1}, {0, 12, 0}, {0, 0, 0}}},
		Calibration: []result.Bin{{Low: 0, High: .5, Count: 3, Confidence: .4, Accuracy: .5}, {Low: .5, High: 1, Count: 30, Confidence: .9, Accuracy: .95}},
		Mistakes:    []result.Mistake{{Sample: 3, Path: "0/a.png", Truth: "0", Predicted: "<b>", Confidence: 0.9, Content: result.Content{Image: pic}}},
		PerClass:    []result.ClassScore{{Class: "0", Samples: 11, Precision: 1, Recall: .9, F1: .95}},
		Inputs:      []result.Input{{Name: "image", Kind: "image"}},
	}
}

func regression() *result.Result {
	return &result.Result{
		Run: "r2", Model: "cars@1", Task: "tabular-regression", Status: "stopped", Seconds: 12, Trials: 5, Metric: "r2", Validation: map[string]float64{"r2": 0.87, "rmse": 2.9},
		Data: result.Data{Name: "cars@1", Count: 392, Parts: map[string]int{"train": 392}, Columns: []result.Column{{Name: "Weight", Type: "number", Role: "feature", Min: ptr(1613), Max: ptr(5140)}, {Name: "Origin", Type: "category", Role: "feature", Levels: []string{"USA", "Japan"}}},
			Targets: []result.Histogram{{Low: 9, High: 20, Count: 100}, {Low: 20, High: 46, Count: 60}}},
		Part: "validation", Residuals: &result.Residuals{Truth: []float64{10, 20, 30}, Predicted: []float64{11, 19, 33}, Histogram: []result.Histogram{{Low: -5, High: 0, Count: 4}, {Low: 0, High: 5, Count: 6}}, Bias: 0.3},
		Mistakes: []result.Mistake{{Path: "row 17", Truth: "30", Predicted: "33", Error: 3, Content: result.Content{Row: []result.Cell{{Column: "Weight", Value: "1800"}}}}},
		Inputs:   []result.Input{{Name: "Weight", Kind: "number", Column: "Weight", Example: "1800"}},
	}
}

func TestReportIsSelfContained(t *testing.T) {
	loads := regexp.MustCompile(`(?i)(src|href)="?(https?:)?//|@import|url\((https?:)?//`)
	for name, tc := range map[string]struct {
		r    *result.Result
		want []string
	}{
		"classification": {classification(t), []string{"digits@3", "98.90 %", "Confusion matrix", "Calibration", "Worst mistakes", "data:image/png;base64,", "3 images stand twice.", "&lt;b&gt;", "curl -F file=@image.png"}},
		"regression":     {regression(), []string{"cars@1", "Predicted against truth", "row 17", "0.87", "stopped early", "&#34;Weight&#34;:&#34;1800&#34;"}},
		"empty":          {&result.Result{Model: "m@1", Metric: "accuracy"}, []string{"m@1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Write(&b, tc.r); err != nil {
				t.Fatal(err)
			}
			for _, want := range tc.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			if hit := loads.FindString(b.String()); hit != "" {
				t.Errorf("the page loads something from elsewhere: %q", hit)
			}
			if strings.Contains(b.String(), "<b>\"") || strings.Contains(b.String(), "ZgotmplZ") {
				t.Error("something is not escaped, or escaped away")
			}
			if dir := os.Getenv("MACAW_REPORT_OUT"); dir != "" {
				if err := os.WriteFile(dir+"/"+name+".html", b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
