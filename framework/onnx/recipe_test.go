package onnx

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// both runs m here and in onnxruntime and compares all outputs.
func both(t *testing.T, m *Model, feeds map[string]*tensor.Tensor, tol float64) map[string]*tensor.Tensor {
	t.Helper()
	s, err := NewSession(m, device)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.Run(context.Background(), feeds)
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range ort(t, m, feeds) {
		if diff := compare(got[name], w, tol); diff != "" {
			t.Errorf("%s: session against onnxruntime: %s", name, diff)
		}
	}
	return got
}

func TestPrepareImage(t *testing.T) {
	for _, size := range [][2]int{{28, 28}, {32, 32}, {8, 8}, {61, 40}, {200, 333}, {31, 32}} {
		for _, channels := range []int{1, 3} {
			o := ImageOptions{Height: 32, Width: 32, Channels: channels, Mean: []float32{0.5, 0.4, 0.3}[:channels], Std: []float32{0.2, 0.3, 0.25}[:channels]}
			b := NewBuilder("image")
			b.Output("x", PrepareImage(b, b.Input("image", tensor.Uint8, "N", "H", "W", channels), o), tensor.Float32, "N", 32, 32, channels)
			pix := make([]uint8, 2*size[0]*size[1]*channels)
			for i := range pix {
				pix[i] = uint8(128 + 100*math.Sin(float64(i)*0.7) + float64(noise.IntN(27)))
			}
			ref := ort(t, b.Model(), map[string]*tensor.Tensor{"image": tensor.Of(pix, 2, size[0], size[1], channels)})["x"].Float32s()
			both(t, b.Model(), map[string]*tensor.Tensor{"image": tensor.Of(pix, 2, size[0], size[1], channels)}, 0.03)
			one := len(pix) / 2
			far := 0
			for n := range 2 {
				small := ResizeImage(pix[n*one:(n+1)*one], size[0], size[1], channels, 32, 32)
				for i, v := range small {
					if d := o.Normalise(v, i%channels) - ref[n*len(small)+i]; math.Abs(float64(d)) > 1e-5 {
						far++
					}
				}
			}
			// A value that lies a rounding error beside a half may round the other way.
			if far > len(ref)/2000 {
				t.Errorf("%v with %d channels: %d of %d values differ from onnxruntime's", size, channels, far, len(ref))
			}
		}
	}
}

// TestResizeBeforeRounding compares the resampling itself.
func TestResizeBeforeRounding(t *testing.T) {
	for _, size := range [][2]int{{28, 28}, {61, 40}, {200, 333}, {7, 90}} {
		x := as(uniform(0, 255, 1, size[0], size[1], 3), tensor.Uint8)
		b := NewBuilder("resize")
		v := b.Op("Transpose", Attrs{"perm": toFirst}, b.Op("Cast", Attrs{"to": tensor.Float32}, b.Input("x", tensor.Uint8, 1, "H", "W", 3)))
		b.Output("y", resizeTo(b, v, b.Ints(32, 32), Attrs{"mode": "linear", "antialias": 1}), tensor.Float32, 1, 3, 32, 32)
		ref := ort(t, b.Model(), map[string]*tensor.Tensor{"x": x})["y"]
		out := ref.Clone().Float32s()
		for c := range 3 {
			one := make([]uint8, size[0]*size[1])
			for i := range one {
				one[i] = x.Uint8s()[3*i+c]
			}
			copy(out[c*32*32:], newScaler(size[0], size[1], 1, 32, 32).scale(one, 2))
		}
		for i, w := range ref.Float32s() {
			if d := math.Abs(float64(out[i] - w)); d > 1e-4 {
				t.Errorf("%v: element %d is %v, onnxruntime has %v", size, i, out[i], w)
				break
			}
		}
	}
}

func TestLabelAndAverage(t *testing.T) {
	b := NewBuilder("ensemble")
	var probs []string
	for i := range 2 {
		probs = append(probs, Softmax(b, b.Input(fmt.Sprintf("logits%d", i), tensor.Float32, "N", 3)))
	}
	mean := Average(b, probs, []float32{3, 1})
	b.Output("label", Label(b, mean, []string{"a", "b", "c"}), tensor.String, "N")
	b.Output("probabilities", mean, tensor.Float32, "N", 3)
	out := both(t, b.Model(), map[string]*tensor.Tensor{"logits0": normal(6, 3), "logits1": normal(6, 3)}, 1e-5)
	p := out["probabilities"].Float32s()
	for i, label := range out["label"].Strings() {
		if want := []string{"a", "b", "c"}[argMax(p[3*i:3*i+3])]; label != want {
			t.Errorf("row %d is labelled %s, its largest probability is %s's", i, label, want)
		}
		if sum := p[3*i] + p[3*i+1] + p[3*i+2]; math.Abs(float64(sum-1)) > 1e-5 {
			t.Errorf("row %d sums to %v", i, sum)
		}
	}
}

func TestTokenizeInSession(t *testing.T) {
	s, err := NewSession(tokenizerModel(), device)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, texts := range [][]string{tokenTexts, {"", ""}, {"one"}, mails(t, 20)} {
		out, err := s.Run(context.Background(), map[string]*tensor.Tensor{"text": tensor.Of(texts, len(texts))})
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range rowTokens(out["tokens"]) {
			if want := Tokenize(texts[i]); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("text %.50q: session %q, Tokenize %q", texts[i], first(got, 20), first(want, 20))
			}
		}
	}
}

// TestImageModel is a whole classifier, from pixels to the label.
func TestImageModel(t *testing.T) {
	net := networks[1]
	_, in, out, _ := net.trace()
	b := NewBuilder("classifier")
	x := PrepareImage(b, b.Input("image", tensor.Uint8, "N", "H", "W", 3), ImageOptions{Height: 9, Width: 11, Channels: 3, Mean: []float32{0.5, 0.5, 0.5}, Std: []float32{0.2, 0.2, 0.2}})
	ys, err := b.Graph(out, map[*graph.Node]string{in[0]: x})
	if err != nil {
		t.Fatal(err)
	}
	p := Softmax(b, ys[0])
	b.Output("label", Label(b, p, []string{"a", "b", "c", "d"}), tensor.String, "N")
	b.Output("probabilities", p, tensor.Float32, "N", 4)
	m := b.Model()
	turns := 0
	for _, n := range m.Graph.Nodes {
		if n.OpType == "Transpose" {
			turns++
		}
	}
	if turns != 1 {
		t.Errorf("%d transposes are left, want the one before Resize", turns)
	}
	for _, size := range [][2]int{{9, 11}, {30, 25}, {30, 25}, {64, 100}} {
		pix := as(uniform(0, 255, 3, size[0], size[1], 3), tensor.Uint8)
		both(t, m, map[string]*tensor.Tensor{"image": pix}, 1e-3)
	}
}
