// Package imagefile decodes the image files that users bring into plain 8-bit
// pixels, under limits that are checked before any pixel is decoded.
package imagefile

import (
	"fmt"
)

// Image is decoded pixels.
type Image struct {
	Width, Height int
	Channels      int     // 1 grey, 3 red, green, blue
	Pix           []uint8 // [Height, Width, Channels], row after row
}

// Limits bounds what is decoded. The zero value means the defaults.
type Limits struct {
	Pixels int   // most width·height of one image; 0 means 64 Mi
	Bytes  int64 // most bytes of one file; 0 means 256 MiB
}

func (l Limits) withDefaults() Limits {
	if l.Pixels <= 0 {
		l.Pixels = 64 << 20
	}
	if l.Bytes <= 0 {
		l.Bytes = 256 << 20
	}
	return l
}

// checkSize refuses images that are empty or above the limit.
func (l Limits) checkSize(width, height int) error {
	if width <= 0 || height <= 0 {
		return fmt.Errorf("the image has no pixels (%dx%d)", width, height)
	}
	if width > l.Pixels/height {
		return fmt.Errorf("the image is %dx%d, above the limit of %d pixels", width, height, l.Pixels)
	}
	return nil
}

// Grey reports whether red, green and blue are equal everywhere.
func (m *Image) Grey() bool {
	if m.Channels == 1 {
		return true
	}
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		if p[0] != p[1] || p[0] != p[2] {
			return false
		}
	}
	return true
}

// To returns the image with 1 or 3 channels, itself when it has them already.
// Grey is 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), rounded.
func (m *Image) To(channels int) *Image {
	if m.Channels == channels {
		return m
	}
	n := m.Width * m.Height
	out := &Image{Width: m.Width, Height: m.Height, Channels: channels, Pix: make([]uint8, n*channels)}
	if channels == 1 {
		for i := range n {
			p := m.Pix[3*i : 3*i+3]
			out.Pix[i] = luma(p[0], p[1], p[2])
		}
		return out
	}
	for i, v := range m.Pix {
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = v, v, v
	}
	return out
}

// luma is exact for r = g = b.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}
