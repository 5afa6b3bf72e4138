package table

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go"
)

// The library believes the lengths and counts that a Parquet file states. These
// checks prove them first, so that a broken or hostile file neither takes all
// memory nor keeps it busy for ever.

// checkFooter proves the metadata at the file's end.
func checkFooter(p []byte) error {
	const tail = 8 // length and magic
	if len(p) < tail+4 || string(p[len(p)-4:]) != "PAR1" {
		return errors.New("its end is missing")
	}
	n := uint64(binary.LittleEndian.Uint32(p[len(p)-tail:]))
	if n > uint64(len(p)-tail-4) {
		return errThrift
	}
	footer := thrift{p: p[uint64(len(p)-tail)-n : len(p)-tail]}
	footer.structure([2]int16{}, 0)
	return footer.err
}

// The fields of a page's header.
var (
	pageKind     = [2]int16{1, 0}
	pageRaw      = [2]int16{2, 0} // bytes once decompressed
	pageStored   = [2]int16{3, 0} // bytes as they are
	pageValues   = [2]int16{5, 1} // of a data page
	pageDict     = [2]int16{7, 1}
	pageV2Values = [2]int16{8, 1}
	pageV2Rows   = [2]int16{8, 3}
)

// The kinds of pages.
const (
	dataPage   = 0
	indexPage  = 1
	dictPage   = 2
	dataPageV2 = 3
)

// maxPageRatio is how far a page may grow when it is decompressed, above the
// first 16 MiB.
const (
	maxPageRatio = 1000
	freePage     = 16 << 20
)

// checkPages proves the pages of a flat column's chunk: they lie in the file, do
// not grow beyond reason, and hold as many values as the row group has rows.
func checkPages(p []byte, file *parquet.File, group, column int, rows int64) error {
	groups := file.Metadata().RowGroups
	if group >= len(groups) || column >= len(groups[group].Columns) {
		return errThrift
	}
	meta := &groups[group].Columns[column].MetaData
	start := meta.DataPageOffset
	if d := meta.DictionaryPageOffset; d > 0 && d < start {
		start = d
	}
	size := meta.TotalCompressedSize
	if start < 4 || size < 0 || start > int64(len(p)) || size > int64(len(p))-start || meta.NumValues != rows {
		return errThrift
	}
	values := int64(0)
	for rest := p[start : start+size]; len(rest) > 0 && values < rows; {
		n, err := checkPage(&rest)
		if err != nil {
			return err
		}
		values += n
	}
	if values != rows {
		return fmt.Errorf("a column holds %d values for %d rows", values, rows)
	}
	return nil
}

// checkPage steps over one page and returns the values in it.
func checkPage(rest *[]byte) (values int64, err error) {
	head := thrift{p: *rest, seen: map[[2]int16]int64{}}
	head.structure([2]int16{}, 0)
	if head.err != nil {
		return 0, head.err
	}
	raw, stored := head.seen[pageRaw], head.seen[pageStored]
	if stored < 0 || stored > int64(len(head.p)) || raw < 0 || raw > freePage && raw/maxPageRatio > stored {
		return 0, errThrift
	}
	switch head.seen[pageKind] {
	case dataPage:
		values = head.seen[pageValues]
	case dataPageV2:
		if values = head.seen[pageV2Values]; values != head.seen[pageV2Rows] {
			return 0, errThrift
		}
	case dictPage:
		if d := head.seen[pageDict]; d < 0 || d > raw*8 {
			return 0, errThrift
		}
	case indexPage:
	default:
		return 0, errThrift
	}
	if kind := head.seen[pageKind]; (kind == dataPage || kind == dataPageV2) && values <= 0 {
		return 0, errors.New("it has an empty page")
	}
	*rest = head.p[stored:]
	return values, nil
}
