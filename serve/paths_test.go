package serve

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// predictAll returns the rows of the CSV without the probabilities' digits.
func predictAll(t *testing.T, b build, paths ...string) ([][]string, *Summary) {
	t.Helper()
	var out bytes.Buffer
	summary, err := PredictPaths(context.Background(), predictorOf(t, b), paths, &out)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records, summary
}

func column(records [][]string, k int) string {
	var all []string
	for _, r := range records {
		all = append(all, r[k])
	}
	return strings.Join(all, " ")
}

func TestPredictImages(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b", "2.png"), pngOf(t, 4, 250))
	write(t, filepath.Join(dir, "a", "1.png"), pngOf(t, 7, 5))
	write(t, filepath.Join(dir, "a", "broken.png"), pngOf(t, 7, 5)[:50])
	write(t, filepath.Join(dir, "a", "notes.txt"), []byte("no image"))
	write(t, filepath.Join(dir, ".hidden", "3.png"), pngOf(t, 4, 250))
	single := write(t, filepath.Join(t.TempDir(), "odd-name"), pngOf(t, 4, 250))
	records, summary := predictAll(t, shades, dir, single)
	if want := "sample prediction score bright dark"; strings.Join(records[0], " ") != want {
		t.Errorf("header = %v", records[0])
	}
	if got := column(records[1:], 0); got != "a/1.png a/broken.png b/2.png odd-name" {
		t.Errorf("samples = %s", got)
	}
	if got := column(records[1:], 1); got != "dark  bright bright" {
		t.Errorf("predictions = %q", got)
	}
	if r := records[2]; r[2] != "" || r[3] != "" {
		t.Errorf("the broken image has %v", r)
	}
	if summary.Samples != 4 || len(summary.Failed) != 1 || summary.Failed[0].Sample != "a/broken.png" || summary.Failed[0].Err == nil {
		t.Errorf("summary = %+v", summary)
	}
}

func TestPredictManyImagesInOrder(t *testing.T) {
	dir := t.TempDir()
	for i := range 150 {
		write(t, filepath.Join(dir, fmt.Sprintf("%03d.png", i)), pngOf(t, 1+i%2, uint8(i%2*255)))
	}
	records, _ := predictAll(t, shades, dir)
	for i, r := range records[1:] {
		if want := []string{"dark", "bright"}[i%2]; r[1] != want || r[0] != fmt.Sprintf("%03d.png", i) {
			t.Fatalf("row %d = %v, want %s", i, r, want)
		}
	}
}

func TestPredictIDX(t *testing.T) {
	p := []byte{0, 0, 8, 3}
	for _, d := range []uint32{3, 2, 2} {
		p = binary.BigEndian.AppendUint32(p, d)
	}
	p = append(p, 0, 0, 0, 0, 255, 255, 255, 255, 9, 9, 9, 9)
	records, _ := predictAll(t, shades, write(t, filepath.Join(t.TempDir(), "t10k-images-idx3-ubyte"), p))
	if got := column(records[1:], 0) + " " + column(records[1:], 1); got != "0 1 2 dark bright dark" {
		t.Errorf("rows = %s", got)
	}
	short := write(t, filepath.Join(t.TempDir(), "x-idx3-ubyte"), p[:len(p)-1])
	if _, err := PredictPaths(context.Background(), predictorOf(t, shades), []string{short}, &bytes.Buffer{}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a short IDX file = %v", err)
	}
}

func TestPredictTables(t *testing.T) {
	dir := t.TempDir()
	one := write(t, filepath.Join(dir, "one.csv"), []byte("colour;Width (cm);petals;size\nred;3;5;big\n;;;\nblue;-1,5;?;small\n"))
	records, summary := predictAll(t, flowers, one)
	if got := column(records[1:], 0) + "|" + column(records[1:], 1); got != "0 1 2|big  small" {
		t.Errorf("rows = %s", got)
	}
	if len(summary.Failed) != 1 || summary.Failed[0].Sample != "1" {
		t.Errorf("failed = %v", summary.Failed)
	}
	if notes := strings.Join(summary.Notes, " "); !strings.Contains(notes, "petals") || strings.Contains(notes, "size") {
		t.Errorf("notes = %s", notes)
	}
	two := write(t, filepath.Join(dir, "two.jsonl"), []byte("{\"colour\":\"red\"}\n{\"colour\":\"blue\"}\n"))
	records, summary = predictAll(t, flowers, one, two)
	if got := column(records[1:], 0); got != "one.csv:0 one.csv:1 one.csv:2 two.jsonl:0 two.jsonl:1" {
		t.Errorf("samples of two tables = %s", got)
	}
	if notes := strings.Join(summary.Notes, " "); !strings.Contains(notes, "lacks the columns Width (cm)") {
		t.Errorf("notes = %s", notes)
	}
	records, _ = predictAll(t, prices, write(t, filepath.Join(dir, "rooms.csv"), []byte("id,rooms\n7,2\n8,0.1\n")))
	if got := fmt.Sprint(records); got != "[[sample prediction] [0 6] [1 0.3]]" {
		t.Errorf("regression = %s", got)
	}
}

