package cell

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// DatePartNames names the numbers that DateParts gives, in order: days since
// 1970 with the time of day as fraction, year, month 1 to 12, day of the month,
// weekday (Sunday is 0) and hour with minutes as fraction.
var DatePartNames = []string{"days", "year", "month", "day", "weekday", "hour"}

// DateParts returns the parts of a date in the order of DatePartNames. They are
// all NaN when the cell is missing or no date.
func DateParts(s string) []float32 {
	t, missing, err := ParseDate(s)
	if missing || err != nil {
		nan := float32(math.NaN())
		return []float32{nan, nan, nan, nan, nan, nan}
	}
	hour := float32(t.Hour()) + float32(t.Minute())/60 + float32(t.Second())/3600
	return []float32{
		float32(float64(t.Unix()) / 86400),
		float32(t.Year()), float32(t.Month()), float32(t.Day()), float32(t.Weekday()), hour,
	}
}

// ParseDate reads a date with an optional time of day: 2024-03-01, 2024/3/1,
// 2024-03, 3/1/2024 (month first, unless it is above 12), 1.3.2024 (day first),
// 1-Mar-2024, Mar 1 2024, 1 March 2024, Fri, 01 Mar 2024 12:30:00 +0100, and
// 2024-03-01T12:30:00Z. The time is kept as it is written, whatever its zone.
func ParseDate(s string) (t time.Time, missing bool, err error) {
	s = strings.TrimSpace(s)
	if Missing(s) {
		return time.Time{}, true, nil
	}
	if len(s) <= maxDate {
		if t, ok := parseDate(s); ok {
			return t, false, nil
		}
	}
	return time.Time{}, false, fmt.Errorf("%q is not a date", shorten(s))
}

const maxDate = 64 // bytes of the longest date we read

func parseDate(s string) (time.Time, bool) {
	p := scanner{s}
	if w := p.word(); w != "" {
		if !isWeekday(w) {
			p.rest = s
		} else {
			p.skip(" ,")
		}
	}
	year, month, day, ok := p.date()
	if !ok || month < 1 || month > 12 || day < 1 || day > 31 || year < 1 || year > 9999 {
		return time.Time{}, false
	}
	hour, minute, sec, ok := p.clock()
	if !ok {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, sec, 0, time.UTC)
	if t.Day() != day { // 31 April
		return time.Time{}, false
	}
	return t, true
}

// scanner reads a date from the front of rest.
type scanner struct{ rest string }

func (p *scanner) run(in func(byte) bool) string {
	i := 0
	for i < len(p.rest) && in(p.rest[i]) {
		i++
	}
	got := p.rest[:i]
	p.rest = p.rest[i:]
	return got
}

func (p *scanner) word() string   { return p.run(isLetter) }
func (p *scanner) number() string { return p.run(isDigit) }

func (p *scanner) skip(set string) string {
	return p.run(func(c byte) bool { return strings.IndexByte(set, c) >= 0 })
}

// date reads the date before the time of day.
func (p *scanner) date() (year, month, day int, ok bool) {
	if w := p.word(); w != "" { // Mar 1, 2024 or Mar 2024
		month = monthOf(w)
		p.skip(" .,-")
		first := p.number()
		p.ordinal()
		if len(first) == 4 {
			return atoi(first), month, 1, true
		}
		if p.skip(" ,-") == "" {
			return 0, 0, 0, false
		}
		year, ok = yearOf(p.number())
		return year, month, atoi(first), ok
	}
	first := p.number()
	p.ordinal()
	sep := p.skip(" -/.,")
	if w := p.word(); w != "" { // 1-Mar-2024 or 2024-Mar-1
		month = monthOf(w)
		if p.skip(" -/.,") == "" {
			return 0, 0, 0, false
		}
		last := p.number()
		if len(first) == 4 {
			return atoi(first), month, atoi(last), last != ""
		}
		year, ok = yearOf(last)
		return year, month, atoi(first), ok
	}
	return p.numeric(first, sep)
}

// numeric reads a date of numbers alone; its first number and the separator
// behind it have been read.
func (p *scanner) numeric(first, sep string) (year, month, day int, ok bool) {
	if len(sep) != 1 || !strings.Contains("-/.", sep) {
		return 0, 0, 0, false
	}
	second := p.number()
	if second == "" || len(second) > 2 {
		return 0, 0, 0, false
	}
	if len(first) == 4 && (p.rest == "" || p.rest[0] != sep[0]) { // 2024-03, but not 1234.5
		return atoi(first), atoi(second), 1, sep != "." && len(second) == 2
	}
	if p.skip(sep) != sep {
		return 0, 0, 0, false
	}
	third := p.number()
	if len(first) == 4 {
		return atoi(first), atoi(second), atoi(third), third != "" && len(third) <= 2
	}
	if len(first) == 0 || len(first) > 2 {
		return 0, 0, 0, false
	}
	year, ok = yearOf(third)
	month, day = atoi(first), atoi(second)
	if sep == "." || month > 12 {
		month, day = day, month
	}
	return year, month, day, ok
}

// clock reads an optional time of day up to the end.
func (p *scanner) clock() (hour, minute, sec int, ok bool) {
	p.skip(" ,")
	p.rest = strings.TrimPrefix(strings.TrimPrefix(p.rest, "T"), "t")
	if p.rest == "" {
		return 0, 0, 0, true
	}
	h := p.number()
	if h == "" || len(h) > 2 || p.skip(":") != ":" {
		return 0, 0, 0, false
	}
	m := p.number()
	hour, minute = atoi(h), atoi(m)
	if strings.HasPrefix(p.rest, ":") {
		p.rest = p.rest[1:]
		sec = atoi(p.number())
		if p.skip(".,") != "" {
			p.number()
		}
	}
	p.skip(" ")
	if half := p.word(); strings.EqualFold(half, "pm") && hour < 12 {
		hour += 12
	} else if strings.EqualFold(half, "am") && hour == 12 {
		hour = 0
	}
	p.run(func(c byte) bool { return isLetter(c) || isDigit(c) || strings.IndexByte(" +-:()", c) >= 0 }) // zone
	return hour, minute, sec, m != "" && p.rest == "" && hour < 24 && minute < 60 && sec <= 60
}

// ordinal skips the letters of 1st, 2nd, 3rd, 4th.
func (p *scanner) ordinal() {
	for _, o := range []string{"st", "nd", "rd", "th"} {
		if strings.HasPrefix(p.rest, o) && (len(p.rest) == 2 || !isLetter(p.rest[2])) {
			p.rest = p.rest[2:]
			return
		}
	}
}

var months = []string{"january", "february", "march", "april", "may", "june", "july",
	"august", "september", "october", "november", "december"}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// monthOf returns 1 to 12 for a name of at least three letters, else 0.
func monthOf(w string) int { return prefixIn(months, w) + 1 }

func isWeekday(w string) bool { return prefixIn(weekdays, w) >= 0 }

func prefixIn(names []string, w string) int {
	w = strings.ToLower(w)
	for i, name := range names {
		if len(w) >= 3 && strings.HasPrefix(name, w) || w == "sept" && i == 8 && len(names) == 12 {
			return i
		}
	}
	return -1
}

// yearOf reads a year of four digits, or of two: 69 to 99 are 1969 to 1999.
func yearOf(s string) (int, bool) {
	n := atoi(s)
	switch {
	case len(s) == 4:
		return n, true
	case len(s) == 2 && n < 69:
		return 2000 + n, true
	case len(s) == 2:
		return 1900 + n, true
	}
	return 0, false
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n > 1<<20 {
		return -1
	}
	return n
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
