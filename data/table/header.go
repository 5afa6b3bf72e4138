package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/data/cell"
)

// looksLikeCounts reports whether a first record begins with two whole numbers,
// as the files of scikit-learn do: samples, features, then class names.
func looksLikeCounts(row []string) bool {
	if len(row) < 2 {
		return false
	}
	n, err1 := whole(row[0])
	k, err2 := whole(row[1])
	return err1 == nil && err2 == nil && n > 0 && k > 0
}

func whole(cell string) (int, error) { return strconv.Atoi(strings.TrimSpace(cell)) }

// nameColumns takes off a line of counts and a header, where there are any, and
// names the columns.
func (d *delimited) nameColumns(f *Frame, expect []string) {
	counts := d.counts(f)
	if first := firstRow(f); isHeader(first, f, expect) {
		f.Header = true
		f.Names = cleanNames(first)
		dropFirst(f)
	} else {
		f.Names = cleanNames(make([]string, len(f.Columns)))
	}
	if counts == nil {
		return
	}
	last := len(f.Columns) - 1
	if !f.Header {
		f.Names[last] = "target"
	}
	f.Notes = append(f.Notes, Note{Code: "count-line",
		Message: fmt.Sprintf("The first line of %s is a count of rows and columns, not a header; the last column is the target.", d.name)})
	nameClasses(f, counts)
}

// counts returns the class names behind the counts in the first line, and takes
// the line off; nil when there is no such line.
func (d *delimited) counts(f *Frame) []string {
	first, rows := d.first, f.Rows()
	if first == nil {
		first, rows = firstRow(f), rows-1
	}
	if !looksLikeCounts(first) {
		return nil
	}
	n, _ := whole(first[0]) // looksLikeCounts parsed both
	k, _ := whole(first[1])
	// With a header behind it, one row more is left.
	if n != rows && n != rows-1 || k != len(f.Columns)-1 {
		if d.first != nil {
			d.ragged, d.records = d.ragged+1, d.records+1
			d.lines = append([]string{fmt.Sprintf("line 1: %d fields", len(first))}, d.lines...)
		}
		return nil
	}
	if d.first == nil {
		dropFirst(f)
	}
	classes := []string{}
	for _, c := range first[2:] {
		if c = strings.TrimSpace(c); c != "" {
			classes = append(classes, c)
		}
	}
	return classes
}

// nameClasses puts class names in place of their numbers in the last column.
func nameClasses(f *Frame, classes []string) {
	target := f.Columns[len(f.Columns)-1]
	for _, c := range target {
		if k, err := whole(c); err != nil || k < 0 || k >= len(classes) {
			return
		}
	}
	for i, c := range target {
		k, _ := whole(c) // parsed above
		target[i] = classes[k]
	}
}

func firstRow(f *Frame) []string {
	row := make([]string, len(f.Columns))
	for j, c := range f.Columns {
		if len(c) > 0 {
			row[j] = c[0]
		}
	}
	return row
}

func dropFirst(f *Frame) {
	for j := range f.Columns {
		if len(f.Columns[j]) > 0 {
			f.Columns[j] = f.Columns[j][1:]
		}
	}
}

// maxName is the longest column name in bytes that a header is believed to have.
const maxName = 200

// isHeader decides whether the first row names the columns: none of its cells is a
// number, and some column below it is of another kind, or its cells are different
// and never come again in their columns.
func isHeader(first []string, f *Frame, expect []string) bool {
	for _, name := range first {
		if slices.Contains(expect, strings.TrimSpace(name)) {
			return true
		}
	}
	seen := map[string]bool{}
	empty, fresh := 0, 0
	other, repeated := false, false
	for j, name := range first {
		if name = strings.TrimSpace(name); name == "" {
			empty++
			continue
		}
		if _, missing, err := cell.ParseNumber(name); err == nil || missing || len(name) > maxName {
			return false
		}
		if _, _, err := cell.ParseDate(name); err == nil {
			return false
		}
		repeated = repeated || seen[name]
		seen[name] = true
		below := f.Columns[j][1:min(len(f.Columns[j]), sniffRows)]
		if otherKind(below) {
			other = true
		}
		if !slices.Contains(below, first[j]) {
			fresh++
		}
	}
	if f.Rows() < 2 || empty > 1 && empty*4 > len(first) {
		return false
	}
	return other || fresh == len(first)-empty && !repeated
}

// otherKind reports whether the cells are nearly all numbers or dates, so that a
// word above them is a name.
func otherKind(cells []string) bool {
	numbers, dates, n := 0, 0, 0
	for _, c := range cells {
		if cell.Missing(c) {
			continue
		}
		n++
		if _, _, err := cell.ParseNumber(c); err == nil {
			numbers++
		} else if _, _, err := cell.ParseDate(c); err == nil {
			dates++
		}
	}
	return n > 0 && (10*numbers >= 9*n || 10*dates >= 9*n)
}
