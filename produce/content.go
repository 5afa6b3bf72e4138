package produce

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/produce/result"
)

// Bounds of how a sample is shown.
const (
	thumbSide = 96   // pixels
	textShown = 1200 // bytes
	cellShown = 60   // bytes
	cellCount = 12
)

// content shows sample i to people; what cannot be read is left empty.
func (r *reader) content(i int) result.Content {
	switch {
	case r.images != nil:
		m, err := r.images.Decode(i)
		if err != nil {
			return result.Content{}
		}
		return result.Content{Image: thumbnail(m)}
	case r.table != nil:
		var row []result.Cell
		for _, c := range r.table.Columns[:min(cellCount, len(r.table.Columns))] {
			row = append(row, result.Cell{Column: c.Name, Value: excerpt(cellText(c, i), cellShown)})
		}
		return result.Content{Row: row}
	}
	return result.Content{Text: excerpt(r.texts[i], textShown)}
}

// thumbnail writes an image as a PNG of at most thumbSide pixels a side. Each
// pixel of a smaller picture is the mean of the box that it stands for.
func thumbnail(m *data.Image) []byte {
	w, h := m.Width, m.Height
	if side := max(w, h); side > thumbSide {
		w, h = max(1, w*thumbSide/side), max(1, h*thumbSide/side)
	}
	var out image.Image
	if m.Channels == 1 {
		g := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				g.SetGray(x, y, color.Gray{Y: boxMean(m, x, y, w, h, 0)})
			}
		}
		out = g
	} else {
		c := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				c.SetNRGBA(x, y, color.NRGBA{boxMean(m, x, y, w, h, 0), boxMean(m, x, y, w, h, 1), boxMean(m, x, y, w, h, 2), 255})
			}
		}
		out = c
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, out); err != nil {
		return nil
	}
	return buf.Bytes()
}

// boxMean is the mean of channel c over the pixels of m that pixel (x, y) of a
// w×h picture covers.
func boxMean(m *data.Image, x, y, w, h, c int) uint8 {
	x0, x1 := x*m.Width/w, max(x*m.Width/w+1, (x+1)*m.Width/w)
	y0, y1 := y*m.Height/h, max(y*m.Height/h+1, (y+1)*m.Height/h)
	sum := 0
	for v := y0; v < y1; v++ {
		for u := x0; u < x1; u++ {
			sum += int(m.Pix[(v*m.Width+u)*m.Channels+c])
		}
	}
	return uint8(sum / ((x1 - x0) * (y1 - y0)))
}
