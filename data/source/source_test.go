package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/internal/fault"
)

type entry struct {
	name, body string
	link       bool
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.link {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, e.body)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		if e.link {
			h.Typeflag, h.Size, h.Linkname = tar.TypeSymlink, 0, e.body
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if !e.link {
			io.WriteString(w, e.body)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(body)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t testing.TB, dir, name string, body []byte) string {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, body, 0o666); err != nil {
		t.Fatal(err)
	}
	return p
}

// contents reads a whole tree as path=body lines.
func contents(t *testing.T, tree *Tree) []string {
	t.Helper()
	var out []string
	for _, f := range tree.Files {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		p, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		out = append(out, f.Path+"="+string(p))
	}
	return out
}

func TestOpen(t *testing.T) {
	two := []entry{{name: "a/1.txt", body: "one"}, {name: "./b/2.txt", body: "two"}, {name: ".hidden/x", body: "x"}, {name: "__MACOSX/._1.txt", body: "x"}}
	want := []string{"a/1.txt=one", "b/2.txt=two"}
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder")
	write(t, folder, "a/1.txt", []byte("one"))
	write(t, folder, "b/2.txt.gz", gzipOf(t, []byte("two")))
	write(t, folder, ".git/config", []byte("x"))
	inFolder := filepath.Join(dir, "download")
	write(t, inFolder, "set.zip", zipOf(t, two...))
	write(t, inFolder, "README.md", []byte("about"))
	ignore := func(name string) bool { return strings.HasPrefix(name, "README") }
	for _, c := range []struct {
		path, name string
		single     bool
		want       []string
	}{
		{folder, "folder", false, want},
		{write(t, dir, "set.zip", zipOf(t, two...)), "set", false, want},
		{write(t, dir, "set.tar", tarOf(t, two...)), "set", false, want},
		{write(t, dir, "set.tar.gz", gzipOf(t, tarOf(t, two...))), "set", false, want},
		{write(t, dir, "outer.zip", zipOf(t, entry{name: "in.tar.gz", body: string(gzipOf(t, tarOf(t, two...)))})), "outer", false, []string{"in/a/1.txt=one", "in/b/2.txt=two"}},
		{write(t, dir, "t.csv", []byte("a,b")), "t", true, []string{"t.csv=a,b"}},
		{write(t, dir, "u.csv.gz", gzipOf(t, []byte("a,b"))), "u", true, []string{"u.csv=a,b"}},
		{write(t, dir, "misnamed.csv", gzipOf(t, []byte("a,b"))), "misnamed", true, []string{"misnamed.csv=a,b"}},
		{inFolder, "download", false, want},
		{write(t, dir, "windows.zip", zipOf(t, entry{name: `a\1.txt`, body: "one"})), "windows", false, []string{"a/1.txt=one"}},
	} {
		tree, err := Open(t.Context(), c.path, Options{Ignore: ignore})
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if got := contents(t, tree); !slices.Equal(got, c.want) || tree.Name != c.name || tree.Single != c.single {
			t.Errorf("%s: %q, single %v, %v; want %q, %v", filepath.Base(c.path), tree.Name, tree.Single, got, c.name, c.want)
		}
		tree.Close()
	}
}

func TestOpenFaults(t *testing.T) {
	zeros := strings.Repeat("\x00", 4<<20)
	limits := Limits{RatioFrom: 1 << 20}
	dir := t.TempDir()
	deep := strings.Repeat("d/", 70) + "x.txt"
	write(t, dir, "deep/"+deep, []byte("x"))
	nested := []byte("x")
	for range 5 {
		nested = zipOf(t, entry{name: "in.zip", body: string(nested)})
	}
	for _, c := range []struct {
		name, want string
		body       []byte
		limits     Limits
	}{
		{"up.zip", "a path that leaves it", zipOf(t, entry{name: "../evil", body: "x"}), limits},
		{"within.zip", "a path that leaves it", zipOf(t, entry{name: "a/../../evil", body: "x"}), limits},
		{"abs.zip", "a path that leaves it", zipOf(t, entry{name: "/etc/evil", body: "x"}), limits},
		{"drive.zip", "a path that leaves it", zipOf(t, entry{name: `C:\evil`, body: "x"}), limits},
		{"back.zip", "a path that leaves it", zipOf(t, entry{name: `..\evil`, body: "x"}), limits},
		{"up.tar", "a path that leaves it", tarOf(t, entry{name: "../evil", body: "x"}), limits},
		{"up.tar.gz", "a path that leaves it", gzipOf(t, tarOf(t, entry{name: "a/../../evil", body: "x"})), limits},
		{"link.zip", "holds the link", zipOf(t, entry{name: "a/link", body: "/etc/passwd", link: true}), limits},
		{"link.tar", "holds the link", tarOf(t, entry{name: "a/link", body: "/etc/passwd", link: true}), limits},
		{"bomb.zip", "decompression bomb", zipOf(t, entry{name: "a/zeros", body: zeros}), limits},
		{"bomb.tar.gz", "decompression bomb", gzipOf(t, tarOf(t, entry{name: "a/zeros", body: zeros})), limits},
		{"large.zip", "more than the limit", zipOf(t, entry{name: "a/zeros", body: zeros}), Limits{Bytes: 1 << 20}},
		{"large.tar", "more than the limit", tarOf(t, entry{name: "a/zeros", body: zeros}), Limits{Bytes: 1 << 20}},
		{"deep.zip", "nested deeper", zipOf(t, entry{name: deep, body: "x"}), limits},
		{"many.zip", "more than 2 files", zipOf(t, entry{name: "a"}, entry{name: "b"}, entry{name: "c"}), Limits{Files: 2}},
		{"nested.zip", "nested deeper", nested, limits},
		{"cut.zip", "broken or cut off", zipOf(t, entry{name: "a", body: "hello"})[:60], limits},
		{"cut.tar", "broken or cut off", tarOf(t, entry{name: "a", body: zeros})[:9000], limits},
		{"cut.tar.gz", "broken or cut off", gzipOf(t, tarOf(t, entry{name: "a", body: "hello"}))[:40], limits},
	} {
		tree, err := Open(t.Context(), write(t, dir, c.name, c.body), Options{Limits: c.limits})
		if err == nil {
			t.Errorf("%s opened with %d files", c.name, len(tree.Files))
			continue
		}
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q (%s) does not say %q", c.name, err, fault.CodeOf(err), c.want)
		}
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "deep"), Options{}); err == nil || !strings.Contains(err.Error(), "nested deeper") {
		t.Errorf("deep folder: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "none"), Options{}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("missing path: %v", err)
	}
}