func TestPredictTexts(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "spam", "1.txt"), []byte("buy now"))
	write(t, filepath.Join(dir, "ham", "2"), []byte("caf\xe9"))
	write(t, filepath.Join(dir, "ham", "3.txt"), nil)
	write(t, filepath.Join(dir, "ham", "4.txt"), []byte("a\x00\x00"))
	records, summary := predictAll(t, mails, dir)
	if got := column(records[1:], 0) + "|" + column(records[1:], 1); got != "ham/2 ham/3.txt ham/4.txt spam/1.txt|ham   spam" {
		t.Errorf("rows = %s", got)
	}
	if len(summary.Failed) != 2 {
		t.Errorf("failed = %v", summary.Failed)
	}
	records, _ = predictAll(t, mails, write(t, filepath.Join(t.TempDir(), "m.csv"), []byte("from,body\na,buy now\nb,hello\n")))
	if got := column(records[1:], 0) + " " + column(records[1:], 1); got != "0 1 spam ham" {
		t.Errorf("rows of a table = %s", got)
	}
}

func TestPredictRefusesPaths(t *testing.T) {
	dir := t.TempDir()
	wrong := write(t, filepath.Join(dir, "wrong.csv"), []byte("a,b\n1,2\n"))
	empty := filepath.Join(dir, "empty")
	os.Mkdir(empty, 0o777)
	for name, c := range map[string]struct {
		model build
		path  string
		code  fault.Code
		says  string
	}{
		"no such path":     {shades, filepath.Join(dir, "nope"), fault.NotFound, "nope"},
		"an empty folder":  {shades, empty, fault.Invalid, "nothing to predict"},
		"no known columns": {flowers, wrong, fault.Invalid, "Width (cm), colour"},
		"no text column":   {mails, wrong, fault.Invalid, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.csv")
			os.WriteFile(out, []byte("old"), 0o666)
			_, err := PredictToFile(context.Background(), predictorOf(t, c.model), []string{c.path}, out)
			if fault.CodeOf(err) != c.code || !strings.Contains(fault.MessageOf(err), c.says) {
				t.Errorf("PredictToFile = %v, want %v with %q", err, c.code, c.says)
			}
			if p, _ := os.ReadFile(out); string(p) != "old" {
				t.Errorf("a failed prediction leaves %q", p)
			}
			if entries, _ := os.ReadDir(filepath.Dir(out)); len(entries) != 1 {
				t.Errorf("a failed prediction leaves %v", entries)
			}
		})
	}
}

func TestPredictToFile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.csv")
	in := write(t, filepath.Join(t.TempDir(), "rooms.csv"), []byte("rooms,x\n2,1\n"))
	p := predictorOf(t, prices)
	if _, err := PredictToFile(context.Background(), p, []string{in}, out); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(out); string(got) != "sample,prediction\n0,6\n" {
		t.Errorf("file = %q", got)
	}
	if _, err := PredictToFile(context.Background(), p, []string{in}, filepath.Join(out, "x.csv")); err == nil {
		t.Error("a file as folder is accepted")
	}
	if _, err := PredictToFile(context.Background(), p, []string{in}, filepath.Join(t.TempDir(), "no", "x.csv")); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a missing folder = %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := PredictToFile(ctx, p, []string{in}, out); err == nil {
		t.Error("a cancelled prediction succeeds")
	}
}

func TestColumnNames(t *testing.T) {
	card := model.Card{Classes: []string{"score", "cat", "class score", "sample", ""}}
	got := columnNames(&card)
	if want := []string{"sample", "prediction", "score", "class score", "cat", "class class score", "class sample", "class "}; !slices.Equal(got, want) {
		t.Errorf("names = %q, want %q", got, want)
	}
}
