// Package cell reads the cells of tables: numbers, dates and missing markers.
// Training and serving read cells by these very same rules.
package cell

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Missing reports whether a cell holds no value: nothing but blanks, or one of
// the markers ? - -- . NA N/A #N/A <NA> NaN nil null None, in any case.
func Missing(s string) bool {
	s = strings.TrimSpace(s)
	switch len(s) {
	case 0:
		return true
	case 1:
		return s == "?" || s == "-" || s == "."
	case 2:
		return s == "--" || strings.EqualFold(s, "na")
	case 3:
		return strings.EqualFold(s, "n/a") || strings.EqualFold(s, "nan") || strings.EqualFold(s, "nil")
	case 4:
		return strings.EqualFold(s, "null") || strings.EqualFold(s, "none") ||
			strings.EqualFold(s, "#n/a") || strings.EqualFold(s, "<na>")
	}
	return false
}

// ParseNumber reads a number, rounded to float32. It takes 12, -1.5e3, 1,234.5,
// 1.234,5 (with both marks, the last is the decimal one), 0,5, 1 234, 12 %,
// $5, 5 €, and (5) for -5. A percent sign does not change the value. A missing
// marker, an infinity and what float32 cannot hold are missing: NaN and true.
func ParseNumber(s string) (v float32, missing bool, err error) {
	nan := float32(math.NaN())
	s = strings.TrimSpace(s)
	if Missing(s) || infinite(s) {
		return nan, true, nil
	}
	plain := s
	if !isPlain(s) || strings.Count(s, ".") > 1 {
		ok := !hasWord(s)
		if ok {
			plain, ok = undecorate(s)
		}
		if !ok {
			return nan, false, notNumber(s)
		}
	}
	f, err := strconv.ParseFloat(plain, 32)
	if math.IsInf(f, 0) {
		return nan, true, nil
	}
	if err != nil {
		return nan, false, notNumber(s)
	}
	return float32(f), false, nil
}

// notNumber is the error of a cell that is no number. It is made for every word of
// a table, so it is worded only when asked.
type notNumber string

func (s notNumber) Error() string { return fmt.Sprintf("%q is not a number", shorten(string(s))) }

// hasWord reports whether s has an ASCII letter that no number has, or too many.
func hasWord(s string) bool {
	letters := 0
	for i := range len(s) {
		if c := s[i] | 0x20; c >= 'a' && c <= 'z' {
			if letters++; c != 'e' || letters > 1 {
				return true
			}
		}
	}
	return false
}

func infinite(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity") || s == "∞"
}

// isPlain reports whether s has only the characters of a decimal literal, so
// that strconv's hexadecimal floats and words stay out.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return true
}

// undecorate turns a number with currency, percent and thousands marks into a
// decimal literal.
func undecorate(s string) (string, bool) {
	neg := false
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		neg, s = true, s[1:len(s)-1]
	}
	s = strings.TrimFunc(s, isDecoration)
	switch {
	case strings.HasPrefix(s, "-"), strings.HasPrefix(s, "−"):
		neg = !neg
		s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "−")
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	s = strings.TrimFunc(s, isDecoration)
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i > 0 {
		mantissa, exponent = s[:i], s[i:]
	}
	mantissa, ok := ungroup(mantissa)
	if !ok || !isPlain(exponent) {
		return "", false
	}
	if neg {
		mantissa = "-" + mantissa
	}
	return mantissa + exponent, true
}

func isDecoration(r rune) bool {
	return r == '%' || r == '$' || unicode.Is(unicode.Sc, r) || unicode.IsSpace(r)
}

// ungroup takes thousands marks out and makes the decimal mark a dot.
func ungroup(s string) (string, bool) {
	comma, dot := strings.LastIndexByte(s, ','), strings.LastIndexByte(s, '.')
	decimal := byte('.')
	switch {
	case comma >= 0 && dot >= 0 && comma > dot:
		decimal = ','
	case comma >= 0 && dot < 0 && !grouped(s, ","):
		decimal = ','
	case comma < 0 && strings.Count(s, ".") > 1:
		decimal = ',' // 1.234.567
	}
	whole, fraction, has := strings.Cut(s, string(decimal))
	if !digits(fraction) || (has && fraction == "" && whole == "") {
		return "", false
	}
	for _, mark := range []string{",", ".", " ", "\u00a0", "\u202f", "'", "’"} {
		if mark != string(decimal) && grouped(whole, mark) {
			whole = strings.ReplaceAll(whole, mark, "")
			break
		}
	}
	if !digits(whole) {
		return "", false
	}
	if has {
		return whole + "." + fraction, true
	}
	return whole, true
}

// grouped reports whether s is digits in groups of three behind a first group
// of one to three, with mark between.
func grouped(s, mark string) bool {
	groups := strings.Split(s, mark)
	if len(groups) < 2 || len(groups[0]) < 1 || len(groups[0]) > 3 || !digits(groups[0]) {
		return false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 || !digits(g) {
			return false
		}
	}
	return true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func shorten(s string) string {
	const limit = 40
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
