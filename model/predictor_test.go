package model

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
)

func predictorOf(t *testing.T, build func() (*onnx.Model, Card)) *Predictor {
	t.Helper()
	m, card := build()
	dir := filepath.Join(t.TempDir(), "pkg")
	if err := Write(dir, m, card); err != nil {
		t.Fatal(err)
	}
	pkg, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPredictor(pkg, cpu.New(cpu.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestPredictTable(t *testing.T) {
	p := predictorOf(t, twoClasses)
	row := func(cells ...string) Sample {
		r := map[string]string{}
		for i := 0; i < len(cells); i += 2 {
			r[cells[i]] = cells[i+1]
		}
		return Sample{Row: r}
	}
	got, err := p.Predict(context.Background(), []Sample{
		row("Size (cm)", "1,000.5"), row("Size (cm)", " -3 ", "colour", "red"), row("colour", "red"), row("Size (cm)", "0.25"),
	})
	if err != nil {
		t.Fatal(err)
	}
	wantProb := func(x float64) float64 { return 1 / (1 + math.Exp(-2*x)) }
	for i, want := range []struct {
		label string
		big   float64
	}{{"big", 1}, {"small", wantProb(-3)}, {}, {"big", wantProb(0.25)}} {
		if want.label == "" {
			if got[i].Err == nil || !strings.Contains(got[i].Err.Error(), "Size (cm)") {
				t.Errorf("row %d: Err = %v, want the missing columns", i, got[i].Err)
			}
			continue
		}
		if got[i].Label != want.label || math.Abs(float64(got[i].Probabilities[0])-want.big) > 1e-6 || got[i].Score != slices.Max(got[i].Probabilities) {
			t.Errorf("row %d = %+v, want %s with %v", i, got[i], want.label, want.big)
		}
	}
	missing, unknown := p.Card.CheckColumns([]string{"colour", "Size (cm)"})
	if missing != nil || !slices.Equal(unknown, []string{"colour"}) {
		t.Errorf("CheckColumns = %v, %v", missing, unknown)
	}
}

// brightness predicts the mean pixel of an image.
func brightness(channels int) (*onnx.Model, Card) {
	b := onnx.NewBuilder("bright")
	x := b.Input("image", tensor.Uint8, "N", "H", "W", channels)
	mean := b.Op("ReduceMean", onnx.Attrs{"keepdims": 0}, b.Op("Cast", onnx.Attrs{"to": tensor.Float32}, x), b.Ints(1, 2, 3))
	b.Output(OutputPrediction, b.Op("Unsqueeze", nil, mean, b.Ints(1)), tensor.Float32, "N", 1)
	return b.Model(), Card{Task: ImageClassification, Inputs: []Input{{Name: "image", Kind: KindImage, Channels: channels}}}
}

func TestPredictImagesOfManySizes(t *testing.T) {
	p := predictorOf(t, func() (*onnx.Model, Card) { return brightness(1) })
	var samples []Sample
	for i := range 100 {
		w, h := 1+i%3, 2+i%2
		pix := make([]uint8, w*h*3) // colour: must become grey
		for k := range pix {
			pix[k] = uint8(2 * i)
		}
		samples = append(samples, Sample{Image: &imagefile.Image{Width: w, Height: h, Channels: 3, Pix: pix}})
	}
	samples[7].Image = nil
	samples[8].Image.Pix = samples[8].Image.Pix[1:]
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := p.Predict(context.Background(), samples)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range got {
				if bad := i == 7 || i == 8; bad != (got[i].Err != nil) {
					t.Errorf("image %d: Err = %v", i, got[i].Err)
				} else if !bad && got[i].Value != float32(2*i) {
					t.Errorf("image %d = %v, want %d", i, got[i].Value, 2*i)
				}
			}
		})
	}
	wg.Wait()
}

