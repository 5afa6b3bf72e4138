package data_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
)

func records(t *testing.T, path string, columns ...string) (out []string, err error) {
	t.Helper()
	for row, err := range data.Records(t.Context(), path, columns...) {
		if err != nil {
			return out, err
		}
		out = append(out, fmt.Sprint(row))
	}
	return out, nil
}

func TestRecords(t *testing.T) {
	want := []string{"map[a:1 b:x]", "map[a: b:y]"}
	dir := files{
		"c.csv": "a,b\n1, x\n,y\n", "s.txt": "a;b\n1;x\n;y\n", "j.jsonl": "{\"a\":1,\"b\":\"x\"}\n{\"a\":null,\"b\":\"y\"}\n",
		"j.json": `[{"a":1,"b":"x"},{"b":"y","a":null}]`, "z.csv.gz": gzipped(t, "a,b\n1,x\n,y\n"), "folder/c.csv": "a,b\n1,x\n,y\n",
	}.write(t)
	for _, name := range []string{"c.csv", "s.txt", "j.jsonl", "j.json", "z.csv.gz", "folder"} {
		if got, err := records(t, dir+"/"+name, "a", "b"); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	one := files{"t.csv": "text\n\"hello, you\"\nbye\n", "n.csv": "7\n8\n", "row.csv": "x,y\n1,2\n"}.write(t)
	for name, want := range map[string][]string{
		"t.csv": {"map[text:hello, you]", "map[text:bye]"}, "n.csv": {"map[column1:7]", "map[column1:8]"}, "row.csv": {"map[x:1 y:2]"}} {
		if got, err := records(t, one+"/"+name, "text", "x"); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := records(t, dir+"/none.csv"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("missing file: %v", err)
	}
	if _, err := records(t, files{"a.png": picture(1)}.write(t)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("no table: %v", err)
	}
	for range data.Records(t.Context(), dir+"/c.csv") {
		break // stopping early must not panic
	}
}

func TestParseRecord(t *testing.T) {
	row, err := data.ParseRecord([]byte(` {"a": 1.50, "b": " x ", "c": null, "d": true, "e": {"f": 2}}`))
	if got := fmt.Sprint(row); err != nil || got != "map[a:1.50 b:x c: d:true e.f:2]" {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range []string{"", "[1]", `{"a":1}{"a":2}`, `{"a":`, "3"} {
		if row, err := data.ParseRecord([]byte(bad)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v, %v", bad, row, err)
		}
	}
}

func TestListFiles(t *testing.T) {
	dir := files{"a/1.png": picture(1), "a/README.md": "x", "b.pgm": "P2 1 1 9 9", "notes.txt": "hello", "odd": picture(2),
		"t10k-images-idx3-ubyte": idxOf([]int{2, 3, 3}, func(i int) byte { return byte(i) })}.write(t)
	list, err := data.ListImages(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	if want := []string{"a/1.png", "b.pgm", "odd", "t10k-images-idx3-ubyte#0", "t10k-images-idx3-ubyte#1"}; !slices.Equal(list.Paths, want) {
		t.Fatalf("images %v", list.Paths)
	}
	if m, err := list.Image(1, 3); err != nil || !slices.Equal(m.Pix, []uint8{255, 255, 255}) {
		t.Errorf("b.pgm: %v, %v", m, err)
	}
	if m, err := list.Image(4, 1); err != nil || m.Pix[0] != 9 {
		t.Errorf("the second IDX image: %v, %v", m, err)
	}
	single, err := data.ListImages(t.Context(), dir+"/odd")
	if err != nil || !slices.Equal(single.Paths, []string{"odd"}) {
		t.Fatalf("one file: %v, %v", single, err)
	}
	single.Close()
	texts, err := data.ListTexts(t.Context(), dir+"/notes.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer texts.Close()
	if s, err := texts.Text(0); err != nil || s != "hello" {
		t.Errorf("text %q, %v", s, err)
	}
	if _, err := data.ListImages(t.Context(), dir+"/notes.txt"); err == nil || !strings.Contains(err.Error(), "holds no images") {
		t.Errorf("no images: %v", err)
	}
}

func TestDecodeImage(t *testing.T) {
	if m, err := data.DecodeImage(strings.NewReader("P2 2 1 255 3 4"), 3, data.ImageLimits{}); err != nil || !slices.Equal(m.Pix, []uint8{3, 3, 3, 4, 4, 4}) {
		t.Errorf("%v, %v", m, err)
	}
	for body, limits := range map[string]data.ImageLimits{"nothing": {}, "P2 9 9 255 3 4": {Pixels: 10}, "P2 1 1 255 3": {Bytes: 3}} {
		if _, err := data.DecodeImage(strings.NewReader(body), 1, limits); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", body, err)
		}
	}
}
