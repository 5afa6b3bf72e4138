package data_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// files are what a test writes into a folder: path → content.
type files map[string]string

func (f files) write(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, body := range f {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func openStore(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(filepath.Join(t.TempDir(), "home"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// imported imports or fails the test.
func imported(t testing.TB, path string, o data.Options) *data.Version {
	t.Helper()
	v, err := data.Import(t.Context(), openStore(t), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func samples(t testing.TB, v *data.Version) []data.Sample {
	t.Helper()
	s, err := v.Samples()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func finding(v *data.Version, code string) *data.Finding {
	for i := range v.Findings {
		if v.Findings[i].Code == code {
			return &v.Findings[i]
		}
	}
	return nil
}

// picture is a noisy grey PNG, different for every seed.
func picture(seed uint64) string {
	rng := rand.New(rand.NewPCG(seed, 7))
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range m.Pix {
		m.Pix[i] = uint8(rng.IntN(256))
	}
	return pngOf(m)
}

func pngOf(m image.Image) string {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.String()
}

// classes makes n pictures in each of the folders named.
func classes(n int, folders ...string) files {
	f := files{}
	for k, dir := range folders {
		for i := range n {
			f[fmt.Sprintf("%s/%03d.png", dir, i)] = picture(uint64(k*10000 + i))
		}
	}
	return f
}

func (f files) with(more files) files {
	for name, body := range more {
		f[name] = body
	}
	return f
}

func TestImageFolders(t *testing.T) {
	readme := files{"README.md": "about", ".DS_Store": "x", "Thumbs.db": "x"}
	for _, c := range []struct {
		name    string
		files   files
		classes []string
		parts   map[data.Part]int
		method  string
	}{
		{"class folders", classes(20, "cat", "dog").with(readme), []string{"cat", "dog"}, map[data.Part]int{data.Train: 26, data.Validation: 6, data.Test: 8}, "stratified"},
		{"numbers sort as numbers", classes(5, "10", "9", "2"), []string{"2", "9", "10"}, nil, "stratified"},
		{"train and test", classes(20, "train/a", "train/b", "test/a", "test/b"), []string{"a", "b"}, map[data.Part]int{data.Train: 32, data.Validation: 8, data.Test: 40}, "given+stratified"},
		{"all three", classes(10, "training/a", "training/b", "valid/a", "valid/b", "Test/a", "Test/b"), []string{"a", "b"}, map[data.Part]int{data.Train: 20, data.Validation: 20, data.Test: 20}, "given"},
		{"train and val", classes(20, "train/a", "train/b", "val/a", "val/b"), []string{"a", "b"}, map[data.Part]int{data.Train: 32, data.Validation: 40, data.Test: 8}, "given+stratified"},
		{"a wrapping folder", classes(10, "photos/a", "photos/b"), []string{"a", "b"}, nil, "stratified"},
		{"wrapped parts", classes(10, "x/y/train/a", "x/y/train/b", "x/y/test/a", "x/y/test/b"), []string{"a", "b"}, map[data.Part]int{data.Train: 16, data.Validation: 4, data.Test: 20}, "given+stratified"},
		{"only a train folder", classes(10, "train/a", "train/b"), []string{"a", "b"}, nil, "stratified"},
		{"deeper than the class", classes(10, "a/x/1", "a/y/2", "b/x/1"), []string{"a", "b"}, nil, "stratified"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := imported(t, c.files.write(t), data.Options{})
			if v.Kind != data.KindImage || v.Task != data.ImageClassification || !slices.Equal(v.Classes, c.classes) || v.Split.Method != c.method {
				t.Errorf("%s %s %v %s", v.Kind, v.Task, v.Classes, v.Split.Method)
			}
			for part, n := range c.parts {
				if v.Parts[part] != n {
					t.Errorf("parts %v, want %v", v.Parts, c.parts)
				}
			}
			for _, s := range samples(t, v) {
				if !strings.Contains("/"+s.Path, "/"+v.Classes[s.Label]+"/") {
					t.Errorf("%s has the class %s", s.Path, v.Classes[s.Label])
				}
			}
		})
	}
}

// TestImagesDecode compares what comes out of a version with what went in.
func TestImagesDecode(t *testing.T) {
	colour := image.NewNRGBA(image.Rect(0, 0, 3, 5))
	colour.SetNRGBA(1, 2, color.NRGBA{200, 10, 20, 255})
	f := classes(4, "a", "b").with(files{"a/colour.png": pngOf(colour), "b/p.pgm": "P2 2 2 9 0 3 6 9"})
	v := imported(t, f.write(t), data.Options{})
	if v.Image.Channels != 3 || v.Image.Width != 8 || v.Image.MinWidth != 2 || v.Image.MaxHeight != 8 || v.Image.Fixed() {
		t.Errorf("%+v", v.Image)
	}
	im, err := v.Images()
	if err != nil {
		t.Fatal(err)
	}
	defer im.Close()
	for i, s := range samples(t, v) {
		got, err := im.Decode(i)
		if err != nil {
			t.Fatal(err)
		}
		want, err := data.DecodeImage(strings.NewReader(f[s.Path]), 3, data.ImageLimits{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Pix, want.Pix) || got.Channels != 3 {
			t.Errorf("%s comes back different", s.Path)
		}
		if w, h := im.Size(i); w != want.Width || h != want.Height {
			t.Errorf("%s is %dx%d, want %dx%d", s.Path, w, h, want.Width, want.Height)
		}
		if b, err := im.Bytes(i); err != nil || string(b) != f[s.Path] {
			t.Errorf("%s: bytes differ, %v", s.Path, err)
		}
		if b, err := im.PNG(i); err != nil || !bytes.HasPrefix(b, []byte("\x89PNG")) {
			t.Errorf("%s: no PNG, %v", s.Path, err)
		}
	}
}

// TestIdempotent imports the same content twice, from two places, and then other
// content.
func TestIdempotent(t *testing.T) {
	st := openStore(t)
	f := classes(10, "a", "b")
	var hashes []string
	for range 2 {
		v, err := data.Import(t.Context(), st, f.write(t), data.Options{Name: "set", Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, v.Hash)
		if v.Number != 1 || v.Ref() != "set@1" {
			t.Errorf("version %s", v.Ref())
		}
	}
	if hashes[0] != hashes[1] {
		t.Errorf("hashes %v", hashes)
	}
	v, err := data.Import(t.Context(), st, f.with(files{"a/new.png": picture(99)}).write(t), data.Options{Name: "set", Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if v.Number != 2 || v.Hash == hashes[0] {
		t.Errorf("other content is %s %s", v.Ref(), v.Hash)
	}
	for ref, want := range map[string]int{"set": 2, "set@1": 1, hashes[0][:12]: 1, hashes[0]: 1} {
		if v, err := data.Open(st, ref); err != nil || v.Number != want {
			t.Errorf("Open(%q): %v, %v; want version %d", ref, v, err, want)
		}
	}
	for ref, want := range map[string]string{"sett": `Did you mean "set"?`, "set@7": "its newest is set@2", "set@x": "names no version", "zzzzzzzzzz": "There is no dataset"} {
		if _, err := data.Open(st, ref); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): %v; want %q", ref, err, want)
		}
	}
	if list, err := data.List(st); err != nil || len(list) != 2 || list[0].Number != 2 {
		t.Errorf("list %v, %v", list, err)
	}
}

// TestSideBySide imports other content under one name from several stores of one
// home at once.
func TestSideBySide(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	const n = 4
	var wg sync.WaitGroup
	for i := range n {
		dir := classes(5+i, "a", "b").write(t)
		wg.Go(func() {
			st, err := store.Open(home)
			if err != nil {
				t.Error(err)
				return
			}
			defer st.Close()
			if _, err := data.Import(t.Context(), st, dir, data.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	st, err := store.Open(home)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	list, err := data.List(st)
	if err != nil || len(list) != n || list[0].Ref() != "set@4" || list[n-1].Ref() != "set@1" {
		t.Errorf("%v, %v", list, err)
	}
}

// TestSeed gives other parts for another seed, and the same for the same.
func TestSeed(t *testing.T) {
	dir := classes(30, "a", "b").write(t)
	parts := func(seed uint64) (out []data.Part) {
		for _, s := range samples(t, imported(t, dir, data.Options{Seed: seed})) {
			out = append(out, s.Part)
		}
		return out
	}
	if !slices.Equal(parts(1), parts(1)) {
		t.Error("the same seed splits differently")
	}
	if slices.Equal(parts(1), parts(2)) {
		t.Error("another seed splits alike")
	}
}

func TestImageFaults(t *testing.T) {
	good := picture(1)
	corrupt := classes(10, "a", "b").with(files{
		"a/cut.png": good[:len(good)-30], "a/empty.png": "", "b/text.jpg": "not an image", "b/huge.pgm": "P5 100000 100000 255\n"})
	v := imported(t, corrupt.write(t), data.Options{})
	found := finding(v, "corrupt")
	if v.Count != 20 || found == nil || found.Count != 4 || !slices.Contains(found.Samples, "a/cut.png") || !slices.Contains(found.Samples, "b/huge.pgm") {
		t.Errorf("%d samples, %+v", v.Count, found)
	}
	for _, c := range []struct {
		name  string
		files files
		want  string
	}{
		{"empty folder", files{}, "is empty"},
		{"one class", classes(5, "a"), "the one class"},
		{"one class in parts", classes(5, "train/a", "test/a"), "the one class"},
		{"a class with one sample", classes(5, "a", "b").with(files{"c/1.png": good}), `The class "c" has only one sample`},
		{"no folders", files{"1.png": picture(1), "2.png": picture(2)}, "put each class into a folder"},
		{"mostly corrupt", files{"a/1.png": "x", "a/2.png": "y", "a/3.png": good, "b/1.png": "z", "b/2.png": "w"}, "4 of the 5 images"},
		{"boxes", classes(3, "images/train", "images/val").with(files{"labels/train/000.txt": "0 0.5 0.5 1 1"}), "object detection"},
	} {
		dir := c.files.write(t)
		st := openStore(t)
		_, err := data.Import(t.Context(), st, dir, data.Options{})
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v (%s); want %q", c.name, err, fault.CodeOf(err), c.want)
		}
		if list, err := data.List(st); err != nil || len(list) != 0 {
			t.Errorf("%s: %d versions are registered, %v", c.name, len(list), err)
		}
	}
	if _, err := data.Import(t.Context(), openStore(t), filepath.Join(t.TempDir(), "none"), data.Options{}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("missing path: %v", err)
	}
}

func TestOptionFaults(t *testing.T) {
	dir := classes(5, "a", "b").write(t)
	for want, o := range map[string]data.Options{
		"is not a name":                       {Name: "A B"},
		"There is no task":                    {Task: "image-clasification"},
		"there is no target":                  {Target: "x"},
		"not tabular-regression":              {Task: data.TabularRegression},
		`Did you mean "image-classification"`: {Task: "image-clasification"},
	} {
		if _, err := data.Import(t.Context(), openStore(t), dir, o); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q", o, err, want)
		}
	}
}

// TestDuplicates puts copies of training images into the test part, and copies
// into a folder that Macaw splits.
func TestDuplicates(t *testing.T) {
	f := classes(20, "train/a", "train/b", "test/a", "test/b")
	f["test/a/copy.png"] = f["train/a/003.png"]
	f["test/b/other.png"] = f["train/a/004.png"]
	v := imported(t, f.write(t), data.Options{})
	across, labels := finding(v, "exact-duplicates-across-parts"), finding(v, "conflicting-labels")
	if across == nil || across.Count != 2 || across.Severity != data.Serious || !slices.Contains(across.Samples, "test/a/copy.png = train/a/003.png") {
		t.Errorf("across: %+v", across)
	}
	if labels == nil || labels.Count != 1 {
		t.Errorf("labels: %+v", labels)
	}

	f = classes(30, "a", "b")
	for i := range 10 {
		f[fmt.Sprintf("a/copy%d.png", i)] = f[fmt.Sprintf("a/%03d.png", i)]
	}
	v = imported(t, f.write(t), data.Options{})
	if v.Split.Method != "stratified+grouped" || finding(v, "exact-duplicates") == nil {
		t.Errorf("%s, %+v", v.Split.Method, v.Findings)
	}
	part := map[string]data.Part{}
	for _, s := range samples(t, v) {
		if p, ok := part[s.Hash]; ok && p != s.Part {
			t.Errorf("%s is in %s, its twin in %s", s.Path, s.Part, p)
		}
		part[s.Hash] = s.Part
	}
}

// TestNearDuplicates brightens a picture by one step.
func TestNearDuplicates(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 32, 32))
	n := image.NewGray(m.Rect)
	for i := range m.Pix {
		m.Pix[i] = uint8(i / 5 % 200)
		n.Pix[i] = m.Pix[i] + 1
	}
	f := classes(20, "train/a", "train/b", "test/a", "test/b").with(files{"train/a/near.png": pngOf(m), "test/a/near.png": pngOf(n)})
	v := imported(t, f.write(t), data.Options{})
	if found := finding(v, "near-duplicates-across-parts"); found == nil || found.Count != 1 {
		t.Errorf("%+v", v.Findings)
	}
}

func TestImbalance(t *testing.T) {
	v := imported(t, classes(40, "a").with(files{"b/1.png": picture(1), "b/2.png": picture(2)}).write(t), data.Options{})
	if finding(v, "tiny-classes") == nil || finding(v, "imbalance") == nil {
		t.Errorf("%+v", v.Findings)
	}
}

func TestArchives(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, body := range classes(8, "top/a", "top/b") {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, body)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := files{"set.zip": b.String(), "t.csv.gz": gzipped(t, "x,y\n1,2.5\n2,3.5\n3,4.25\n4,5.5\n5,7.5\n6,8.5\n")}.write(t)
	if v := imported(t, filepath.Join(dir, "set.zip"), data.Options{}); v.Dataset != "set" || v.Count != 16 || !slices.Equal(v.Classes, []string{"a", "b"}) {
		t.Errorf("zip: %s, %d samples, %v", v.Dataset, v.Count, v.Classes)
	}
	if v := imported(t, filepath.Join(dir, "t.csv.gz"), data.Options{}); v.Dataset != "t" || v.Task != data.TabularRegression || v.Count != 6 {
		t.Errorf("gz: %s, %s, %d rows", v.Dataset, v.Task, v.Count)
	}
}

func gzipped(t testing.TB, body string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, body)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// idxOf makes an IDX file.
func idxOf(dims []int, values func(i int) byte) string {
	b := []byte{0, 0, 8, byte(len(dims))}
	n := 1
	for _, d := range dims {
		b = append(b, byte(d>>24), byte(d>>16), byte(d>>8), byte(d))
		n *= d
	}
	for i := range n {
		b = append(b, values(i))
	}
	return string(b)
}

func TestIDX(t *testing.T) {
	pixel := func(i int) byte { return byte(i * 7) }
	label := func(i int) byte { return byte(3 + i%2) }
	set := files{
		"data/train-images-idx3-ubyte":    idxOf([]int{20, 5, 4}, pixel),
		"data/train-labels-idx1-ubyte":    idxOf([]int{20}, label),
		"data/t10k-images-idx3-ubyte.gz":  gzipped(t, idxOf([]int{10, 5, 4}, func(i int) byte { return byte(i * 11) })),
		"data/t10k-labels.idx1-ubyte.gz":  gzipped(t, idxOf([]int{10}, label)),
		"mnist.go":                        "package mnist",
		"LICENSE":                         "free",
		"data/something/else/to-skip.txt": "x",
	}
	v := imported(t, set.write(t), data.Options{})
	if v.Count != 30 || v.Parts[data.Test] != 10 || !slices.Equal(v.Classes, []string{"3", "4"}) || v.Image != (data.ImageInfo{Channels: 1, Width: 4, Height: 5, MinWidth: 4, MinHeight: 5, MaxWidth: 4, MaxHeight: 5}) {
		t.Errorf("%d samples, %v, %v, %+v", v.Count, v.Parts, v.Classes, v.Image)
	}
	im, err := v.Images()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range samples(t, v) {
		m, err := im.Decode(i)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(s.Path, "train-images-idx3-ubyte#2") && (m.Pix[0] != pixel(40) || m.Pix[19] != pixel(59) || v.Classes[s.Label] != "3") {
			t.Errorf("%s: %v, class %s", s.Path, m.Pix, v.Classes[s.Label])
		}
		if b, err := im.Bytes(i); err != nil || !bytes.HasPrefix(b, []byte("\x89PNG")) {
			t.Errorf("%s: no PNG, %v", s.Path, err)
		}
	}
	for want, more := range map[string]files{
		"ends too early":         {"train-images-idx3-ubyte": set["data/train-images-idx3-ubyte"][:100], "train-labels-idx1-ubyte": set["data/train-labels-idx1-ubyte"]},
		"20 images but":          {"train-images-idx3-ubyte": set["data/train-images-idx3-ubyte"], "train-labels-idx1-ubyte": idxOf([]int{19}, label)},
		"There are no labels":    {"train-images-idx3-ubyte": set["data/train-images-idx3-ubyte"], "t10k-images-idx3-ubyte": set["data/train-images-idx3-ubyte"]},
		"labels but no images":   {"train-labels-idx1-ubyte": set["data/train-labels-idx1-ubyte"], "t10k-labels-idx1-ubyte": idxOf([]int{10}, label)},
		"0x0 pixels":             {"images.idx3-ubyte": idxOf([]int{5, 0, 0}, pixel), "labels.idx1-ubyte": idxOf([]int{5}, label)},
		"not one of unsigned":    {"images.idx3-ubyte": "hello", "labels.idx1-ubyte": idxOf([]int{5}, label)},
		"is one IDX file":        {"train-images-idx3-ubyte": set["data/train-images-idx3-ubyte"]},
		"Every sample in":        {"images.idx3-ubyte": idxOf([]int{5, 2, 2}, pixel), "labels.idx1-ubyte": idxOf([]int{5}, func(int) byte { return 1 })},
		"cannot be read: it end": {"images.idx3-ubyte": idxOf([]int{5, 2, 2}, pixel), "labels.idx1-ubyte": idxOf([]int{5}, label)[:10]},
	} {
		if _, err := data.Import(t.Context(), openStore(t), more.write(t), data.Options{}); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestDigitsExample imports the example that the README shows.
func TestDigitsExample(t *testing.T) {
	v := imported(t, "../examples/digits", data.Options{})
	if v.Count != 1797 || len(v.Classes) != 10 || v.Image.Channels != 1 || v.Image.Width != 8 || !v.Image.Fixed() || v.Parts[data.Test] < 350 || v.Parts[data.Validation] < 280 {
		t.Errorf("%d samples, %v, %+v, %v", v.Count, v.Classes, v.Image, v.Parts)
	}
}

// TestCancelled leaves nothing behind.
func TestCancelled(t *testing.T) {
	st := openStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := data.Import(ctx, st, classes(10, "a", "b").write(t), data.Options{}); err == nil {
		t.Error("a cancelled import succeeds")
	}
	if list, err := data.List(st); err != nil || len(list) != 0 {
		t.Errorf("%d versions, %v", len(list), err)
	}
}

// TestNothingInTheHomeButBlobs looks for temporary files behind an import.
func TestNothingInTheHomeButBlobs(t *testing.T) {
	st := openStore(t)
	if _, err := data.Import(t.Context(), st, classes(5, "a", "b").write(t), data.Options{}); err != nil {
		t.Fatal(err)
	}
	home := st.Home
	st.Close()
	err := filepath.WalkDir(filepath.Join(home, "tmp"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(p, ".lock") {
			t.Errorf("left behind: %s", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
