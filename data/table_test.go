package data_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
)

// rows writes n lines of a table, each by f.
func rows(header string, n int, f func(i int, r *rand.Rand) string) string {
	var b strings.Builder
	if header != "" {
		b.WriteString(header + "\n")
	}
	r := rand.New(rand.NewPCG(5, 6))
	for i := range n {
		b.WriteString(f(i, r) + "\n")
	}
	return b.String()
}

func importTable(t testing.TB, text string, o data.Options) (*data.Version, *data.Table) {
	t.Helper()
	v := imported(t, files{"t.csv": text}.write(t)+"/t.csv", o)
	table, err := v.Table()
	if err != nil {
		t.Fatal(err)
	}
	return v, table
}

// TestColumnTypes has one column of every kind.
func TestColumnTypes(t *testing.T) {
	words := []string{"red", "green", "blue"}
	verbs := []string{"came", "went", "stayed", "fell", "rose", "slept", "sang"}
	header := "customer_id;row;size;price;share;colour;flag;zip;day;note;comment;same;sparse;stray;code;target"
	text := rows(header, 200, func(i int, r *rand.Rand) string {
		sparse, stray := fmt.Sprint(r.IntN(1000)), fmt.Sprint(r.IntN(1000))
		if i%3 == 0 {
			sparse = []string{"", "?", "NA", "n/a", "NaN", "null", "None", "-", "."}[i/3%9]
		}
		if i == 77 {
			stray = "unknown"
		}
		return strings.Join([]string{
			fmt.Sprintf("C%05d", r.IntN(90000)+i*7), fmt.Sprint(i + 1), fmt.Sprintf("%.2f", r.Float64()*10),
			fmt.Sprintf("$%d,%03d.50", 1+r.IntN(9), r.IntN(1000)), fmt.Sprintf("%d %%", r.IntN(100)), words[r.IntN(3)],
			[]string{"true", "false"}[r.IntN(2)], fmt.Sprintf("%05d", r.IntN(300)), fmt.Sprintf("2024-%02d-%02d", 1+r.IntN(12), 1+r.IntN(28)),
			fmt.Sprintf("%s %s %d", verbs[r.IntN(7)], verbs[r.IntN(7)], r.IntN(100)),
			fmt.Sprintf("he %s and she %s while it %s %d times", verbs[r.IntN(7)], verbs[r.IntN(7)], verbs[r.IntN(7)], r.IntN(50)),
			"x", sparse, stray, fmt.Sprintf("a%08x", r.Uint32()), words[i%2],
		}, ";")
	})
	v, table := importTable(t, text, data.Options{})
	want := map[string]data.ColumnType{
		"customer_id": data.Identifier, "row": data.Identifier, "size": data.Number, "price": data.Number, "share": data.Number,
		"colour": data.Category, "flag": data.Category, "zip": data.Category, "day": data.Date, "note": data.FreeText, "comment": data.FreeText,
		"same": data.Constant, "sparse": data.Number, "stray": data.Number, "code": data.Identifier, "target": data.Category,
	}
	for _, c := range v.Columns {
		if c.Type != want[c.Name] {
			t.Errorf("%s is %s (%s), want %s", c.Name, c.Type, c.Why, want[c.Name])
		}
		ignored := c.Type == data.Identifier || c.Type == data.Constant
		if (c.Role == data.RoleIgnored) != ignored {
			t.Errorf("%s, %s, has the role %s", c.Name, c.Type, c.Role)
		}
	}
	if v.Target != "target" || table.Rows != 200 || len(table.Columns) != 11 || len(table.Others) != 5 {
		t.Errorf("target %s, %d rows, %d features, %d others", v.Target, table.Rows, len(table.Columns), len(table.Others))
	}
	if s := table.Column("sparse"); s.Missing != 67 || !math.IsNaN(float64(s.Floats[3])) {
		t.Errorf("sparse misses %d, row 3 is %v", s.Missing, s.Floats[3])
	}
	if s := table.Column("stray"); s.Missing != 1 || !math.IsNaN(float64(s.Floats[77])) {
		t.Errorf("stray misses %d, row 77 is %v", s.Missing, s.Floats[77])
	}
	if s := table.Column("price"); s.Min < 1000 || s.Max > 10000 || s.Floats[0] != float32(int(s.Floats[0]))+0.5 {
		t.Errorf("price from %v to %v, first %v", s.Min, s.Max, s.Floats[0])
	}
	if c := v.Column("colour"); len(c.Levels) != 3 || c.Distinct != 3 {
		t.Errorf("levels %v", c.Levels)
	}
	for _, code := range []string{"constant-columns", "identifier-columns", "missing-values"} {
		if finding(v, code) == nil {
			t.Errorf("no finding %s", code)
		}
	}
}

