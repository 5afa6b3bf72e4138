package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/framework/onnx/onnxruntime"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
)

// A package that make wrote gives the same answers here and in onnxruntime, for
// samples as users bring them.
func TestPackagesInOnnxruntime(t *testing.T) {
	for name, tc := range map[string]struct {
		path    func(t *testing.T) string
		samples func(t *testing.T, path string) []model.Sample
	}{
		"images":     {func(*testing.T) string { return "../../examples/digits" }, imageSamples},
		"table":      {func(*testing.T) string { return "../../examples/penguins/penguins.csv" }, rowSamples},
		"regression": {mixedTable, rowSamples},
		"texts":      {reviews, textSamples},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			path := tc.path(t)
			if _, errout, status := macaw(t, home, "make", path, "--budget", "5s", "--name", "it"); status != 0 {
				t.Fatal(errout)
			}
			st, err := store.Open(home)
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			pkg, err := model.NewRegistry(st).Open(t.Context(), "it")
			if err != nil {
				t.Fatal(err)
			}
			compare(t, pkg, tc.samples(t, path))
		})
	}
}

// compare runs samples in both runtimes.
func compare(t *testing.T, pkg *model.Package, samples []model.Sample) {
	t.Helper()
	m, err := pkg.Model()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := model.NewPredictor(pkg, device(2))
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	batches, errs := pkg.Card.Encode(samples, 8)
	for i, err := range errs {
		if err != nil {
			t.Errorf("sample %d: %v", i, err)
		}
	}
	seen := 0
	for _, b := range batches {
		got, err := ours.Run(t.Context(), b.Tensors, b.N)
		if err != nil {
			t.Fatal(err)
		}
		want, err := onnxruntime.Run(t, m.Marshal(), b.Tensors)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d outputs, onnxruntime gives %d", len(got), len(want))
		}
		for name, w := range want {
			g := got[name]
			switch v := w.Data().(type) {
			case []string:
				if fmt.Sprint(g.Strings()) != fmt.Sprint(v) {
					t.Errorf("%s = %v, onnxruntime says %v", name, g.Strings(), v)
				}
			case []float32:
				for i, x := range v {
					if d := math.Abs(float64(x - g.Float32s()[i])); !(d <= 1e-4*max(1, math.Abs(float64(x)))) {
						t.Errorf("%s[%d] = %v, onnxruntime says %v", name, i, g.Float32s()[i], x)
					}
				}
			default:
				t.Errorf("output %s is %v", name, w)
			}
		}
		seen += b.N
	}
	if seen != len(samples) || seen < 10 {
		t.Errorf("%d of %d samples were compared", seen, len(samples))
	}
}

func imageSamples(t *testing.T, path string) []model.Sample {
	files, err := filepath.Glob(filepath.Join(path, "*", "*5.png"))
	if err != nil {
		t.Fatal(err)
	}
	var samples []model.Sample
	for _, f := range files[:40] {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		im, err := imagefile.Decode(b, imagefile.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, model.Sample{Image: im})
	}
	return samples
}

// rowSamples reads a plain CSV, gives some cells away and one to another category.
func rowSamples(t *testing.T, path string) []model.Sample {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	columns := strings.Split(strings.TrimSpace(lines[0]), ",")
	var samples []model.Sample
	for i, line := range lines[1:60] {
		row := map[string]string{}
		for c, v := range strings.Split(strings.TrimSpace(line), ",") {
			switch {
			case (i+c)%11 == 0:
				v = ""
			case i == 7:
				v = "never seen"
			}
			row[columns[c]] = v
		}
		samples = append(samples, model.Sample{Row: row})
	}
	return samples
}

// mixedTable has a number, a category, a date and a text that tell another number.
func mixedTable(t *testing.T) string {
	rng := rand.New(rand.NewPCG(5, 5))
	var s strings.Builder
	s.WriteString("size,town,built,note,price\n")
	for range 400 {
		size, town, year, good := 20+rng.Float64()*100, rng.IntN(4), 1950+rng.IntN(70), rng.IntN(2)
		fmt.Fprintf(&s, "%.2f,%s,%d-%02d-%02d,%s place with %d windows in the %s,%.1f\n",
			size, []string{"Bern", "Zürich", "Genève", "Lugano"}[town], year, 1+rng.IntN(12), 1+rng.IntN(28),
			[]string{"quiet", "noisy"}[good], rng.IntN(9), []string{"old centre", "north", "south of it"}[rng.IntN(3)],
			3*size+50*float64(town)+float64(year-1950)-40*float64(good)+5*rng.NormFloat64())
	}
	return write(t, "houses.csv", s.String())
}

// reviews is a folder of short texts of two classes.
func reviews(t *testing.T) string {
	dir := t.TempDir()
	for i, text := range reviewTexts() {
		to := filepath.Join(dir, "reviews", []string{"bad", "good"}[i%2])
		if err := os.MkdirAll(to, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%03d.txt", i)), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "reviews")
}

func reviewTexts() []string {
	rng := rand.New(rand.NewPCG(6, 6))
	words := [2][]string{{"broken", "late", "poor", "Never", "refund"}, {"great", "quick", "Lovely", "again", "perfect"}}
	var texts []string
	for i := range 160 {
		var s strings.Builder
		for range 12 + rng.IntN(20) {
			if rng.IntN(3) == 0 {
				s.WriteString(words[i%2][rng.IntN(5)] + " ")
			} else {
				s.WriteString([]string{"the", "parcel", "came", "and", "it", "wasn't", "Über", "№", "(really)", "2024"}[rng.IntN(10)] + " ")
			}
		}
		texts = append(texts, s.String())
	}
	return texts
}

func textSamples(*testing.T, string) []model.Sample {
	var samples []model.Sample
	for _, text := range append(reviewTexts()[:30], "", "entirely new words", "LATE and Broken!") {
		samples = append(samples, model.Sample{Text: text})
	}
	return samples
}
