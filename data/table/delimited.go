package table

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/internal/fault"
)

// maxRagged is the share of rows with a wrong number of fields that is skipped;
// above it the file is refused.
const maxRagged = 0.1

// maxRetries bounds the records that are read again because of a stray quote.
const maxRetries = 1000

// sniffed is what the beginning of delimited text tells.
type sniffed struct {
	delim  byte
	fields int // of most records
}

var delimiters = []byte{'\t', ';', '|', ',', ' '}

var formats = map[byte]string{',': "CSV", '\t': "TSV", ';': "semicolon-separated", '|': "bar-separated", ' ': "blank-separated"}

// readDelimited reads CSV and its kin.
func readDelimited(text, name string, o Options, limits Limits) (*Frame, error) {
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	kind, err := sniff(text, name, o.Single, limits)
	if err != nil {
		return nil, err
	}
	d := &delimited{name: name, width: kind.fields, limits: limits,
		scanner: scanner{s: text, delim: kind.delim, line: 1}, columns: make([][]string, kind.fields)}
	if err := d.readAll(); err != nil {
		return nil, err
	}
	f := &Frame{Format: formats[kind.delim], Columns: d.columns}
	d.nameColumns(f, o.Expect)
	d.notes(f)
	return f, nil
}

// delimited gathers the rows of one file.
type delimited struct {
	scanner
	name    string
	width   int
	limits  Limits
	columns [][]string
	first   []string // the first record when its width is another one

	records int // all records but the first when it is set aside
	ragged  int
	lines   []string // of the first ragged rows, described
	retries int
}

func (d *delimited) readAll() error {
	row := make([]string, 0, d.width)
	for n := 0; ; n++ {
		before := d.scanner
		var ok bool
		if row, ok = d.next(row[:0]); !ok {
			break
		}
		start := d.line
		if (len(row) != d.width || d.odd) && d.scanner.lines > 1 {
			row = d.retry(before, row)
		}
		if d.retries > maxRetries {
			return fault.Errorf(fault.Invalid, "The quotes in %s are wrong on more than %d lines, the first of them line %d; write \"\" for a quote within quotes.", d.name, maxRetries, d.badLines[0])
		}
		if n == 0 && len(row) != d.width && looksLikeCounts(row) {
			d.first = append([]string(nil), row...)
			continue
		}
		d.records++
		if row, ok = fit(row, d.width); !ok {
			if d.ragged++; len(d.lines) < 10 {
				d.lines = append(d.lines, fmt.Sprintf("line %d: %d fields", start, len(row)))
			}
			continue
		}
		if len(d.columns[0]) >= d.limits.Cells/d.width {
			return tooManyCells(d.name, d.limits.Cells)
		}
		for j, cell := range row {
			d.columns[j] = append(d.columns[j], cell)
		}
	}
	if float64(d.ragged) > maxRagged*float64(d.records) && d.ragged > 1 || d.ragged == d.records && d.records > 0 {
		return fault.Errorf(fault.Invalid, "%d of the %d rows of %s do not have %d fields like the rest (%s); check its delimiter and its quotes.",
			d.ragged, d.records, d.name, d.width, d.lines[0])
	}
	return nil
}

// retry reads a record of several lines and a wrong width again, with its first
// line's quotes taken literally; it keeps what fits.
func (d *delimited) retry(before scanner, row []string) []string {
	after := d.scanner
	start := before.line + before.lines
	end := after.pos
	for pos, line := before.pos, 0; line == 0 && pos < len(before.s); {
		end = before.lineEnd(pos)
		if strings.TrimSpace(before.s[pos:end]) != "" {
			line++
		}
		pos = end + 1
	}
	again := scanner{s: before.s[:end], delim: before.delim, pos: before.pos, line: before.line, lines: before.lines}
	short, ok := again.next(nil)
	if !ok || len(short) != d.width {
		return row
	}
	d.retries++
	d.scanner = after
	d.pos, d.line, d.scanner.lines = end+1, again.line, 1
	d.bad++
	if len(d.badLines) < 10 {
		d.badLines = append(d.badLines, start)
	}
	return short
}

// fit takes off empty fields behind the last column.
func fit(row []string, width int) ([]string, bool) {
	for len(row) > width && blank(row[len(row)-1]) {
		row = row[:len(row)-1]
	}
	return row, len(row) == width
}

func blank(cell string) bool { return strings.TrimSpace(cell) == "" }

func (d *delimited) notes(f *Frame) {
	if d.ragged > 0 {
		f.Notes = append(f.Notes, Note{Code: "ragged-rows", Count: d.ragged, Lines: d.lines,
			Message: fmt.Sprintf("%d of the %d rows of %s have another number of fields than %d and were skipped (%s).", d.ragged, d.records, d.name, d.width, d.lines[0])})
	}
	if d.bad > 0 {
		lines := make([]string, len(d.badLines))
		for i, l := range d.badLines {
			lines[i] = "line " + strconv.Itoa(l)
		}
		f.Notes = append(f.Notes, Note{Code: "wrong-quoting", Count: d.bad, Lines: lines,
			Message: fmt.Sprintf("%s has quotes in the wrong place, first on line %d; they were read as they stand.", d.name, d.badLines[0])})
	}
}

// sniffRows is how many records the delimiter and the header are guessed from.
const sniffRows = 200

// sniffBytes is how much text they are guessed from at most.
const sniffBytes = 1 << 20

// sniff finds the delimiter that gives most records the same number of fields.
func sniff(text, name string, single bool, limits Limits) (sniffed, error) {
	head := text
	if len(head) > sniffBytes {
		head = head[:sniffBytes]
		if i := strings.LastIndexByte(head, '\n'); i > 0 {
			head = head[:i]
		} else if i := strings.IndexByte(text, '\n'); i > 0 {
			head = text[:i] // one very long line
		}
	}
	best, bestScore := sniffed{}, 0.0
	for _, delim := range delimiters {
		width, share := consistency(head, delim)
		if width > limits.Columns && delim != ' ' {
			return best, tooManyColumns(name, width, limits.Columns)
		}
		if width < 2 {
			continue
		}
		score := share
		if delim == ' ' {
			score *= 0.8 // sentences have blanks too
		}
		if score > bestScore+0.05 {
			best, bestScore = sniffed{delim, width}, score
		}
	}
	if bestScore >= 0.6 || bestScore > 0 && best.delim != ' ' {
		return best, nil
	}
	if width, _ := consistency(head, ','); width == 0 {
		return best, fault.Errorf(fault.Invalid, "%s is empty.", name)
	}
	if single {
		return sniffed{',', 1}, nil
	}
	return best, fault.Errorf(fault.Invalid, "%s has no columns: no comma, tab, semicolon or bar parts its lines alike; a table needs a target and at least one more column.", name)
}

// consistency returns the most common number of fields, one or more, and the
// share of the first records that have it. Empty fields that a delimiter at the
// end of every line makes do not count.
func consistency(head string, delim byte) (width int, share float64) {
	c := scanner{s: head, delim: delim, line: 1}
	counts, blanks := map[int]int{}, map[int]int{}
	n := 0
	var row []string
	for n < sniffRows {
		var ok bool
		if row, ok = c.next(row[:0]); !ok {
			break
		}
		n++
		counts[len(row)]++
		if blank(row[len(row)-1]) {
			blanks[len(row)]++
		}
	}
	for w, k := range counts {
		if k > counts[width] || k == counts[width] && w > width {
			width = w
		}
	}
	fits := counts[width]
	for width > 2 && blanks[width] == counts[width] {
		width--
		fits += counts[width]
	}
	return width, float64(fits) / float64(max(n, 1))
}