// TestTableRoundTrip compares stored cells with the ones written.
func TestTableRoundTrip(t *testing.T) {
	_, table := importTable(t, "a,b,when,y\n1,x,2024-01-02,0\n,z,?,1\n-2.5,NA,2024-03-04,0\n4,x,2024-05-06,1\n", data.Options{})
	for i, want := range []map[string]string{
		{"a": "1", "b": "x", "when": "2024-01-02", "y": "0"},
		{"a": "", "b": "z", "when": "", "y": "1"},
		{"a": "-2.5", "b": "", "when": "2024-03-04", "y": "0"},
	} {
		if got := table.Row(i); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("row %d: %v, want %v", i, got, want)
		}
	}
}

func TestTarget(t *testing.T) {
	text := rows("Label,b,c", 60, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%d,%.3f", i%3, i/2, r.Float64()) })
	for _, c := range []struct {
		target, want, task string
		classes            int
	}{
		{"", "Label", data.TabularClassification, 3},
		{"c", "c", data.TabularRegression, 0},
		{"label", "Label", data.TabularClassification, 3},
		{"B", "b", data.TabularRegression, 0},
	} {
		v, _ := importTable(t, text, data.Options{Target: c.target})
		if v.Target != c.want || v.Task != c.task || len(v.Classes) != c.classes {
			t.Errorf("--target %q: %s, %s, %v", c.target, v.Target, v.Task, v.Classes)
		}
	}
	var said []string
	log := func(s string) { said = append(said, s) }
	v, _ := importTable(t, strings.Replace(text, "Label", "kind", 1), data.Options{Log: log})
	if v.Target != "c" || !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, `The target is "c", the last column`) }) {
		t.Errorf("last column: %s, said %q", v.Target, said)
	}
	if v, _ := importTable(t, text, data.Options{Task: "regression"}); v.Task != data.TabularRegression || v.Classes != nil {
		t.Errorf("--task regression: %s, %v", v.Task, v.Classes)
	}
	if v, _ := importTable(t, text, data.Options{Target: "b", Task: data.TabularClassification}); v.Task != data.TabularClassification {
		t.Errorf("--task classification: %s", v.Task)
	}
}

// TestLetters has no header and its label in front: the last column is the target,
// and the other is offered.
func TestLetters(t *testing.T) {
	text := rows("", 300, func(i int, r *rand.Rand) string {
		return fmt.Sprintf("%c,%d,%d,%d", 'A'+i%26, r.IntN(16), r.IntN(16), i%16)
	})
	v, _ := importTable(t, text, data.Options{})
	if f := finding(v, "target"); v.Target != "column4" || f == nil || !strings.Contains(f.Message, "--target column1") {
		t.Errorf("target %s, %+v", v.Target, f)
	}
	if v, _ := importTable(t, text, data.Options{Target: "column1"}); len(v.Classes) != 26 {
		t.Errorf("%d classes", len(v.Classes))
	}
}

