package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/macaw-ai/macaw/internal/fault"
)

// readParquet reads a Parquet file. Nested fields become columns a.b.c; lists are
// left out. The library may panic on broken files: that becomes an error here.
func readParquet(p []byte, name string, limits Limits) (f *Frame, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, brokenParquet(name, fmt.Errorf("%v", r))
		}
	}()
	if err := checkFooter(p); err != nil {
		return nil, brokenParquet(name, err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(p), int64(len(p)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, brokenParquet(name, err)
	}
	f = &Frame{Format: "Parquet", Header: true}
	var leaves []parquet.LeafColumn
	lists := 0
	for _, path := range file.Schema().Columns() {
		leaf, ok := file.Schema().Lookup(path...)
		switch {
		case ok && leaf.MaxRepetitionLevel > 0:
			lists++
		case ok:
			leaves = append(leaves, leaf)
			f.Names = append(f.Names, strings.Join(path, "."))
		}
	}
	if err := checkParquet(file, len(f.Names), name, limits); err != nil {
		return nil, err
	}
	f.Columns = make([][]string, len(f.Names))
	for k, leaf := range leaves {
		if f.Columns[k], err = readColumn(p, file, leaf); err != nil {
			return nil, brokenParquet(name, err)
		}
	}
	if lists > 0 {
		f.Notes = append(f.Notes, Note{Code: "lists", Count: lists,
			Message: fmt.Sprintf("%d columns of %s hold lists and were left out.", lists, name)})
	}
	return f, nil
}

func brokenParquet(name string, err error) error {
	return fault.Errorf(fault.Invalid, "%s is a broken Parquet file: %w.", name, err)
}

func checkParquet(file *parquet.File, columns int, name string, limits Limits) error {
	rows := file.NumRows()
	switch {
	case columns > limits.Columns:
		return tooManyColumns(name, columns, limits.Columns)
	case columns == 0:
		return fault.Errorf(fault.Invalid, "%s has no columns that Macaw can read.", name)
	case rows < 0 || rows > int64(limits.Cells/columns):
		return tooManyCells(name, limits.Cells)
	}
	return nil
}

// readColumn returns the cells of a flat column.
func readColumn(p []byte, file *parquet.File, leaf parquet.LeafColumn) ([]string, error) {
	write := cellWriter(leaf.Node.Type())
	cells := make([]string, 0, min(file.NumRows(), 1<<16))
	buf := make([]parquet.Value, 1024)
	for g, group := range file.RowGroups() {
		rows := group.NumRows()
		if rows == 0 {
			continue
		}
		if rows < 0 || int64(len(cells))+rows > file.NumRows() {
			return nil, errThrift
		}
		if err := checkPages(p, file, g, leaf.ColumnIndex, rows); err != nil {
			return nil, err
		}
		end := len(cells) + int(rows)
		pages := group.ColumnChunks()[leaf.ColumnIndex].Pages()
		for len(cells) < end {
			page, err := pages.ReadPage()
			if err != nil {
				pages.Close()
				return nil, err
			}
			cells, err = readPage(cells, page, buf, write)
			parquet.Release(page)
			if err != nil {
				pages.Close()
				return nil, err
			}
		}
		if err := pages.Close(); err != nil {
			return nil, err
		}
		if len(cells) != end {
			return nil, errThrift
		}
	}
	if int64(len(cells)) != file.NumRows() {
		return nil, fmt.Errorf("a column holds %d values for %d rows", len(cells), file.NumRows())
	}
	return cells, nil
}

// readPage appends the cells of a page; one without any is an error, so that the
// reading ends.
func readPage(cells []string, page parquet.Page, buf []parquet.Value, write func(parquet.Value) string) ([]string, error) {
	before := len(cells)
	values := page.Values()
	for {
		n, err := values.ReadValues(buf)
		for _, v := range buf[:n] {
			text := ""
			if !v.IsNull() {
				text = write(v)
			}
			cells = append(cells, text)
		}
		switch {
		case errors.Is(err, io.EOF) && len(cells) > before:
			return cells, nil
		case err != nil:
			return cells, err
		case n == 0:
			return cells, errThrift
		}
	}
}

// cellWriter returns how values of a type are written as cells.
func cellWriter(t parquet.Type) func(parquet.Value) string {
	converted := deprecated.ConvertedType(-1)
	if c := t.ConvertedType(); c != nil {
		converted = *c
	}
	var logical format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.DateType:
		return dateCell
	case *format.TimestampType:
		if l.Unit.Value != nil {
			return timestampCell(l.Unit.Value.Duration())
		}
	case *format.DecimalType:
		return decimalCell(int(l.Scale))
	}
	switch converted {
	case deprecated.Date:
		return dateCell
	case deprecated.TimestampMillis:
		return timestampCell(time.Millisecond)
	case deprecated.TimestampMicros:
		return timestampCell(time.Microsecond)
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) string { return strconv.FormatBool(v.Boolean()) }
	case parquet.Int32, parquet.Int64:
		unsigned := converted >= deprecated.Uint8 && converted <= deprecated.Uint64
		return func(v parquet.Value) string {
			switch {
			case unsigned && v.Kind() == parquet.Int32:
				return strconv.FormatUint(uint64(v.Uint32()), 10)
			case unsigned:
				return strconv.FormatUint(v.Uint64(), 10)
			}
			return strconv.FormatInt(integer(v), 10)
		}
	case parquet.Float:
		return func(v parquet.Value) string { return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32) }
	case parquet.Double:
		return func(v parquet.Value) string { return strconv.FormatFloat(v.Double(), 'g', -1, 64) }
	case parquet.Int96:
		return int96Cell
	}
	return func(v parquet.Value) string {
		return strings.ToValidUTF8(string(v.ByteArray()), "\ufffd")
	}
}

func integer(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

func dateCell(v parquet.Value) string {
	return time.Unix(integer(v)*86400, 0).UTC().Format(time.DateOnly)
}

func timestampCell(unit time.Duration) func(parquet.Value) string {
	per := int64(time.Second / unit)
	return func(v parquet.Value) string {
		n := integer(v)
		sec := n / per
		if n%per < 0 {
			sec--
		}
		return time.Unix(sec, 0).UTC().Format("2006-01-02T15:04:05")
	}
}

// int96Cell writes the old timestamps: nanoseconds of the day, then Julian day.
func int96Cell(v parquet.Value) string {
	const epoch = 2440588 // Julian day of 1970-01-01
	x := v.Int96()
	nanos := int64(x[0]) | int64(x[1])<<32
	days := int64(x[2]) - epoch
	return time.Unix(days*86400+nanos/1e9, 0).UTC().Format("2006-01-02T15:04:05")
}

func decimalCell(scale int) func(parquet.Value) string {
	return func(v parquet.Value) string {
		n := new(big.Int)
		if k := v.Kind(); k == parquet.Int32 || k == parquet.Int64 {
			n.SetInt64(integer(v))
		} else {
			p := v.ByteArray()
			n.SetBytes(p)
			if len(p) > 0 && p[0]&0x80 != 0 { // two's complement
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(p))))
			}
		}
		digits := n.Text(10)
		sign := ""
		if digits[0] == '-' {
			sign, digits = "-", digits[1:]
		}
		if scale <= 0 || scale > 100 {
			return sign + digits
		}
		if len(digits) <= scale {
			digits = strings.Repeat("0", scale-len(digits)+1) + digits
		}
		return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
}
