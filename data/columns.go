package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const columnsMagic = "macaw-columns-1\n"

// The ways in which a column is stored.
const (
	storedFloats = 'f' // float32 bits, little-endian
	storedLevels = 'l' // the distinct strings, then an index for each row
	storedTexts  = 't' // every string
)

// encodeColumns writes the cells of a table: the magic, the numbers of rows and
// columns, then each column behind a byte that tells how it is stored. Strings
// have their lengths before them; counts and indices are varints.
func encodeColumns(series []*Series) []byte {
	p := []byte(columnsMagic)
	rows := 0
	if len(series) > 0 {
		rows = series[0].Len()
	}
	p = binary.AppendUvarint(p, uint64(rows))
	p = binary.AppendUvarint(p, uint64(len(series)))
	for _, s := range series {
		p = appendColumn(p, s)
	}
	return p
}

func appendColumn(p []byte, s *Series) []byte {
	if s.Floats != nil {
		p = append(p, storedFloats)
		for _, v := range s.Floats {
			p = binary.LittleEndian.AppendUint32(p, math.Float32bits(v))
		}
		return p
	}
	index := map[string]uint64{}
	var order []string
	for _, v := range s.Strings {
		if _, ok := index[v]; !ok {
			index[v] = uint64(len(order))
			order = append(order, v)
		}
	}
	if 2*len(order) > len(s.Strings) {
		p = append(p, storedTexts)
		for _, v := range s.Strings {
			p = appendString(p, v)
		}
		return p
	}
	p = append(p, storedLevels)
	p = binary.AppendUvarint(p, uint64(len(order)))
	for _, v := range order {
		p = appendString(p, v)
	}
	for _, v := range s.Strings {
		p = binary.AppendUvarint(p, index[v])
	}
	return p
}

func appendString(p []byte, s string) []byte {
	return append(binary.AppendUvarint(p, uint64(len(s))), s...)
}

var errBrokenColumns = errors.New("the stored table is broken")

// decodeColumns reads what encodeColumns wrote into series that have their
// descriptions already.
func decodeColumns(p []byte, series []*Series) (rows int, err error) {
	r := reader{p: p}
	if string(r.bytes(len(columnsMagic))) != columnsMagic {
		return 0, errBrokenColumns
	}
	rows = r.count(1)
	if int(r.uvarint()) != len(series) {
		return 0, errBrokenColumns
	}
	for _, s := range series {
		r.column(s, rows)
	}
	if r.broken || len(r.p) != 0 {
		return 0, errBrokenColumns
	}
	return rows, nil
}

// reader takes values from the front of p; what is not there breaks it.
type reader struct {
	p      []byte
	broken bool
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.p) {
		r.broken, r.p = true, nil
		return nil
	}
	b := r.p[:n]
	r.p = r.p[n:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.p)
	if n <= 0 {
		r.broken, r.p = true, nil
		return 0
	}
	r.p = r.p[n:]
	return v
}

// count reads a number of things that take size bytes at least each.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.p)/size) {
		r.broken, r.p = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) column(s *Series, rows int) {
	kind := r.bytes(1)
	if r.broken {
		return
	}
	switch kind[0] {
	case storedFloats:
		b := r.bytes(4 * rows)
		if r.broken {
			return
		}
		s.Floats = make([]float32, rows)
		for i := range s.Floats {
			s.Floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
	case storedTexts:
		s.Strings = r.strings(rows)
	case storedLevels:
		levels := r.strings(r.count(1))
		if r.broken || rows > len(r.p) {
			r.broken = true
			return
		}
		s.Strings = make([]string, rows)
		for i := range s.Strings {
			k := r.uvarint()
			if r.broken || k >= uint64(len(levels)) {
				r.broken = true
				return
			}
			s.Strings[i] = levels[k]
		}
	default:
		r.broken = true
	}
}

func (r *reader) strings(n int) []string {
	if n > len(r.p) {
		r.broken = true
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = string(r.bytes(r.count(1)))
	}
	return out
}

// Table returns the columns of a version.
func (v *Version) Table() (*Table, error) {
	if v.Kind != KindTable {
		return nil, fmt.Errorf("%s is of kind %s, not table", v.Ref(), v.Kind)
	}
	p, err := v.blobs.Read(v.Manifest.Table, maxIndex)
	if err != nil {
		return nil, fmt.Errorf("read the table of %s: %w", v.Ref(), err)
	}
	series := make([]*Series, len(v.Columns))
	for i := range series {
		series[i] = &Series{Column: v.Columns[i]}
	}
	t := &Table{}
	if t.Rows, err = decodeColumns(p, series); err == nil && t.Rows != v.Count {
		err = errBrokenColumns
	}
	if err != nil {
		return nil, fmt.Errorf("read the table of %s: %w", v.Ref(), err)
	}
	for _, s := range series {
		if s.Role == RoleFeature {
			t.Columns = append(t.Columns, s)
		} else {
			t.Others = append(t.Others, s)
		}
	}
	return t, nil
}
