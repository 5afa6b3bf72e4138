package vision

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/onnx/onnxruntime"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/toolbox"
)

// photographs imports n images of two classes and many sizes, and gives the
// problem that they pose.
func photographs(t *testing.T, n int) *toolbox.Problem {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 5))
	dir := t.TempDir()
	for i := range n {
		class := []string{"day", "night"}[i%2]
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		writePhotograph(t, filepath.Join(dir, class, fmt.Sprintf("%03d.png", i)), i%2, r)
	}
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	v, err := data.Import(t.Context(), st, dir, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &toolbox.Problem{
		Task: v.Task, Classes: v.Classes, Data: v, Device: cpu.New(cpu.Options{Threads: 2}), Threads: 2, Seed: 3, Shared: new(toolbox.Shared),
	}
	all, err := v.Samples()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		p.Labels = append(p.Labels, s.Label)
		if i%4 == 0 {
			p.Val = append(p.Val, i)
		} else {
			p.Train = append(p.Train, i)
		}
	}
	return p
}

// writePhotograph paints a smooth picture that is brighter at the top by day.
func writePhotograph(t *testing.T, path string, class int, r *rand.Rand) {
	t.Helper()
	w, h := 40+r.IntN(40), 40+r.IntN(30)
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := 60 + 120*y/h
			if class == 0 {
				v = 180 - 120*y/h
			}
			m.Set(x, y, color.RGBA{uint8(v + r.IntN(50)), uint8(v + x%20), uint8(v), 255})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
}

// TestExportedModelTakesRawImages compares what the exported model says of
// images of their own sizes, here and in onnxruntime, with what was validated.
func TestExportedModelTakesRawImages(t *testing.T) {
	p := photographs(t, 60)
	for name, change := range map[string]toolbox.Config{
		"linear-pixels": {},
		"resnet":        {"size": 48, "width": 0.5, "flip": "on", "batch": 32},
	} {
		t.Run(name, func(t *testing.T) {
			r := toolbox.Lookup(name)
			c, err := r.Fit(t.Context(), p, r.Space.Fill(change), toolbox.Budget{Fidelity: 1, Steps: 12}, func(toolbox.Progress) {})
			if err != nil {
				t.Fatal(err)
			}
			session, err := onnx.NewSession(c.Model, p.Device)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			model := c.Model.Marshal()
			images, err := p.Data.Images()
			if err != nil {
				t.Fatal(err)
			}
			defer images.Close()
			for i, s := range p.Val {
				im, err := images.Decode(s)
				if err != nil {
					t.Fatal(err)
				}
				feed := tensor.Of(im.Pix, 1, im.Height, im.Width, im.Channels)
				out, err := session.Run(t.Context(), map[string]*tensor.Tensor{"image": feed})
				if err != nil {
					t.Fatal(err)
				}
				got, want := out["probabilities"].Float32s(), c.Val[2*i:2*i+2]
				if d := farthest(got, want); d > 1e-4 {
					t.Errorf("image %d (%dx%d): the exported model says %v, validation %v", i, im.Width, im.Height, got, want)
				}
				outs, err := onnxruntime.Run(t, model, map[string]*tensor.Tensor{"image": feed})
				if err != nil {
					t.Fatal(err)
				}
				if theirs := outs["probabilities"].Float32s(); farthest(theirs, got) > 1e-4 {
					t.Errorf("image %d (%dx%d): onnxruntime says %v, we %v", i, im.Width, im.Height, theirs, got)
				}
			}
		})
	}
}
