// Package table reads tables of any common form, delimited text, JSON and
// Parquet, into columns of cells. What the cells mean is decided elsewhere.
package table

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/internal/fault"
)

// Limits bounds what is read. The zero value means the defaults.
type Limits struct {
	Bytes   int64 // most bytes of one file, after decompression; 0 means 4 GiB
	Columns int   // most columns; 0 means 10,000
	Cells   int   // most cells; 0 means 200,000,000
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 4 << 30
	}
	if l.Columns == 0 {
		l.Columns = 10_000
	}
	if l.Cells == 0 {
		l.Cells = 200_000_000
	}
	return l
}

// Options says how to read a table.
type Options struct {
	Limits Limits
	// Expect lists column names that a header would have. With it, the first row
	// is a header when it holds any of them, or all of it looks like one.
	Expect []string
	// Single allows a table of one column.
	Single bool
}

// Frame is a table as it was written: cells by column, then row. A cell that the
// source leaves out, or has null in, is "".
type Frame struct {
	Format  string // "CSV", "TSV", "semicolon-separated", "JSON", "Parquet", ...
	Names   []string
	Columns [][]string
	Header  bool // whether the names stand in the source
	Notes   []Note
}

// Note is something odd that was seen while reading, in a sentence.
type Note struct {
	Code    string
	Message string
	Count   int
	Lines   []string // where, a few
}

// Rows returns the number of rows.
func (f *Frame) Rows() int {
	if len(f.Columns) == 0 {
		return 0
	}
	return len(f.Columns[0])
}

// Trim takes the blanks around every cell off.
func (f *Frame) Trim() {
	for _, c := range f.Columns {
		for i := range c {
			c[i] = strings.TrimSpace(c[i])
		}
	}
}

// Row returns row i by column name.
func (f *Frame) Row(i int) map[string]string {
	row := make(map[string]string, len(f.Names))
	for j, name := range f.Names {
		row[name] = f.Columns[j][i]
	}
	return row
}

// Read reads a whole table; name is the file's, for sentences. Whatever is wrong
// with it is fault.Invalid.
func Read(r io.Reader, name string, o Options) (*Frame, error) {
	limits := o.Limits.withDefaults()
	p, err := io.ReadAll(io.LimitReader(r, limits.Bytes+1))
	if err != nil {
		if fault.CodeOf(err) != fault.Internal {
			return nil, err
		}
		return nil, fault.Errorf(fault.Invalid, "%s cannot be read: %w", name, err)
	}
	if int64(len(p)) > limits.Bytes {
		return nil, fault.Errorf(fault.Invalid, "%s is above the limit of %d bytes for a table.", name, limits.Bytes)
	}
	var f *Frame
	if bytes.HasPrefix(p, []byte("PAR1")) {
		f, err = readParquet(p, name, limits)
	} else {
		f, err = readText(p, name, o, limits)
	}
	if err != nil {
		return nil, err
	}
	if f.Rows() == 0 {
		return nil, fault.Errorf(fault.Invalid, "%s holds no rows.", name)
	}
	return f, nil
}

func readText(p []byte, name string, o Options, limits Limits) (*Frame, error) {
	if i := bytes.IndexByte(p[:min(len(p), 4096)], 0); i >= 0 && !bytes.HasPrefix(p, []byte{0xff, 0xfe}) && !bytes.HasPrefix(p, []byte{0xfe, 0xff}) {
		return nil, fault.Errorf(fault.Invalid, "%s is no text: it has a zero byte at %d.", name, i)
	}
	text, encoding := UTF8(p)
	var f *Frame
	var err error
	if start := strings.TrimLeft(text, " \t\r\n"); strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[") && looksLikeJSON(start) {
		f, err = readJSON(start, name, limits)
	} else {
		f, err = readDelimited(text, name, o, limits)
	}
	if err == nil && encoding != "UTF-8" {
		f.Notes = append(f.Notes, Note{Code: "encoding", Message: fmt.Sprintf("%s is written in %s and was read as such.", name, encoding)})
	}
	return f, err
}

// looksLikeJSON tells an array of records from a delimited line that begins with
// a bracket.
func looksLikeJSON(s string) bool {
	s = strings.TrimLeft(s[1:], " \t\r\n")
	return s == "" || s[0] == '{' || s[0] == ']' || s[0] == '['
}

func tooManyColumns(name string, n, limit int) error {
	return fault.Errorf(fault.Invalid, "%s has %d columns, above the limit of %d; if rows and columns are swapped, transpose it.", name, n, limit)
}

func tooManyCells(name string, limit int) error {
	return fault.Errorf(fault.Invalid, "%s has more than %d cells, the limit for a table.", name, limit)
}

// cleanNames trims names, names the nameless column1, column2... and makes
// repeated ones different.
func cleanNames(names []string) []string {
	out := make([]string, len(names))
	used := map[string]bool{}
	for i, n := range names {
		n = strings.TrimSpace(n)
		if n == "" {
			n = "column" + strconv.Itoa(i+1)
		}
		unique := n
		for k := 2; used[unique]; k++ {
			unique = n + "_" + strconv.Itoa(k)
		}
		used[unique] = true
		out[i] = unique
	}
	return out
}
