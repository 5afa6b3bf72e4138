package imagefile

import (
	"errors"
	"fmt"
	"math"
)

// header is what stands before the pixels of a netpbm file.
type header struct {
	kind          byte // '1' to '6'
	width, height int
	maximum       int
	size          int // bytes of the header
}

func (h header) channels() int {
	if h.kind == '3' || h.kind == '6' {
		return 3
	}
	return 1
}

var errShort = errors.New("the file ends too early")

// isNetpbm reports whether a file begins like PBM, PGM or PPM.
func isNetpbm(p []byte) bool {
	return len(p) >= 3 && p[0] == 'P' && p[1] >= '1' && p[1] <= '6' && isBlank(p[2])
}

// parseNetpbm reads the header of a PBM, PGM or PPM file.
// Source: https://netpbm.sourceforge.net/doc/pgm.html
func parseNetpbm(p []byte) (header, error) {
	if !isNetpbm(p) {
		return header{}, errors.New("not a PBM, PGM or PPM file")
	}
	h := header{kind: p[1], maximum: 1}
	at := 2
	fields := []*int{&h.width, &h.height, &h.maximum}
	if h.kind == '1' || h.kind == '4' {
		fields = fields[:2]
	}
	for _, f := range fields {
		var err error
		if *f, at, err = nextInt(p, at); err != nil {
			return header{}, fmt.Errorf("read the image's header: %w", err)
		}
	}
	if h.maximum < 1 || h.maximum > math.MaxUint16 {
		return header{}, fmt.Errorf("the header's largest value is %d, not 1 to 65535", h.maximum)
	}
	if at >= len(p) || !isBlank(p[at]) {
		return header{}, errShort
	}
	h.size = at + 1 // exactly one blank
	return h, nil
}

// nextInt reads a decimal number behind blanks and comments.
func nextInt(p []byte, at int) (n, next int, err error) {
	for at < len(p) && (isBlank(p[at]) || p[at] == '#') {
		if p[at] == '#' {
			for at < len(p) && p[at] != '\n' && p[at] != '\r' {
				at++
			}
			continue
		}
		at++
	}
	start := at
	for at < len(p) && p[at] >= '0' && p[at] <= '9' {
		if n = n*10 + int(p[at]-'0'); n > math.MaxInt32 {
			return 0, at, errors.New("a number is too large")
		}
		at++
	}
	if at == start {
		if at == len(p) {
			return 0, at, errShort
		}
		return 0, at, fmt.Errorf("found %q in place of a number", p[at])
	}
	return n, at, nil
}

// decodeNetpbm decodes a whole PBM, PGM or PPM file, plain or raw.
func decodeNetpbm(p []byte, limits Limits) (*Image, error) {
	h, err := parseNetpbm(p)
	if err != nil {
		return nil, err
	}
	if err := limits.checkSize(h.width, h.height); err != nil {
		return nil, err
	}
	n := h.width * h.height * h.channels()
	// Every plain sample takes a byte at least: a short file cannot ask for much.
	if h.kind <= '3' && len(p)-h.size < n {
		return nil, errShort
	}
	m := &Image{Width: h.width, Height: h.height, Channels: h.channels(), Pix: nil}
	switch h.kind {
	case '1', '2', '3':
		m.Pix, err = plainSamples(p, h, n)
	case '4':
		m.Pix, err = bitSamples(p[h.size:], h)
	default:
		m.Pix, err = rawSamples(p[h.size:], h, n)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// plainSamples reads decimal samples; PBM's need no blanks between.
func plainSamples(p []byte, h header, n int) ([]uint8, error) {
	pix, at := make([]uint8, n), h.size
	for i := range pix {
		var v int
		var err error
		if h.kind == '1' {
			for at < len(p) && isBlank(p[at]) {
				at++
			}
			if at == len(p) {
				return nil, errShort
			}
			v = 1 - int(p[at]&1) // 1 is black
			at++
		} else if v, at, err = nextInt(p, at); err != nil {
			return nil, err
		}
		pix[i] = scale(v, h.maximum)
	}
	return pix, nil
}

// bitSamples reads raw PBM: rows of bits, padded to bytes, 1 is black.
func bitSamples(p []byte, h header) ([]uint8, error) {
	stride := (h.width + 7) / 8
	if len(p) < stride*h.height {
		return nil, errShort
	}
	pix := make([]uint8, 0, h.width*h.height)
	for y := range h.height {
		for x := range h.width {
			bit := p[y*stride+x/8] >> (7 - x%8) & 1
			pix = append(pix, 255*(1-bit))
		}
	}
	return pix, nil
}

// rawSamples reads binary samples, of two bytes when the maximum needs them.
func rawSamples(p []byte, h header, n int) ([]uint8, error) {
	width := 1
	if h.maximum > 255 {
		width = 2
	}
	if len(p) < n*width {
		return nil, errShort
	}
	pix := make([]uint8, n)
	if width == 1 && h.maximum == 255 {
		copy(pix, p)
		return pix, nil
	}
	for i := range pix {
		v := int(p[i*width])
		if width == 2 {
			v = v<<8 | int(p[2*i+1])
		}
		pix[i] = scale(v, h.maximum)
	}
	return pix, nil
}

// scale maps 0..maximum to 0..255; larger values are cut.
func scale(v, maximum int) uint8 {
	return uint8((min(v, maximum)*255 + maximum/2) / maximum)
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'
}
