package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/onnx/onnxruntime"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/toolbox/tabular/feature"
)

// mixed is a table of every kind of column, with missing cells, of which the
// last tenth of rows has a category that the others lack.
func mixed(rows, classes int) *table {
	rng := rand.New(rand.NewPCG(3, uint64(classes)))
	nan := float32(math.NaN())
	size, flag := make([]float32, rows), make([]float32, rows)
	colour, town, day, note := make([]string, rows), make([]string, rows), make([]string, rows), make([]string, rows)
	t := &table{threads: 2, seed: 5, device: cpu.New(cpu.Options{})}
	t.target.Classes = classes
	for r := range rows {
		size[r], flag[r] = float32(rng.NormFloat64()*40+100), float32(rng.IntN(3))
		c := rng.IntN(3)
		colour[r] = []string{"red", "green", "blue"}[c]
		town[r] = fmt.Sprintf("Town é%d", rng.IntN(40))
		day[r] = fmt.Sprintf("2024-%02d-%02d", 1+rng.IntN(12), 1+rng.IntN(28))
		note[r] = []string{"A good, long day!", "it was bad", "", "Good good — GOOD?", "an odd-shaped thing"}[rng.IntN(5)]
		y := float64(size[r])/40 + float64(c) + 0.3*rng.NormFloat64() + float64(len(town[r]))
		switch rng.IntN(12) {
		case 0:
			size[r] = nan
		case 1:
			colour[r] = ""
		case 2:
			day[r] = ""
		case 3:
			town[r] = ""
		}
		if r >= rows*9/10 {
			colour[r] = "mauve"
		}
		if classes == 0 {
			t.target.Values = append(t.target.Values, float32(1000+y))
		} else {
			t.target.Labels = append(t.target.Labels, int32(min(max(int(y)-12, 0), classes-1)))
		}
		if r%4 == 0 || r >= rows*9/10 {
			t.val = append(t.val, r)
		} else {
			t.train = append(t.train, r)
		}
	}
	text := func(name string, kind data.ColumnType, v []string) *data.Series {
		return &data.Series{Column: data.Column{Name: name, Type: kind}, Strings: v}
	}
	t.source = feature.NewSource(&data.Table{Rows: rows, Columns: []*data.Series{
		{Column: data.Column{Name: "Size (cm)", Type: data.Number}, Floats: size},
		text("colour", data.Category, colour),
		{Column: data.Column{Name: "flag", Type: data.Number}, Floats: flag},
		text("town", data.Category, town),
		text("day", data.Date, day),
		text("note", data.FreeText, note),
	}})
	return t
}

// TestExport checks that a candidate's model, in our session and in
// onnxruntime, answers what the training side answers.
func TestExport(t *testing.T) {
	for name, f := range fits {
		r := toolbox.Lookup(name)
		for _, classes := range []int{0, 2, 4} {
			tab := mixed(240, classes)
			if r.Applies != nil && classes == 0 && !r.Applies(&toolbox.Problem{}) {
				continue
			}
			for i, c := range r.Portfolio {
				if i > 0 && classes != 4 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%d/classes=%d", name, i, classes), func(t *testing.T) {
					t.Parallel()
					m, err := f(tab, context.Background(), r.Space.Fill(c), toolbox.Budget{Fidelity: 0.1}, func(toolbox.Progress) {})
					if err != nil {
						t.Fatal(err)
					}
					rows := make([]int, tab.source.Rows)
					for i := range rows {
						rows[i] = i
					}
					want := m.predict(rows)
					if got := m.predict(tab.val); !equal(got, m.Val, 0) {
						t.Error("Candidate.Val is not what predict gives on the validation rows")
					}
					check := func(where string, out *tensor.Tensor, err error) {
						if err != nil {
							t.Fatalf("%s: %v", where, err)
						}
						if !equal(out.Float32s(), want, 2e-5) {
							t.Errorf("%s: %v..., training side %v...", where, out.Float32s()[:4], want[:4])
						}
					}
					out, err := inSession(m.Model, tab.source.Feeds(rows))
					check("session", out, err)
					if i == 0 {
						out, err = inRuntime(t, m.Model, tab.source.Feeds(rows))
						check("onnxruntime", out, err)
					}
				})
			}
		}
	}
}

func equal(a, b []float32, tolerance float64) bool {
	for i := range b {
		if !(math.Abs(float64(a[i]-b[i])) <= tolerance*max(1, math.Abs(float64(b[i])))) {
			return false
		}
	}
	return len(a) == len(b)
}

func output(outs map[string]*tensor.Tensor) (*tensor.Tensor, error) {
	for _, o := range outs {
		return o, nil
	}
	return nil, fmt.Errorf("no output")
}

// inSession runs m, written and read again, in our own session.
func inSession(m *onnx.Model, feeds map[string]*tensor.Tensor) (*tensor.Tensor, error) {
	m, err := onnx.Unmarshal(m.Marshal())
	if err != nil {
		return nil, err
	}
	s, err := onnx.NewSession(m, cpu.New(cpu.Options{}))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	outs, err := s.Run(context.Background(), feeds)
	if err != nil {
		return nil, err
	}
	return output(outs)
}

// inRuntime runs m in onnxruntime and skips the test where that is not installed.
func inRuntime(t *testing.T, m *onnx.Model, feeds map[string]*tensor.Tensor) (*tensor.Tensor, error) {
	t.Helper()
	outs, err := onnxruntime.Run(t, m.Marshal(), feeds)
	if err != nil {
		return nil, err
	}
	return output(outs)
}
