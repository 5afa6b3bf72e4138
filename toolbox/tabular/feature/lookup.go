package feature

import (
	"cmp"
	"slices"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Lookup gives each level of a category column a row of Table. The last row is
// for levels that are not in Levels; the empty string, a missing value, may be one.
type Lookup struct {
	column *Column
	Levels []string
	width  int
	Table  []float32 // [len(Levels)+1, width]
	code   map[string]int
}

func newLookup(c *Column, levels []string, width int) *Lookup {
	l := &Lookup{column: c, Levels: levels, width: width, Table: make([]float32, (len(levels)+1)*width)}
	l.code = make(map[string]int, len(levels))
	for i, v := range levels {
		l.code[v] = i
	}
	return l
}

// Row returns the table row of level i; len(Levels) stands for unknown ones.
func (l *Lookup) Row(i int) []float32 { return l.Table[i*l.width : (i+1)*l.width] }

// Code returns the level index of a cell.
func (l *Lookup) Code(cell string) int {
	if i, ok := l.code[cell]; ok {
		return i
	}
	return len(l.Levels)
}

// Codes returns the level indices of rows.
func (l *Lookup) Codes(rows []int) []int {
	out := make([]int, len(rows))
	for i, r := range rows {
		out[i] = l.Code(l.column.Strings[r])
	}
	return out
}

func (l *Lookup) Width() int { return l.width }

func (l *Lookup) Transform(rows []int) []float32 {
	out := make([]float32, 0, len(rows)*l.width)
	for _, r := range rows {
		out = append(out, l.Row(l.Code(l.column.Strings[r]))...)
	}
	return out
}

func (l *Lookup) Export(b *onnx.Builder) string {
	codes := ExportCodes(b, l)
	table := b.Const(tensor.Of(l.Table, len(l.Levels)+1, l.width))
	return b.Op("Squeeze", nil, b.Op("Gather", onnx.Attrs{"axis": 0}, table, codes), b.Ints(1))
}

// ExportCodes adds nodes that compute the level index int64 [N,1] of l's column.
func ExportCodes(b *onnx.Builder, l *Lookup) string {
	if len(l.Levels) == 0 { // a LabelEncoder needs at least one key
		return b.ML("LabelEncoder", onnx.Attrs{"keys_strings": []string{""}, "values_int64s": []int64{0}, "default_int64": 0}, l.column.Input)
	}
	values := make([]int64, len(l.Levels))
	for i := range values {
		values[i] = int64(i)
	}
	return b.ML("LabelEncoder", onnx.Attrs{
		"keys_strings": l.Levels, "values_int64s": values, "default_int64": len(l.Levels)}, l.column.Input)
}

// levels counts the cells of c in rows and returns those that occur at least
// least times, most frequent first, with their counts. Missing cells are left out.
func levels(c *Column, rows []int, least int) (names []string, counts []int) {
	count := map[string]int{}
	for _, r := range rows {
		if v := c.Strings[r]; v != "" {
			count[v]++
		}
	}
	for v, n := range count {
		if n >= least {
			names = append(names, v)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	for _, v := range names {
		counts = append(counts, count[v])
	}
	return names, counts
}

// oneHot gives each of the first levels a column of its own; other and missing
// cells share the last one when they occur in rows.
func oneHot(c *Column, rows []int, least, most int) *Lookup {
	names, _ := levels(c, rows, least)
	names = names[:min(len(names), most)]
	l := newLookup(c, names, len(names))
	if slices.Contains(l.Codes(rows), len(names)) {
		l.width++
		l.Table = make([]float32, (len(names)+1)*l.width)
		l.Row(len(names))[len(names)] = 1
	}
	for i := range names {
		l.Row(i)[i] = 1
	}
	return l
}
