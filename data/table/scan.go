package table

import (
	"strings"
)

// scanner cuts delimited text into records. It forgives what people get wrong:
// a quote within an unquoted field is a character like any other, and a quote
// that opens a field but is never closed is too. Blanks around fields stay.
type scanner struct {
	s     string
	delim byte // ' ' means any run of blanks
	pos   int
	line  int // of the record that comes next, from 1
	lines int // lines in the record returned last

	odd      bool // the record returned last has a quote within a field of several lines
	bad      int  // quotes taken literally
	badLines []int
	unclosed int // no closing quote lies before here
}

// maxQuoted is the most bytes of one quoted field.
const maxQuoted = 1 << 20

// next appends the fields of the next record that is not blank to fields; it
// reports false at the end.
func (c *scanner) next(fields []string) ([]string, bool) {
	c.line += c.lines
	c.lines, c.odd = 0, false
	for c.pos < len(c.s) {
		start := c.pos
		end := c.lineEnd(start)
		if strings.TrimSpace(c.s[start:end]) != "" {
			return c.record(fields), true
		}
		c.pos = end + 1
		c.line++
	}
	c.pos = len(c.s)
	return fields, false
}

func (c *scanner) lineEnd(from int) int {
	if i := strings.IndexByte(c.s[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(c.s)
}

// record reads one record; pos is then behind its line's end.
func (c *scanner) record(fields []string) []string {
	c.lines = 1
	for {
		if c.delim == ' ' {
			c.blanks()
			if rest := c.s[c.pos:min(c.pos+2, len(c.s))]; rest == "" || rest[0] == '\n' || rest == "\r" || rest == "\r\n" {
				c.endLine()
				return fields
			}
		}
		field, last := c.field()
		fields = append(fields, field)
		if last {
			return fields
		}
	}
}

func (c *scanner) blanks() {
	for c.pos < len(c.s) && (c.s[c.pos] == ' ' || c.s[c.pos] == '\t') {
		c.pos++
	}
}

func (c *scanner) endLine() {
	c.pos = c.lineEnd(c.pos) + 1
}

// field reads one field and what ends it; last is true at the end of the line.
func (c *scanner) field() (field string, last bool) {
	start := c.pos
	at := start
	for at < len(c.s) && c.s[at] == ' ' {
		at++
	}
	if at < len(c.s) && c.s[at] == '"' {
		if field, end, ok := c.quoted(at + 1); ok {
			return field, c.behind(end)
		}
		c.literal()
	}
	end := start
	for end < len(c.s) && c.s[end] != '\n' && !c.isDelim(c.s[end]) {
		end++
	}
	field = c.s[start:end]
	if end == len(c.s) || c.s[end] == '\n' {
		field = strings.TrimSuffix(field, "\r")
	}
	return field, c.behind(end)
}

func (c *scanner) literal() {
	c.bad++
	if n := len(c.badLines); n < 10 && (n == 0 || c.badLines[n-1] != c.line) {
		c.badLines = append(c.badLines, c.line)
	}
}

func (c *scanner) isDelim(b byte) bool {
	return b == c.delim || c.delim == ' ' && b == '\t'
}

// behind steps over what ends a field.
func (c *scanner) behind(end int) (last bool) {
	c.pos = end + 1
	return end >= len(c.s) || c.s[end] == '\n'
}

// quoted reads a field from behind its opening quote to its closing one, which
// has a delimiter or the line's end behind it. end is where that is.
func (c *scanner) quoted(from int) (field string, end int, ok bool) {
	if from < c.unclosed {
		return "", 0, false
	}
	doubled, lines, inner := false, 0, 0
	limit := min(len(c.s), from+maxQuoted)
	for i := from; i < limit; i++ {
		switch c.s[i] {
		case '\n':
			lines++
		case '"':
			if i+1 < len(c.s) && c.s[i+1] == '"' {
				doubled = true
				i++
				continue
			}
			if end, ok := c.closes(i + 1); ok {
				field = c.s[from:i]
				if doubled {
					field = strings.ReplaceAll(field, `""`, `"`)
				}
				c.lines += lines
				c.odd = c.odd || lines > 0 && inner > 0
				if inner > 0 {
					c.literal()
				}
				return field, end, true
			}
			inner++
		}
	}
	c.unclosed = limit
	return "", 0, false
}

// closes reports whether the field ends at i but for blanks, and where.
func (c *scanner) closes(i int) (end int, ok bool) {
	for i < len(c.s) && (c.s[i] == ' ' && c.delim != ' ' || c.s[i] == '\r') {
		i++
	}
	if i >= len(c.s) || c.s[i] == '\n' || c.isDelim(c.s[i]) {
		return i, true
	}
	return 0, false
}
