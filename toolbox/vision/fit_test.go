package vision

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox"
)

// shapes is a problem of n noisy 10×10 images in colour: a cross, a frame or a
// bar somewhere, in any colour. The last third is for validation.
func shapes(t *testing.T, n int) *toolbox.Problem {
	t.Helper()
	r := rand.New(rand.NewPCG(4, 2))
	const side = 10
	px := &pixels{h: side, w: side, c: 3, raw: make([]uint8, n*side*side*3), rows: make([]int, n)}
	p := &toolbox.Problem{
		Task: toolbox.ImageClassification, Classes: []string{"bar", "cross", "frame"},
		Data: &data.Version{Manifest: data.Manifest{Count: n, Image: data.ImageInfo{
			Channels: 3, Width: side, Height: side, MinWidth: side, MaxWidth: side, MinHeight: side, MaxHeight: side,
		}}},
		Device: cpu.New(cpu.Options{Threads: 2}), Threads: 2, Seed: 1, Shared: new(toolbox.Shared),
	}
	for i := range n {
		px.rows[i] = i
		label := r.IntN(3)
		p.Labels = append(p.Labels, int32(label))
		if i < n*2/3 {
			p.Train = append(p.Train, i)
		} else {
			p.Val = append(p.Val, i)
		}
		drawShape(px.raw[i*side*side*3:][:side*side*3], side, label, r)
	}
	all := slices.Concat(p.Train, p.Val)
	_, err := toolbox.Get(p.Shared, fmt.Sprintf("vision/%dx%d/%x", side, side, fingerprint(all)), func() (*pixels, error) { return px, nil })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func drawShape(img []uint8, side, label int, r *rand.Rand) {
	for i := range img {
		img[i] = uint8(r.IntN(80))
	}
	y0, x0, colour := r.IntN(side-5), r.IntN(side-5), r.IntN(3)
	for d := range 6 {
		var places [][2]int
		switch label {
		case 0:
			places = [][2]int{{2, d}, {3, d}}
		case 1:
			places = [][2]int{{d, d}, {5 - d, d}}
		case 2:
			places = [][2]int{{0, d}, {5, d}, {d, 0}, {d, 5}}
		}
		for _, q := range places {
			img[((y0+q[0])*side+x0+q[1])*3+colour] = uint8(150 + r.IntN(100))
		}
	}
}

func accuracyOf(p *toolbox.Problem, probs []float32) float64 {
	k, right := len(p.Classes), 0
	for i, s := range p.Val {
		row := probs[i*k:][:k]
		if int32(slices.Index(row, slices.Max(row))) == p.Labels[s] {
			right++
		}
	}
	return float64(right) / float64(len(p.Val))
}

func TestResnetLearnsAndExports(t *testing.T) {
	p := shapes(t, 600)
	r := toolbox.Lookup("resnet")
	var last toolbox.Progress
	c, err := r.Fit(t.Context(), p, r.Space.Fill(toolbox.Config{"width": 0.5, "cutmix": 0.2}), toolbox.Budget{Fidelity: 0.12}, func(q toolbox.Progress) { last = q })
	if err != nil {
		t.Fatal(err)
	}
	if a := accuracyOf(p, c.Val); a < 0.95 || a != last.Values["val_accuracy"] {
		t.Errorf("accuracy %v on %d samples, want 0.95; the last report says %v", a, len(p.Val), last.Values)
	}
	if last.Share != 1 || c.Steps == 0 || c.Note == "" {
		t.Errorf("last report %+v, candidate of %d steps: %q", last, c.Steps, c.Note)
	}
	checkExport(t, p, c)
}

func TestLinearIsQuickAndExports(t *testing.T) {
	p := shapes(t, 300)
	r := toolbox.Lookup("linear-pixels")
	began := time.Now()
	c, err := r.Fit(t.Context(), p, r.Space.Fill(nil), toolbox.Budget{Fidelity: 1}, func(toolbox.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if a := accuracyOf(p, c.Val); a < 0.4 {
		t.Errorf("accuracy %v, worse than guessing", a)
	}
	checkExport(t, p, c)
}

// checkExport runs the exported model on the validation samples.
func checkExport(t *testing.T, p *toolbox.Problem, c *toolbox.Candidate) {
	t.Helper()
	px, err := pixelsOf(t.Context(), p, 10, 10)
	if err != nil {
		t.Fatal(err)
	}
	n := len(px.raw) / len(px.rows)
	var images []uint8
	for _, s := range p.Val {
		images = append(images, px.raw[s*n:][:n]...)
	}
	model, err := onnx.Unmarshal(c.Model.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	session, err := onnx.NewSession(model, p.Device)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	out, err := session.Run(t.Context(), map[string]*tensor.Tensor{"image": tensor.Of(images, len(p.Val), px.h, px.w, px.c)})
	if err != nil {
		t.Fatal(err)
	}
	if d := farthest(out["probabilities"].Float32s(), c.Val); d > 1e-5 {
		t.Errorf("the exported model differs by %v from the evaluation", d)
	}
}

// farthest returns the largest difference of two lists.
func farthest(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	most := 0.0
	for i := range a {
		most = max(most, math.Abs(float64(a[i]-b[i])))
	}
	return most
}

func TestFitIsDeterministicAndReplays(t *testing.T) {
	run := func(b toolbox.Budget) *toolbox.Candidate {
		r := toolbox.Lookup("resnet")
		c, err := r.Fit(t.Context(), shapes(t, 120), r.Space.Fill(toolbox.Config{"width": 0.5, "dropout": 0.1}), b, func(toolbox.Progress) {})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a := run(toolbox.Budget{Fidelity: 0.02})
	b := run(toolbox.Budget{Fidelity: 1, Steps: a.Steps})
	if !slices.Equal(a.Val, b.Val) || a.Steps != b.Steps {
		t.Errorf("a replay of %d steps took %d and differs by %v", a.Steps, b.Steps, farthest(a.Val, b.Val))
	}
}

func TestFitEndsInTime(t *testing.T) {
	r := toolbox.Lookup("resnet")
	began := time.Now()
	c, err := r.Fit(t.Context(), shapes(t, 300), r.Space.Fill(nil), toolbox.Budget{Fidelity: 1, Time: 3 * time.Second}, func(toolbox.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 4*time.Second || c.Steps == 0 {
		t.Errorf("took %v of 3s for %d steps", took, c.Steps)
	}
}

func TestFitStopsWhenCancelled(t *testing.T) {
	r := toolbox.Lookup("resnet")
	ctx, cancel := context.WithCancel(t.Context())
	var at time.Time
	_, err := r.Fit(ctx, shapes(t, 300), r.Space.Fill(nil), toolbox.Budget{Fidelity: 1}, func(toolbox.Progress) {
		if at.IsZero() {
			at = time.Now()
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || time.Since(at) > time.Second {
		t.Errorf("got %v after %v", err, time.Since(at))
	}
}

func TestFitWithoutValidation(t *testing.T) {
	p := shapes(t, 90)
	px, err := pixelsOf(t.Context(), p, 10, 10)
	if err != nil {
		t.Fatal(err)
	}
	p.Train, p.Val, p.Shared = slices.Concat(p.Train, p.Val), nil, new(toolbox.Shared)
	if _, err := toolbox.Get(p.Shared, fmt.Sprintf("vision/10x10/%x", fingerprint(p.Train)), func() (*pixels, error) { return px, nil }); err != nil {
		t.Fatal(err)
	}
	r := toolbox.Lookup("linear-pixels")
	c, err := r.Fit(t.Context(), p, r.Space.Fill(nil), toolbox.Budget{Fidelity: 0.2}, func(toolbox.Progress) {})
	if err != nil || len(c.Val) != 0 || c.Model == nil {
		t.Errorf("got %+v, %v", c, err)
	}
}
