package main

import (
	"os"
	"strings"

	"github.com/mattn/go-isatty"
)

// style colours text for a terminal, or leaves it as it is.
type style bool

func (s style) wrap(code, text string) string {
	if !s || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(t string) string { return s.wrap("1", t) }
func (s style) dim(t string) string  { return s.wrap("2", t) }
func (s style) good(t string) string { return s.wrap("32", t) }
func (s style) bad(t string) string  { return s.wrap("31", t) }

// meter draws a share, 0 to 1, as a bar of so many cells.
func (s style) meter(share float64, width int) string {
	n := int(min(1, max(0, share))*float64(width) + 0.5)
	return s.wrap("36", strings.Repeat("━", n)) + s.dim(strings.Repeat("─", width-n))
}

// fit cuts text to at most n characters.
func fit(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	if n < 2 {
		return ""
	}
	return string(r[:n-1]) + "…"
}

// terminal returns the width of the terminal that f writes to.
func terminal(f *os.File) (width int, ok bool) {
	if !isatty.IsTerminal(f.Fd()) || os.Getenv("TERM") == "dumb" {
		return 0, false
	}
	if w := columns(f); w >= 20 {
		return w, true
	}
	return 80, true
}
