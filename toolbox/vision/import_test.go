package vision

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
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
			reference := startReference(t, c.Model)
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
				if reference == nil {
					continue
				}
				if theirs := reference(feed); farthest(theirs, got) > 1e-4 {
					t.Errorf("image %d (%dx%d): onnxruntime says %v, we %v", i, im.Width, im.Height, theirs, got)
				}
			}
		})
	}
}

// startReference opens m in onnxruntime-node, from the node_modules folder that
// MACAW_NPM or MACAW_NPM names, else from the one at the root of the module. It
// returns nil when there is none.
func startReference(t *testing.T, m *onnx.Model) func(image *tensor.Tensor) []float32 {
	t.Helper()
	modules := cmp.Or(os.Getenv("MACAW_NPM"), os.Getenv("MACAW_NPM"))
	if modules == "" {
		modules, _ = filepath.Abs("../../node_modules")
	}
	if _, err := os.Stat(filepath.Join(modules, "onnxruntime-node")); err != nil {
		t.Logf("not compared: onnxruntime-node is not in %s; set MACAW_NPM to a node_modules folder that has it", modules)
		return nil
	}
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := os.WriteFile(path, m.Marshal(), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "../../framework/onnx/testdata/ort_run.mjs", filepath.Dir(modules))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	lines := bufio.NewReader(out)
	return func(image *tensor.Tensor) []float32 {
		job, _ := json.Marshal(map[string]any{"model": path, "inputs": map[string]any{"image": map[string]any{
			"type": "uint8", "dims": image.Shape(), "data": base64.StdEncoding.EncodeToString(image.Uint8s()),
		}}})
		fmt.Fprintf(in, "%s\n", job)
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		var reply struct {
			Error   string
			Outputs map[string]struct{ Data []byte }
		}
		if err := json.Unmarshal(line, &reply); err != nil || reply.Error != "" {
			t.Fatalf("onnxruntime: %v %s", err, reply.Error)
		}
		bytes := reply.Outputs["probabilities"].Data
		v := make([]float32, len(bytes)/4)
		if _, err := binary.Decode(bytes, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
		return v
	}
}