// TestGzipBomb reads a plain gzipped file, which is bounded while it is read.
func TestGzipBomb(t *testing.T) {
	p := write(t, t.TempDir(), "t.csv.gz", gzipOf(t, make([]byte, 8<<20)))
	tree, err := Open(t.Context(), p, Options{Limits: Limits{RatioFrom: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	r, err := tree.Files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); err == nil || !strings.Contains(err.Error(), "bomb") {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// TestLinks follows links to files and folders of the user's own, but no loops.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "real/a/1.txt", []byte("one"))
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"a": "../real/a", "self": ".", "broken": "../nowhere"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	tree, err := Open(t.Context(), root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if got := contents(t, tree); !slices.Equal(got, []string{"a/1.txt=one"}) || !slices.Equal(tree.Unreadable, []string{"broken"}) {
		t.Errorf("files %v, unreadable %v", got, tree.Unreadable)
	}
}

// TestSpoolIsRemoved opens a tar and looks for what it left behind.
func TestSpoolIsRemoved(t *testing.T) {
	dir, spools := t.TempDir(), t.TempDir()
	p := write(t, dir, "s.tar", tarOf(t, entry{name: "a/1", body: "x"}))
	cleaned := false
	tree, err := Open(t.Context(), p, Options{TempDir: func() (string, func(), error) { return spools, func() { cleaned = true }, nil }})
	if err != nil {
		t.Fatal(err)
	}
	tree.Close()
	if left, err := os.ReadDir(spools); err != nil || len(left) != 0 || !cleaned {
		t.Errorf("left %v, cleaned %v, %v", left, cleaned, err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(zipOf(f, entry{name: "a/1.txt", body: "one"}, entry{name: "in.zip", body: string(zipOf(f, entry{name: "x", body: "y"}))}))
	f.Add(tarOf(f, entry{name: "a/1.txt", body: "one"}, entry{name: "b", body: "c", link: true}))
	f.Add(gzipOf(f, tarOf(f, entry{name: "a", body: "b"})))
	f.Add(gzipOf(f, []byte("a,b\n1,2\n")))
	f.Fuzz(func(t *testing.T, p []byte) {
		path := write(t, t.TempDir(), "f", p)
		limits := Limits{Files: 100, Bytes: 1 << 20, RatioFrom: 1 << 16}
		tree, err := Open(t.Context(), path, Options{Limits: limits})
		if err != nil {
			if fault.CodeOf(err) == fault.Internal {
				t.Errorf("no sentence for users: %v", err)
			}
			return
		}
		defer tree.Close()
		for _, file := range tree.Files {
			if strings.Contains("/"+file.Path+"/", "/../") || strings.HasPrefix(file.Path, "/") {
				t.Errorf("path %q", file.Path)
			}
			if r, err := file.Open(); err == nil {
				io.Copy(io.Discard, io.LimitReader(r, 2<<20))
				r.Close()
			}
		}
	})
}