// TestLabelVariants is the trap of the adult census data.
func TestLabelVariants(t *testing.T) {
	label := []string{" <=50K", " <=50K.", "<=50K", " >50K", " >50K. ", " >50k"}
	text := rows("age,income", 120, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%s", 20+r.IntN(60), label[i%6]) })
	v, _ := importTable(t, text, data.Options{})
	if !slices.Equal(v.Classes, []string{"<=50K", ">50K", ">50k"}) {
		t.Errorf("classes %q", v.Classes)
	}
	if f := finding(v, "label-variants"); f == nil || f.Count != 2 || !strings.Contains(f.Message, `" <=50K."`) {
		t.Errorf("%+v", f)
	}
	if finding(v, "label-case") == nil {
		t.Error("labels that differ by case are not reported")
	}
	text = rows("x,y", 40, func(i int, r *rand.Rand) string {
		return fmt.Sprintf("%d,%s", r.IntN(60), []string{"0", "1.0", "0.0", "1"}[i%4])
	})
	if v, _ := importTable(t, text, data.Options{}); !slices.Equal(v.Classes, []string{"0", "1"}) {
		t.Errorf("whole numbers are the classes %q", v.Classes)
	}
	text = rows("x,y", 40, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d, %s", r.IntN(60), []string{"a", "b"}[i%2]) })
	if v, _ := importTable(t, text, data.Options{}); finding(v, "label-variants") != nil {
		t.Error("labels that all begin with a blank are called variants")
	}
}

func TestUnusableTargets(t *testing.T) {
	text := rows("x,y", 100, func(i int, r *rand.Rand) string {
		y := fmt.Sprintf("%.4f", r.Float64()*100)
		switch i {
		case 3:
			y = "NaN"
		case 5:
			y = "inf"
		case 7:
			y = "oops"
		case 9:
			y = "-Infinity"
		case 11:
			y = ""
		}
		return fmt.Sprintf("%d,%s", r.IntN(1000), y)
	})
	v, table := importTable(t, text, data.Options{})
	if v.Count != 95 || v.Task != data.TabularRegression || table.Rows != 95 {
		t.Errorf("%d rows, %s", v.Count, v.Task)
	}
	told := map[string]bool{}
	for _, f := range v.Findings {
		if f.Code == "unusable-target" {
			told[fmt.Sprint(f.Count, f.Samples)] = true
		}
	}
	for _, want := range []string{"2 [3 11]", "2 [5 9]", "1 [7]"} {
		if !told[want] {
			t.Errorf("findings %v lack %s", told, want)
		}
	}
	for i, s := range samples(t, v) {
		if math.IsNaN(float64(s.Value)) || s.Label != -1 || s.Path == "3" {
			t.Errorf("sample %d: %+v", i, s)
		}
	}
}

func TestTableFaults(t *testing.T) {
	numbers := rows("a,Miles_per_Gallon", 50, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%.2f", r.IntN(100), r.Float64()) })
	for _, c := range []struct {
		name, text, want string
		o                data.Options
	}{
		{"unknown target", numbers, `Did you mean "Miles_per_Gallon"?`, data.Options{Target: "Miles_per_Galon"}},
		{"unknown target, nothing near", numbers, "Its columns are a, Miles_per_Gallon", data.Options{Target: "something else"}},
		{"empty", "", "is empty", data.Options{}},
		{"one column", "a\n1\n2\n", "no columns", data.Options{}},
		{"one class", rows("a,y", 20, func(i int, r *rand.Rand) string { return fmt.Sprint(i*i, ",same") }), `one class "same"`, data.Options{}},
		{"a class with one sample", rows("a,y", 20, func(i int, r *rand.Rand) string { return fmt.Sprint(i*i, ",", []string{"n", "y"}[min(i, 1)]) }), `class "n" has only one sample`, data.Options{}},
		{"targets all NaN", rows("a,y", 20, func(i int, r *rand.Rand) string { return fmt.Sprint(i*i, ",NaN") }), "missing in every row", data.Options{}},
		{"targets all infinite", rows("a,y", 20, func(i int, r *rand.Rand) string { return fmt.Sprint(i*i, ",inf") }), "not a finite number in every row", data.Options{Task: "regression"}},
		{"target of free words", rows("a,y", 200, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,w%d", i*i, r.Uint32()) }), "which is no class", data.Options{}},
		{"words as a regression", rows("a,y", 20, func(i int, r *rand.Rand) string { return fmt.Sprint(i*i, ",", []string{"n", "y"}[i%2]) }), "cannot be a regression", data.Options{Task: data.TabularRegression}},
		{"nothing to learn from", rows("id,y", 40, func(i int, r *rand.Rand) string { return fmt.Sprintf("x%d,%d", i, i%2) }), "no column to learn from", data.Options{}},
		{"a table as images", numbers, "not images", data.Options{Task: data.ImageClassification}},
		{"ragged", "a,b,y\n1,2\n3\n4,5,6\n7,8\n1,2,3,4\n5,6,7\n", "fields like the rest", data.Options{}},
	} {
		st := openStore(t)
		_, err := data.Import(t.Context(), st, files{"t.csv": c.text}.write(t)+"/t.csv", c.o)
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v (%s); want %q", c.name, err, fault.CodeOf(err), c.want)
		}
		if list, err := data.List(st); err != nil || len(list) != 0 {
			t.Errorf("%s: %d versions are registered, %v", c.name, len(list), err)
		}
	}
}

func TestTableSplits(t *testing.T) {
	line := func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%d", r.IntN(100000), i%2) }
	plain := rows("a,y", 40, line)
	unlabelled := rows("a", 10, func(i int, r *rand.Rand) string { return fmt.Sprint(r.IntN(1000)) })
	for _, c := range []struct {
		name   string
		files  files
		method string
		parts  map[data.Part]int
		target string
	}{
		{"one table", files{"t.csv": plain}, "stratified", map[data.Part]int{data.Train: 26, data.Validation: 6, data.Test: 8}, ""},
		{"train and test files", files{"train.csv": plain, "test.csv": rows("y,a", 20, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%d", i%2, r.IntN(100000)) })}, "given+stratified", map[data.Part]int{data.Train: 32, data.Validation: 8, data.Test: 20}, ""},
		{"all three", files{"x-train.csv": plain, "x-valid.csv": rows("a,y", 10, line), "x_test.csv": rows("a,y", 10, line)}, "given", map[data.Part]int{data.Train: 40, data.Validation: 10, data.Test: 10}, ""},
		{"unlabelled test", files{"train.csv": plain, "test.csv": unlabelled, "sample_submission.csv": "id,y\n1,0\n"}, "stratified", map[data.Part]int{data.Train: 26, data.Validation: 6, data.Test: 8}, ""},
		{"the census files", files{"adult.data": plain, "adult.test": rows("a,y", 20, line), "adult.names": "about"}, "given+stratified", map[data.Part]int{data.Train: 32, data.Validation: 8, data.Test: 20}, ""},
		{"split column", files{"t.csv": rows("a,y,split", 40, func(i int, r *rand.Rand) string {
			return fmt.Sprintf("%d,%d,%s", r.IntN(100000), i%2, []string{"train", "train", "val", "test"}[i/2%4])
		})}, "given", map[data.Part]int{data.Train: 20, data.Validation: 10, data.Test: 10}, "y"},
		{"shards", files{"part-0.csv": plain, "part-1.csv": rows("a,y", 20, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%d", 200000+i*i, i%2) })}, "stratified", map[data.Part]int{data.Train: 40, data.Validation: 8, data.Test: 12}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := imported(t, c.files.write(t), data.Options{})
			if v.Split.Method != c.method && v.Split.Method != c.method+"+grouped" || v.Target != "y" {
				t.Errorf("%s, target %s", v.Split.Method, v.Target)
			}
			for part, n := range c.parts {
				if d := v.Parts[part] - n; d < -2 || d > 2 || strings.HasPrefix(c.method, "given") && part == data.Test && d != 0 {
					t.Errorf("parts %v, want %v", v.Parts, c.parts)
				}
			}
		})
	}
	different := files{"a.csv": plain, "b.csv": "p,q,r\n1,2,3\n4,5,6\n"}
	if _, err := data.Import(t.Context(), openStore(t), different.write(t), data.Options{}); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "different columns") {
		t.Errorf("different tables: %v", err)
	}
}

// TestGroups keeps the rows of a patient together, and the classes balanced.
func TestGroups(t *testing.T) {
	v, _ := importTable(t, rows("patient_id,x,y", 400, func(i int, r *rand.Rand) string {
		return fmt.Sprintf("p%d,%.9f,%d", i/8, r.Float64(), i/8%2)
	}), data.Options{})
	if v.Split.Group != "patient_id" || v.Split.Method != "stratified+grouped" || v.Column("patient_id").Role != data.RoleGroup {
		t.Errorf("%+v", v.Split)
	}
	part := map[string]data.Part{}
	ones := [3]int{}
	for _, s := range samples(t, v) {
		if p, ok := part[s.Group]; ok && p != s.Part || s.Group == "" {
			t.Fatalf("%q is in %s and %s", s.Group, p, s.Part)
		}
		part[s.Group] = s.Part
		ones[s.Part] += int(s.Label)
	}
	for p, n := range v.Parts {
		if n < 40 || 2*ones[p] < n-8 || 2*ones[p] > n+8 {
			t.Errorf("%s has %d rows, %d of them of class 1", p, n, ones[p])
		}
	}
}

// TestQuantileSplit expects the same range of targets in every part.
func TestQuantileSplit(t *testing.T) {
	v, _ := importTable(t, rows("x,y", 1000, func(i int, r *rand.Rand) string { return fmt.Sprintf("%.9f,%.4f", r.Float64(), r.ExpFloat64()*100) }), data.Options{})
	sum, n := [3]float64{}, [3]float64{}
	for _, s := range samples(t, v) {
		sum[s.Part] += float64(s.Value)
		n[s.Part]++
	}
	mean := (sum[0] + sum[1] + sum[2]) / 1000
	for p := range sum {
		if m := sum[p] / n[p]; math.Abs(m-mean) > 0.08*mean {
			t.Errorf("%s has the mean %.1f, all have %.1f", data.Part(p), m, mean)
		}
	}
	if v.Split.Method != "quantile" || n[data.Test] != 200 || n[data.Validation] != 160 {
		t.Errorf("%s, %v", v.Split.Method, v.Parts)
	}
}

func TestLeaks(t *testing.T) {
	v, _ := importTable(t, rows("fair,copy,code,y", 500, func(i int, r *rand.Rand) string {
		y := r.IntN(2)
		return fmt.Sprintf("%.3f,%.3f,%s,%s", float64(y)+2*r.NormFloat64(), float64(y)*10+r.Float64(), []string{"n1", "p1", "n2", "p2"}[y+2*r.IntN(2)], []string{"no", "yes"}[y])
	}), data.Options{})
	var leaks []string
	for _, f := range v.Findings {
		if f.Code == "leaking-column" {
			leaks = append(leaks, f.Column)
		}
	}
	if !slices.Equal(leaks, []string{"copy", "code"}) {
		t.Errorf("leaks %v", leaks)
	}
	v, _ = importTable(t, rows("fair,scaled,y", 300, func(i int, r *rand.Rand) string {
		y := r.NormFloat64()
		return fmt.Sprintf("%.3f,%.6f,%.6f", y+0.1*r.NormFloat64(), 3*y-100, y)
	}), data.Options{})
	if f := finding(v, "leaking-column"); f == nil || f.Column != "scaled" {
		t.Errorf("%+v", v.Findings)
	}
}

func TestRowDuplicates(t *testing.T) {
	text := rows("a,b,y", 200, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%d,%d", i, i*i, i%2) })
	v, _ := importTable(t, text+"5,25,1\n5,25,0\n", data.Options{})
	if f := finding(v, "exact-duplicates"); f == nil || f.Count != 2 {
		t.Errorf("%+v", f)
	}
	if f := finding(v, "conflicting-labels"); f == nil || f.Count != 1 {
		t.Errorf("%+v", f)
	}
	s := samples(t, v)
	if s[5].Part != s[200].Part || s[5].Part != s[201].Part || s[5].Hash != s[200].Hash || s[5].Hash == s[201].Hash {
		t.Errorf("twins: %+v, %+v, %+v", s[5], s[200], s[201])
	}
	v, _ = importTable(t, rows("a,b,y", 200, func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%d,%d", r.IntN(3), r.IntN(3), i%2) }), data.Options{})
	if finding(v, "repeating-rows") == nil || v.Split.Method != "stratified" {
		t.Errorf("%s, %+v", v.Split.Method, v.Findings)
	}
}

func TestTextTable(t *testing.T) {
	ham, spam := []string{"meeting", "lunch", "report", "thanks", "tomorrow"}, []string{"free", "winner", "cash", "click", "offer"}
	f := func(i int, r *rand.Rand) string {
		words := [][]string{ham, spam}[i%2]
		var s []string
		for range 8 + r.IntN(5) {
			s = append(s, words[r.IntN(5)]+fmt.Sprint(r.IntN(30)))
		}
		return fmt.Sprintf("%s\t%s", []string{"ham", "spam"}[i%2], strings.Join(s, " "))
	}
	v := imported(t, files{"sms.tsv": rows("label\ttext", 120, f)}.write(t)+"/sms.tsv", data.Options{})
	if v.Kind != data.KindText || v.Task != data.TextClassification || v.Text.Column != "text" || !slices.Equal(v.Classes, []string{"ham", "spam"}) {
		t.Errorf("%s %s %q %v", v.Kind, v.Task, v.Text.Column, v.Classes)
	}
	texts, err := v.Texts()
	if err != nil || len(texts) != 120 || len(strings.Fields(texts[0])) < 8 {
		t.Errorf("%d texts, %v", len(texts), err)
	}
	lines := rows("", 120, func(i int, r *rand.Rand) string {
		label, text, _ := strings.Cut(f(i, r), "\t")
		return fmt.Sprintf(`{"review": %q, "sentiment": %q, "id": %d}`, text, label, i)
	})
	v = imported(t, files{"r.jsonl": lines}.write(t)+"/r.jsonl", data.Options{})
	if v.Kind != data.KindText || v.Text.Column != "review" || v.Target != "sentiment" {
		t.Errorf("%s %q %q", v.Kind, v.Text.Column, v.Target)
	}
	v = imported(t, files{"sms.tsv": rows("label\ttext", 120, f)}.write(t)+"/sms.tsv", data.Options{Task: data.TabularClassification})
	if v.Kind != data.KindTable || v.Column("text").Type != data.FreeText {
		t.Errorf("as a table: %s", v.Kind)
	}
}

func TestTextFolders(t *testing.T) {
	f := files{"README.md": "about", "cmds": "mv", "cat.json": "[]"}
	for i := range 20 {
		f[fmt.Sprintf("easy-ham-1/%02d.txt", i)] = fmt.Sprintf("From: a\n\nhello number %c, gr\xfc\xdfe", 'a'+i)
		f[fmt.Sprintf("easy-ham-1/%02d.json", i)] = "{}"
		f[fmt.Sprintf("spam-1/deep/%02d", i)] = fmt.Sprintf("buy thing %c now", 'a'+i)
	}
	f["spam-1/binary"] = "\x00\x01\x02"
	f["spam-1/empty"] = " \n"
	f["spam-1/deep/copy"] = "Buy  THING a, now!"
	v := imported(t, f.write(t), data.Options{})
	if v.Kind != data.KindText || v.Count != 41 || !slices.Equal(v.Classes, []string{"easy-ham-1", "spam-1"}) {
		t.Errorf("%s, %d samples, %v", v.Kind, v.Count, v.Classes)
	}
	if c, n := finding(v, "corrupt"), finding(v, "near-duplicates"); c == nil || c.Count != 2 || n == nil || n.Count != 1 || finding(v, "twin-files") == nil {
		t.Errorf("%+v", v.Findings)
	}
	texts, err := v.Texts()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range samples(t, v) {
		if s.Label == 0 && !strings.HasSuffix(texts[i], ", grüße") {
			t.Errorf("%s: %q", s.Path, texts[i])
		}
	}
	given := files{}
	for i := range 8 {
		for _, dir := range []string{"train/pos", "train/neg", "test/pos", "test/neg"} {
			given[fmt.Sprintf("%s/%d.txt", dir, i)] = fmt.Sprintf("%s words of %c%c", dir, 'a'+i, 'b'+i*2)
		}
	}
	if v := imported(t, given.write(t), data.Options{}); v.Parts[data.Test] != 16 || v.Split.Method != "given+stratified" {
		t.Errorf("%v, %s", v.Parts, v.Split.Method)
	}
}
