package imagefile

import (
	"image"
	"image/color"
	"image/draw"
)

// pixels flattens a decoded image: alpha over white, 16 bits to 8, grey models to
// one channel and all others to three.
func pixels(src image.Image) *Image {
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	switch m := src.(type) {
	case *image.Gray:
		out := &Image{Width: w, Height: h, Channels: 1, Pix: make([]uint8, w*h)}
		for y := range h {
			copy(out.Pix[y*w:(y+1)*w], m.Pix[y*m.Stride:])
		}
		return out
	case *image.Gray16:
		out := &Image{Width: w, Height: h, Channels: 1, Pix: make([]uint8, w*h)}
		for y := range h {
			for x := range w {
				out.Pix[y*w+x] = to8(m.Pix[y*m.Stride+2*x], m.Pix[y*m.Stride+2*x+1])
			}
		}
		return out
	case *image.NRGBA:
		out := &Image{Width: w, Height: h, Channels: 3, Pix: make([]uint8, 0, w*h*3)}
		for y := range h {
			row := m.Pix[y*m.Stride : y*m.Stride+4*w]
			for ; len(row) >= 4; row = row[4:] {
				a := row[3]
				out.Pix = append(out.Pix, overWhite(row[0], a), overWhite(row[1], a), overWhite(row[2], a))
			}
		}
		return out
	case *image.Paletted:
		return paletted(m)
	}
	return general(src)
}

// to8 rounds a big-endian 16-bit value to 8 bits.
func to8(hi, lo byte) uint8 {
	v := uint32(hi)<<8 | uint32(lo)
	return uint8((v*255 + 32767) / 65535)
}

func overWhite(v, a uint8) uint8 {
	return uint8((uint32(v)*uint32(a) + 255*(255-uint32(a)) + 127) / 255)
}

func paletted(m *image.Paletted) *Image {
	var lut [256][3]uint8
	grey := true
	for i, c := range m.Palette {
		if i == len(lut) {
			break
		}
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		lut[i] = [3]uint8{overWhite(n.R, n.A), overWhite(n.G, n.A), overWhite(n.B, n.A)}
		grey = grey && lut[i][0] == lut[i][1] && lut[i][0] == lut[i][2]
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := &Image{Width: w, Height: h, Channels: 3}
	if grey {
		out.Channels = 1
	}
	out.Pix = make([]uint8, 0, w*h*out.Channels)
	for y := range h {
		for _, v := range m.Pix[y*m.Stride : y*m.Stride+w] {
			out.Pix = append(out.Pix, lut[v][:out.Channels]...)
		}
	}
	return out
}

// general draws any other model (YCbCr, CMYK, premultiplied, 16-bit colour) over
// white.
func general(src image.Image) *Image {
	b := src.Bounds()
	canvas := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(canvas, canvas.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(canvas, canvas.Rect, src, b.Min, draw.Over)
	out := &Image{Width: b.Dx(), Height: b.Dy(), Channels: 3, Pix: make([]uint8, b.Dx()*b.Dy()*3)}
	for i := range b.Dx() * b.Dy() {
		copy(out.Pix[3*i:3*i+3], canvas.Pix[4*i:4*i+3])
	}
	return out
}

// Orient turns an image as EXIF's orientation tag (1 to 8) asks for display.
func (m *Image) Orient(orientation int) *Image {
	if orientation < 2 || orientation > 8 {
		return m
	}
	w, h := m.Width, m.Height
	out := &Image{Width: w, Height: h, Channels: m.Channels, Pix: make([]uint8, len(m.Pix))}
	if orientation >= 5 {
		out.Width, out.Height = h, w
	}
	for y := range out.Height {
		for x := range out.Width {
			sx, sy := source(orientation, x, y, w, h)
			to, from := (y*out.Width+x)*m.Channels, (sy*w+sx)*m.Channels
			copy(out.Pix[to:to+m.Channels], m.Pix[from:])
		}
	}
	return out
}

// source returns where pixel (x, y) of the upright image lies in the stored one,
// which is w wide and h high.
func source(orientation, x, y, w, h int) (sx, sy int) {
	switch orientation {
	case 2: // mirrored
		return w - 1 - x, y
	case 3: // turned by 180°
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5: // transposed
		return y, x
	case 6: // to be turned clockwise
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8: // to be turned anticlockwise
		return w - 1 - y, x
	}
	return x, y
}