func TestEncode(t *testing.T) {
	card := Card{Task: TabularRegression, Inputs: []Input{
		{Name: "n", Kind: KindNumber, Column: "N"}, {Name: "c", Kind: KindCategory, Column: "C"},
		{Name: "d", Kind: KindDate, Column: "D"}, {Name: "t", Kind: KindText, Column: "T"},
	}}
	batches, errs := card.Encode([]Sample{
		{Row: map[string]string{"N": "1.5e3", "C": " red ", "D": "1970-01-02", "T": "hi \xff"}},
		{Row: map[string]string{"N": "what", "C": "?", "D": "soon"}},
		{Row: map[string]string{}},
	}, 10)
	if len(batches) != 1 || errs[0] != nil || errs[1] != nil || errs[2] == nil {
		t.Fatalf("Encode = %v, %v", batches, errs)
	}
	got := batches[0].Tensors
	n := got["n"].Float32s()
	if n[0] != 1500 || !math.IsNaN(float64(n[1])) {
		t.Errorf("n = %v", n)
	}
	if c := got["c"].Strings(); c[0] != "red" || c[1] != "" {
		t.Errorf("c = %q", c)
	}
	if d := got["d"]; d.Shape()[1] != 6 || d.Float32s()[0] != 1 || !math.IsNaN(float64(d.Float32s()[6])) {
		t.Errorf("d = %v", d.Float32s())
	}
	if s := got["t"].Strings(); s[0] != "hi \uFFFD" || s[1] != "" {
		t.Errorf("t = %q", s)
	}
	inputs, _ := card.Signature()
	for _, v := range inputs {
		tn := got[v.Name]
		if tn.DType() != v.DType || len(tn.Shape()) != len(v.Shape) || tn.Shape()[1] != v.Shape[1] {
			t.Errorf("%s is %v, its signature %+v", v.Name, tn, v)
		}
	}
	text := Card{Task: TextClassification, Inputs: []Input{{Name: "text", Kind: KindText, Column: "body"}}}
	batches, _ = text.Encode([]Sample{{Text: "a"}, {Text: "b"}, {Text: "c"}}, 2)
	if len(batches) != 2 || fmt.Sprint(batches[1].Index, batches[1].Tensors["text"]) != "[2] string[1]" {
		t.Errorf("texts = %v", batches)
	}
}

func TestPredictorRefusesAWrongCard(t *testing.T) {
	for name, spoil := range map[string]func(*Card){
		"no such input": func(c *Card) { c.Inputs[0].Name = "weight" },
		"more inputs":   func(c *Card) { c.Inputs = append(c.Inputs, c.Inputs[0]) },
		"another type":  func(c *Card) { c.Inputs[0].Kind = KindCategory },
		"another shape": func(c *Card) { c.Inputs[0].Kind = KindDate },
		"more classes":  func(c *Card) { c.Classes = append(c.Classes, "x") },
		"a regression":  func(c *Card) { c.Classes = nil },
	} {
		t.Run(name, func(t *testing.T) {
			m, card := twoClasses()
			spoil(&card)
			dir := filepath.Join(t.TempDir(), "pkg")
			if err := Write(dir, m, card); err != nil {
				t.Fatal(err)
			}
			pkg, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := NewPredictor(pkg, cpu.New(cpu.Options{})); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("NewPredictor = %v, want fault.Invalid", err)
			}
		})
	}
}

func TestStackAndRows(t *testing.T) {
	a, b := tensor.Of([]string{"a", "b"}, 2, 1), tensor.Of([]string{"c"}, 1, 1)
	s, err := Stack([]*tensor.Tensor{a, b})
	if err != nil || !tensor.Equal(s, tensor.Of([]string{"a", "b", "c"}, 3, 1)) {
		t.Errorf("Stack = %v, %v", s, err)
	}
	if r := Rows(s, 1, 3); !tensor.Equal(r, tensor.Of([]string{"b", "c"}, 2, 1)) {
		t.Errorf("Rows = %v", r)
	}
	for _, other := range []*tensor.Tensor{tensor.New(tensor.String, 1, 2), tensor.New(tensor.Int64, 1, 1), tensor.New(tensor.String)} {
		if _, err := Stack([]*tensor.Tensor{a, other}); err == nil {
			t.Errorf("%v joins %v", other, a)
		}
	}
}
