package main

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// palette are colours that differ from each other and from most photos; white
// letters can be read on all of them.
var palette = []color.RGBA{{214, 39, 40, 255}, {31, 119, 180, 255}, {44, 130, 44, 255}, {148, 70, 189, 255},
	{200, 90, 0, 255}, {23, 120, 130, 255}, {190, 60, 150, 255}, {110, 80, 60, 255}}

// drawing is a copy of a picture that is drawn on.
type drawing struct {
	*image.RGBA
	face  font.Face
	width int // of lines, in pixels
}

func newDrawing(img image.Image) (*drawing, error) {
	ttf, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	d := &drawing{RGBA: image.NewRGBA(image.Rect(0, 0, w, h)), width: max(2, min(w, h)/240)}
	if d.face, err = opentype.NewFace(ttf, &opentype.FaceOptions{Size: max(13, float64(min(w, h))/36), DPI: 72}); err != nil {
		return nil, err
	}
	draw.Copy(d, image.Point{}, img, img.Bounds(), draw.Src, nil)
	return d, nil
}

// drawn copies img with the outlines, points and labels of what was found; each
// kind has its colour. Lines and letters grow with the picture.
func drawn(img image.Image, found []Found) (*image.RGBA, error) {
	d, err := newDrawing(img)
	if err != nil {
		return nil, err
	}
	var kinds []string
	colors := make([]color.RGBA, len(found))
	for i, f := range found {
		kind := slices.Index(kinds, f.What)
		if kind < 0 {
			kind, kinds = len(kinds), append(kinds, f.What)
		}
		colors[i] = palette[kind%len(palette)]
		for j, p := range f.Corners {
			d.line(p, f.Corners[(j+1)%4], colors[i])
		}
		for _, p := range f.Points {
			d.dot(p, d.width, color.RGBA{255, 255, 255, 255})
			d.dot(p, d.width/2, colors[i])
		}
	}
	var labels []image.Rectangle
	for i, f := range found {
		labels = append(labels, d.label(f, colors[i], found, labels))
	}
	return d.RGBA, nil
}

// line draws from a to b, both included.
func (d *drawing) line(a, b Point, c color.RGBA) {
	n := max(1, int(math.Ceil(distance(a, b))))
	for i := range n + 1 {
		t := float64(i) / float64(n)
		d.dot(Point{a.X + t*(b.X-a.X), a.Y + t*(b.Y-a.Y)}, d.width/2, c)
	}
}

// dot fills a square that reaches r pixels from p.
func (d *drawing) dot(p Point, r int, c color.RGBA) {
	x, y := int(math.Round(p.X)), int(math.Round(p.Y))
	draw.Draw(d, image.Rect(x-r, y-r, x+max(r, 1), y+max(r, 1)), image.NewUniform(c), image.Point{}, draw.Src)
}

// label writes what was found and how sure that is beside its box, where that
// hides least of other labels and boxes, and returns where. Letters that the
// font lacks, such as Chinese, become empty boxes.
func (d *drawing) label(f Found, c color.RGBA, found []Found, labels []image.Rectangle) image.Rectangle {
	text := fmt.Sprintf("%s %.0f %%", f.What, 100*f.Score)
	m, box, r := d.face.Metrics(), f.bounds().pixels(), d.width/2
	w, h := font.MeasureString(d.face, text).Ceil()+6, (m.Ascent+m.Descent).Ceil()+2
	place, least := image.Rectangle{}, math.MaxInt
	for _, at := range []image.Point{{box.Min.X - r, box.Min.Y - r - h}, {box.Min.X - r, box.Max.Y + r}, {box.Max.X + r, box.Min.Y - r},
		{box.Min.X - r - w, box.Min.Y - r}, {box.Min.X - r, box.Min.Y - r}} {
		at.X, at.Y = max(0, min(at.X, d.Bounds().Dx()-w)), max(0, min(at.Y, d.Bounds().Dy()-h))
		here := image.Rectangle{at, at.Add(image.Pt(w, h))}
		hidden := 0
		for _, l := range labels {
			hidden += 4 * area(here.Intersect(l)) // a label that cannot be read is worse than a hidden object
		}
		for _, o := range found {
			hidden += area(here.Intersect(o.bounds().pixels()))
		}
		if hidden < least {
			place, least = here, hidden
		}
	}
	draw.Draw(d, place, image.NewUniform(c), image.Point{}, draw.Src)
	pen := font.Drawer{Dst: d, Src: image.White, Face: d.face, Dot: fixed.P(place.Min.X+3, place.Min.Y+1+m.Ascent.Ceil())}
	pen.DrawString(text)
	return place
}

func (r rect) pixels() image.Rectangle {
	return image.Rect(int(r.left), int(r.top), int(math.Ceil(r.right)), int(math.Ceil(r.bottom)))
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }
