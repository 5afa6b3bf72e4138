package data

import (
	"context"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/data/table"
	"github.com/macaw-ai/macaw/internal/fault"
)

// Records yields the rows of the table at path, cells by column name as they were
// written but for the blanks around them; "" is a missing cell. It takes every
// form that Import takes, compressed and archived too. columns are names that a
// header is known by; without a header, columns are named column1, column2, ….
// What cannot be read is fault.Invalid and ends the rows.
func Records(ctx context.Context, path string, columns ...string) iter.Seq2[map[string]string, error] {
	return func(yield func(map[string]string, error) bool) {
		tree, err := openTree(ctx, path, source.Limits{}, nil)
		if err != nil {
			yield(nil, err)
			return
		}
		defer tree.Close()
		var tables []*source.File
		for _, f := range tree.Files {
			if tree.Single || formatOf(f.Path) == tableFormat {
				tables = append(tables, f)
			}
		}
		if len(tables) == 0 {
			yield(nil, fault.Errorf(fault.Invalid, "%s holds no table.", path))
			return
		}
		for _, f := range tables {
			if !yieldTable(f, columns, yield) {
				return
			}
		}
	}
}

func yieldTable(f *source.File, columns []string, yield func(map[string]string, error) bool) bool {
	r, err := f.Open()
	if err != nil {
		yield(nil, fileFault(f.Path, err))
		return false
	}
	defer r.Close()
	for row, err := range ReadRecords(r, f.Path, columns...) {
		if !yield(row, err) || err != nil {
			return false
		}
	}
	return true
}

// ReadRecords is Records of one table that r gives; name is for error sentences.
func ReadRecords(r io.Reader, name string, columns ...string) iter.Seq2[map[string]string, error] {
	return func(yield func(map[string]string, error) bool) {
		f, err := table.Read(r, name, table.Options{Expect: columns, Single: true})
		if err != nil {
			yield(nil, err)
			return
		}
		f.Trim()
		for i := range f.Rows() {
			if !yield(f.Row(i), nil) {
				return
			}
		}
	}
}

// ParseRecord reads one JSON object as a row: numbers and true or false as they
// stand, null as a missing cell, objects within as columns a.b.
func ParseRecord(object []byte) (map[string]string, error) {
	if !strings.HasPrefix(strings.TrimSpace(string(object)), "{") {
		return nil, fault.Errorf(fault.Invalid, "The row must be a JSON object such as {\"column\": 1}.")
	}
	f, err := table.Read(strings.NewReader(string(object)), "The row", table.Options{})
	if err != nil {
		return nil, err
	}
	if n := f.Rows(); n != 1 {
		return nil, fault.Errorf(fault.Invalid, "There are %d rows where one is expected.", n)
	}
	f.Trim()
	return f.Row(0), nil
}

// Row returns the cells of row i by column name, as a user would write them: the
// features and the columns beside them. A missing cell is "".
func (t *Table) Row(i int) map[string]string {
	row := make(map[string]string, len(t.Columns)+len(t.Others))
	for _, list := range [][]*Series{t.Columns, t.Others} {
		for _, s := range list {
			row[s.Name] = s.Cell(i)
		}
	}
	return row
}

// Cell returns the cell of row i as text, "" for a missing one.
func (s *Series) Cell(i int) string {
	switch {
	case s.Floats == nil:
		return s.Strings[i]
	case math.IsNaN(float64(s.Floats[i])):
		return ""
	}
	return strconv.FormatFloat(float64(s.Floats[i]), 'g', -1, 32)
}
