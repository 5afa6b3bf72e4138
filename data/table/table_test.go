package table

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/macaw-ai/macaw/internal/fault"
)

// show writes a frame as names|row|row.
func show(f *Frame) string {
	lines := []string{strings.Join(f.Names, ",")}
	for i := range f.Rows() {
		var row []string
		for _, c := range f.Columns {
			row = append(row, c[i])
		}
		lines = append(lines, strings.Join(row, ","))
	}
	return strings.Join(lines, "|")
}

func codes(f *Frame) (out []string) {
	for _, n := range f.Notes {
		out = append(out, n.Code)
	}
	return out
}

func TestReadDelimited(t *testing.T) {
	for _, c := range []struct {
		name, text, want, format string
		header                   bool
		notes                    []string
	}{
		{"CSV", "a,b\n1,x\n2,y\n", "a,b|1,x|2,y", "CSV", true, nil},
		{"no header", "1,x\n2,y\n3,x\n", "column1,column2|1,x|2,y|3,x", "CSV", false, nil},
		{"no header, words only", "ham,hi there\nspam,buy now\nham,see you\n", "column1,column2|ham,hi there|spam,buy now|ham,see you", "CSV", false, nil},
		{"header over words only", "label,text\nham,hi there\nspam,buy now\nham,see you\n", "label,text|ham,hi there|spam,buy now|ham,see you", "CSV", true, nil},
		{"TSV", "a\tb\n1\tx, y\n2\tz\n", "a,b|1,x, y|2,z", "TSV", true, nil},
		{"semicolons with decimal commas", "a;b\n1,5;x\n2,5;y\n", "a,b|1,5,x|2,5,y", "semicolon-separated", true, nil},
		{"bars", "a|b\n1|x\n2|y\n", "a,b|1,x|2,y", "bar-separated", true, nil},
		{"blanks", "a b\n1  x\n 2 y \n", "a,b|1,x|2,y", "blank-separated", true, nil},
		{"quotes", "a,b\n1,\"x, \"\"y\"\"\"\n2,\"two\nlines\"\n", "a,b|1,x, \"y\"|2,two\nlines", "CSV", true, nil},
		{"carriage returns", "a,b\r\n1,x\r\n2,\"y\"\r\n", "a,b|1,x|2,y", "CSV", true, nil},
		{"old Mac", "a,b\r1,x\r2,y\r", "a,b|1,x|2,y", "CSV", true, nil},
		{"blank lines and no last newline", "a,b\n\n1,x\n  \n2,y", "a,b|1,x|2,y", "CSV", true, nil},
		{"nameless and repeated columns", ",a,a\n0,1,2\n1,3,4\n", "column1,a,a_2|0,1,2|1,3,4", "CSV", true, nil},
		{"blanks around cells stay", "a,b\n1, x\n2, y.\n", "a,b|1, x|2, y.", "CSV", true, nil},
		{"a trailing comma", "a,b\n1,x,\n2,y,\n3,z\n", "a,b|1,x|2,y|3,z", "CSV", true, nil},
		{"quote within a field", "a,b\n1,5\" pipe\n2,y\n", "a,b|1,5\" pipe|2,y", "CSV", true, nil},
		{"quote never closed", "a,b\n1,\"x\n2,y\n3,z\n", "a,b|1,\"x|2,y|3,z", "CSV", true, []string{"wrong-quoting"}},
		{"quote closed rows later", "a,b\n1,\"x\n2,y\n3,\"z\"\n4,w\n", "a,b|1,\"x|2,y|3,z|4,w", "CSV", true, []string{"wrong-quoting"}},
		{"text behind a quote", "a,b\n1,\"x\" y\n2,z\n", "a,b|1,\"x\" y|2,z", "CSV", true, []string{"wrong-quoting"}},
		{"counts", "3,2,no,yes\n1,5,0\n2,6,1\n3,7,0\n", "column1,column2,target|1,5,no|2,6,yes|3,7,no", "CSV", false, []string{"count-line"}},
		{"counts as wide as the rows", "3,4,a,b,c\n1,2,3,4,0\n1,2,3,4,1\n1,2,3,4,2\n", "column1,column2,column3,column4,target|1,2,3,4,a|1,2,3,4,b|1,2,3,4,c", "CSV", false, []string{"count-line"}},
		{"counts, then a header", "2,2,,\n\"x\",\"y\",\"z\"\n1,2,3\n4,5,6\n", "x,y,z|1,2,3|4,5,6", "CSV", true, []string{"count-line"}},
		{"no counts", "2,3\n2,3\n2,4\n", "column1,column2|2,3|2,3|2,4", "CSV", false, nil},
	} {
		f, err := Read(strings.NewReader(c.text), "t", Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := show(f); got != c.want || f.Format != c.format || f.Header != c.header || !slices.Equal(codes(f), c.notes) {
			t.Errorf("%s: %q, %s, header %v, notes %v; want %q, %s, header %v, notes %v", c.name, got, f.Format, f.Header, codes(f), c.want, c.format, c.header, c.notes)
		}
	}
}

func TestEncodings(t *testing.T) {
	const text = "name,n\nMüller,1\nÅse,2\n"
	latin, err := charmap.ISO8859_1.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	little, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	big, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"UTF-8": text, "BOM": "\ufeff" + text, "Latin-1": latin, "UTF-16 LE": little, "UTF-16 BE": big} {
		f, err := Read(strings.NewReader(file), "t", Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := show(f); got != "name,n|Müller,1|Åse,2" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestRagged(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b,c\n")
	for i := range 40 {
		fmt.Fprintf(&b, "%d,x,y\n", i)
	}
	few := b.String() + "1,2\n1,2,3,4\n"
	f, err := Read(strings.NewReader(few), "t", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Rows() != 40 || !slices.Equal(codes(f), []string{"ragged-rows"}) || f.Notes[0].Count != 2 || f.Notes[0].Lines[0] != "line 42: 2 fields" {
		t.Errorf("%d rows, %+v", f.Rows(), f.Notes)
	}
}

func TestReadFaults(t *testing.T) {
	wide := strings.Repeat("x,", 1_000_000) + "x\n" + strings.Repeat("1,", 1_000_000) + "1\n"
	quotes := strings.Repeat("1,\"x\n2,\"y\" z\"\n", 3000)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "empty"},
		{"blank", " \n\n", "empty"},
		{"one column", "a\n1\n2\n", "no columns"},
		{"prose", "It was the best of times.\nIt was the worst.\nIt was the age of wisdom, it was the age of foolishness\n", "no columns"},
		{"ragged", "a,b,c\n1,2,3\n1,2\n1\n1,2,3\n4,5\n6,7,8,9\n1,2,3\n1,2,3\n", "do not have 3 fields"},
		{"10^6 columns", wide, "1000001 columns, above the limit of 10000"},
		{"wrong quotes all over", quotes, "quotes"},
		{"binary", "a,b\n\x00\x01\x02,3\n", "zero byte"},
		{"broken JSON", `[{"a": 1}, {"a": }]`, "broken JSON"},
		{"JSON of numbers", `[[1,2],[3,4]]`, "every record must be an object"},
		{"JSON cut off", `[{"a": 1}, {"a": 2}`, "broken JSON"},
		{"empty JSON", `[]`, "no rows"},
		{"no Parquet", "PAR1 nothing else", "broken Parquet"},
	} {
		f, err := Read(strings.NewReader(c.text), "t", Options{})
		if err == nil {
			t.Errorf("%s: read %d rows, %v", c.name, f.Rows(), f.Names[:min(3, len(f.Names))])
			continue
		}
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q (%s) does not say %q", c.name, err, fault.CodeOf(err), c.want)
		}
	}
	if _, err := Read(strings.NewReader("a,b\n1,2\n3,4\n"), "t", Options{Limits: Limits{Cells: 3}}); err == nil || !strings.Contains(err.Error(), "more than 3 cells") {
		t.Errorf("cells: %v", err)
	}
	if _, err := Read(strings.NewReader("a,b\n1,2\n3,4\n"), "t", Options{Limits: Limits{Bytes: 5}}); err == nil || !strings.Contains(err.Error(), "limit of 5 bytes") {
		t.Errorf("bytes: %v", err)
	}
}

func TestReadJSON(t *testing.T) {
	for _, c := range []struct{ name, text, want, format string }{
		{"array", `[{"a": 1, "b": "x"}, {"b": null, "c": true}]`, "a,b,c|1,x,|,,true", "JSON"},
		{"lines", "{\"a\": 1.50}\n{\"a\": 1e3}\n", "a|1.50|1e3", "JSON Lines"},
		{"pretty", "{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n", "a|1|2", "JSON Lines"},
		{"nested", `[{"a": {"b": 1, "c": {"d": "x"}}, "e": [1, 2]}]`, "a.b,a.c.d,e|1,x,[1, 2]", "JSON"},
		{"wrapped", `{"meta": 1, "data": [{"a": 1}, {"a": 2}]}`, "a|1|2", "JSON"},
		{"one object", `{"a": 1, "b": "it's"}`, "a,b|1,it's", "JSON Lines"},
		{"repeated key", `[{"a": 1, "a": 2}]`, "a|2", "JSON"},
		{"BOM", "\ufeff[{\"a\": 1}]", "a|1", "JSON"},
	} {
		f, err := Read(strings.NewReader(c.text), "t", Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := show(f); got != c.want || f.Format != c.format || !f.Header {
			t.Errorf("%s: %q, %s; want %q, %s", c.name, got, f.Format, c.want, c.format)
		}
	}
}

type record struct {
	Name  string   `parquet:"name"`
	Age   *int32   `parquet:"age,optional"`
	Score float64  `parquet:"score"`
	Day   int32    `parquet:"day,date"`
	At    int64    `parquet:"at,timestamp(millisecond)"`
	Cost  int64    `parquet:"cost,decimal(2:10)"`
	OK    bool     `parquet:"ok"`
	Tags  []string `parquet:"tags,list"`
	In    inner    `parquet:"in"`
}

type inner struct {
	X uint8 `parquet:"x"`
}

func parquetFile(t testing.TB) []byte {
	t.Helper()
	age := int32(7)
	var b bytes.Buffer
	w := parquet.NewGenericWriter[record](&b)
	_, err := w.Write([]record{
		{Name: "Ann", Age: &age, Score: 1.5, Day: 19783, At: 1709298000000, Cost: -5, OK: true, Tags: []string{"a", "b"}, In: inner{200}},
		{Name: "Bob", Score: -0.25, Day: -1, At: -1, Cost: 12345, Tags: nil, In: inner{1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadParquet(t *testing.T) {
	f, err := Read(bytes.NewReader(parquetFile(t)), "t", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"name": {"Ann", "Bob"}, "age": {"7", ""}, "score": {"1.5", "-0.25"}, "day": {"2024-03-01", "1969-12-31"},
		"at": {"2024-03-01T13:00:00", "1969-12-31T23:59:59"}, "cost": {"-0.05", "123.45"}, "ok": {"true", "false"}, "in.x": {"200", "1"},
	}
	if len(f.Names) != len(want) || !slices.Equal(codes(f), []string{"lists"}) {
		t.Errorf("columns %v, notes %v", f.Names, codes(f))
	}
	for j, name := range f.Names {
		if !slices.Equal(f.Columns[j], want[name]) {
			t.Errorf("%s: %v, want %v", name, f.Columns[j], want[name])
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"a,b\n1,x\n", "a;b\n\"1\"\";x\n", "3,2,n,y\n1,5,0\n2,6,1\n3,7,0\n", `[{"a": {"b": [1]}}]`, "{\"a\":1}\n{\"b\":2}", "\xff\xfea\x00,\x00", "a\tb\r1\t2\r", "\n\r!", "\rx|y 2\n", "PAR1xxxxPAR1"} {
		f.Add([]byte(s))
	}
	f.Add(parquetFile(f))
	f.Fuzz(func(t *testing.T, p []byte) {
		frame, err := Read(bytes.NewReader(p), "t", Options{Limits: Limits{Columns: 100, Cells: 10_000}, Single: true})
		if err != nil {
			if fault.CodeOf(err) == fault.Internal {
				t.Errorf("no sentence for users: %v", err)
			}
			return
		}
		if len(frame.Names) != len(frame.Columns) || frame.Rows() == 0 {
			t.Fatalf("%d names, %d columns, %d rows", len(frame.Names), len(frame.Columns), frame.Rows())
		}
		for j, c := range frame.Columns {
			if len(c) != frame.Rows() {
				t.Fatalf("column %d has %d cells of %d", j, len(c), frame.Rows())
			}
		}
	})
}

func ExampleRead() {
	f, err := Read(strings.NewReader("kind;size\ncat;4\ndog;9\n"), "pets.csv", Options{})
	fmt.Println(f.Format, f.Names, f.Row(1)["size"], err)
	// Output: semicolon-separated [kind size] 9 <nil>
}
