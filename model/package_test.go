package model

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
)

// twoClasses is a card and a model of one number column: probabilities are
// softmax(x·[1 −1]), label their argmax.
func twoClasses() (*onnx.Model, Card) {
	b := onnx.NewBuilder("two")
	x := b.Input("size", tensor.Float32, "N", 1)
	w := b.Const(tensor.Of([]float32{1, -1}, 1, 2))
	p := b.Op("Softmax", onnx.Attrs{"axis": 1}, b.Op("MatMul", nil, x, w))
	index := b.Op("ArgMax", onnx.Attrs{"axis": 1, "keepdims": 0}, p)
	label := b.Op("Gather", nil, b.Const(tensor.Of([]string{"big", "small"}, 2)), index)
	b.Output(OutputLabel, label, tensor.String, "N")
	b.Output(OutputProbabilities, p, tensor.Float32, "N", 2)
	return b.Model(), Card{
		Name: "two", Task: TabularClassification, Recipe: "linear", Config: map[string]any{"l2": 0.5},
		Inputs: []Input{{Name: "size", Kind: KindNumber, Column: "Size (cm)"}}, Outputs: OutputsOf(2), Classes: []string{"big", "small"},
		Validation: 0.75, Test: math.NaN(), Metrics: map[string]float64{"test_ece": 0.1}, Created: time.Unix(1700000000, 0).UTC(),
	}
}

func TestPackageRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "pkg")
	m, card := twoClasses()
	if err := Write(dir, m, card); err != nil {
		t.Fatal(err)
	}
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(p.Card.Test) {
		t.Errorf("Test = %v, want NaN", p.Card.Test)
	}
	card.Test, p.Card.Test = 0, 0
	if !reflect.DeepEqual(p.Card, card) {
		t.Errorf("card = %+v\nwant   %+v", p.Card, card)
	}
	got, err := p.Model()
	if err != nil || got.Graph.Name != "two" || p.Size() != len(m.Marshal()) {
		t.Errorf("Model = %v, %v", got, err)
	}
	entries, _ := os.ReadDir(filepath.Dir(dir))
	if len(entries) != 1 {
		t.Errorf("beside the package lies %v", entries)
	}
	if err := Write(dir, m, card); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("Write over a package = %v, want a conflict", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"a changed model": func(t *testing.T, dir string) { appendTo(t, dir, ModelFile) },
		"a changed card":  func(t *testing.T, dir string) { appendTo(t, dir, CardFile) },
		"changed labels":  func(t *testing.T, dir string) { appendTo(t, dir, LabelsFile) },
		"no sums":         func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, SumsFile)) },
		"broken sums":     func(t *testing.T, dir string) { os.WriteFile(filepath.Join(dir, SumsFile), []byte("x\n"), 0o666) },
		"no labels":       func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, LabelsFile)) },
		"other labels": func(t *testing.T, dir string) {
			rewrite(t, dir, LabelsFile, `["big"]`)
		},
		"a card that is no JSON": func(t *testing.T, dir string) { rewrite(t, dir, CardFile, `{`) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "pkg")
			m, card := twoClasses()
			if err := Write(dir, m, card); err != nil {
				t.Fatal(err)
			}
			spoil(t, dir)
			if p, err := Open(dir); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("Open = %v, %v, want fault.Invalid", p, err)
			}
		})
	}
	if _, err := Open(t.TempDir()); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("Open of an empty folder = %v, want NotFound", err)
	}
}

func appendTo(t *testing.T, dir, name string) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(" ")
	f.Close()
}

// rewrite changes a file and its checksum.
func rewrite(t *testing.T, dir, name, content string) {
	files := map[string][]byte{name: []byte(content)}
	for _, other := range []string{ModelFile, CardFile, LabelsFile} {
		if other != name {
			files[other], _ = os.ReadFile(filepath.Join(dir, other))
		}
	}
	os.RemoveAll(dir)
	if err := writeFiles(dir, files); err != nil {
		t.Fatal(err)
	}
}

func TestCardLeavesOutWhatIsNoNumber(t *testing.T) {
	card := Card{Validation: math.Inf(1), Test: math.NaN(), Metrics: map[string]float64{"a": math.NaN(), "b": 2}}
	p, err := json.Marshal(card)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(p); strings.Contains(s, "validation") || !strings.Contains(s, `"metrics":{"b":2}`) {
		t.Errorf("card = %s", s)
	}
}
