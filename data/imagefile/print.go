package imagefile

import "math/bits"

// side is the edge of the grey thumbnail in a Print.
const side = 8

// Print is a perceptual fingerprint: near-equal images have near-equal prints.
type Print struct {
	Bits  uint64            // difference hash: one bit for each pair of neighbours
	Thumb [side * side]byte // the image in 8×8 grey
}

// flat is the difference of grey values that still counts as equal, so that noise
// in flat areas does not turn bits.
const flat = 3

// PrintOf averages the image down to 8×8 and 9×8 grey pixels.
// Source: N. Krawetz, "Kind of Like That" (dHash), 2013.
func PrintOf(m *Image) Print {
	var p Print
	grey := m.To(1)
	shrink(grey, side, side, p.Thumb[:])
	var wide [(side + 1) * side]byte
	shrink(grey, side+1, side, wide[:])
	for y := range side {
		for x := range side {
			if int(wide[y*(side+1)+x]) > int(wide[y*(side+1)+x+1])+flat {
				p.Bits |= 1 << (y*side + x)
			}
		}
	}
	return p
}

// shrink averages over boxes; an image smaller than the target repeats pixels.
func shrink(m *Image, w, h int, out []byte) {
	for y := range h {
		y0 := y * m.Height / h
		y1 := max((y+1)*m.Height/h, y0+1)
		for x := range w {
			x0 := x * m.Width / w
			x1 := max((x+1)*m.Width/w, x0+1)
			sum := 0
			for yy := y0; yy < y1; yy++ {
				for _, v := range m.Pix[yy*m.Width+x0 : yy*m.Width+x1] {
					sum += int(v)
				}
			}
			n := (y1 - y0) * (x1 - x0)
			out[y*w+x] = byte((sum + n/2) / n)
		}
	}
}

// Near reports whether two prints are of near-equal images: their hashes differ
// in at most 3 bits and their thumbnails by at most 2 of 255 in the mean and 12
// anywhere.
func (p *Print) Near(q *Print) bool {
	if bits.OnesCount64(p.Bits^q.Bits) > 3 {
		return false
	}
	sum := 0
	for i := range p.Thumb {
		d := int(p.Thumb[i]) - int(q.Thumb[i])
		if d < 0 {
			d = -d
		}
		if d > 12 {
			return false
		}
		sum += d
	}
	return sum <= 2*len(p.Thumb)
}
