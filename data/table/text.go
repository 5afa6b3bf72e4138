package table

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// UTF8 decodes text: UTF-8 with or without a byte order mark, UTF-16 with one,
// else Windows-1252, which holds all of Latin-1's characters. It also names what
// the text was written in.
func UTF8(p []byte) (text, encoding string) {
	switch {
	case bytes.HasPrefix(p, []byte{0xef, 0xbb, 0xbf}):
		p = p[3:]
	case bytes.HasPrefix(p, []byte{0xff, 0xfe}), bytes.HasPrefix(p, []byte{0xfe, 0xff}):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(p)
		if err == nil {
			return string(out), "UTF-16"
		}
	}
	if utf8.Valid(p) {
		return string(p), "UTF-8"
	}
	if nearlyUTF8(p) {
		return string(bytes.ToValidUTF8(p, []byte("\ufffd"))), "UTF-8 with broken bytes"
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(p)
	if err != nil {
		return string(bytes.ToValidUTF8(p, []byte("\ufffd"))), "unknown"
	}
	return string(out), "Latin-1"
}

// nearlyUTF8 reports whether the multi-byte characters are nearly all valid, as in
// a file that was cut or patched.
func nearlyUTF8(p []byte) bool {
	good, bad := 0, 0
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		p = p[n:]
	}
	return good > 20*bad
}
