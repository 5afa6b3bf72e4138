package main

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// region is a connected part of a probability map.
type region struct {
	pixels []Point
	mean   float64
}

// regions finds the parts of p [h,w] above a limit that hang together.
func regions(p []float32, w, h int, limit float32) []region {
	seen := make([]bool, len(p))
	var list []region
	for start := range p {
		if seen[start] || p[start] <= limit {
			continue
		}
		seen[start] = true
		stack, r := []int{start}, region{}
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := at%w, at/w
			r.pixels, r.mean = append(r.pixels, Point{float64(x), float64(y)}), r.mean+float64(p[at])
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					if nx, ny := x+dx, y+dy; nx >= 0 && nx < w && ny >= 0 && ny < h && !seen[ny*w+nx] && p[ny*w+nx] > limit {
						seen[ny*w+nx] = true
						stack = append(stack, ny*w+nx)
					}
				}
			}
		}
		r.mean /= float64(len(r.pixels))
		list = append(list, r)
	}
	return list
}

// hull is the convex hull of points, in order. Source: Andrew 1979, monotone chain.
func hull(points []Point) []Point {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
	half := func(points []Point) []Point {
		var chain []Point
		for _, p := range points {
			for len(chain) > 1 {
				a, b := chain[len(chain)-2], chain[len(chain)-1]
				if (b.X-a.X)*(p.Y-a.Y)-(b.Y-a.Y)*(p.X-a.X) > 0 {
					break
				}
				chain = chain[:len(chain)-1]
			}
			chain = append(chain, p)
		}
		return chain[:max(1, len(chain)-1)]
	}
	lower := half(points)
	slices.Reverse(points)
	return append(lower, half(points)...)
}

// smallestRectangle encloses a hull, one side along one of its edges; its corners
// go clockwise from the one that is upper left.
func smallestRectangle(hull []Point) [4]Point {
	best, area := [4]Point{}, math.Inf(1)
	for i, a := range hull {
		b := hull[(i+1)%len(hull)]
		length := distance(a, b)
		u := Point{1, 0}
		if length > 0 {
			u = Point{(b.X - a.X) / length, (b.Y - a.Y) / length}
		}
		r := rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
		for _, p := range hull {
			along, across := p.X*u.X+p.Y*u.Y, p.Y*u.X-p.X*u.Y
			r = rect{min(r.left, along), min(r.top, across), max(r.right, along), max(r.bottom, across)}
		}
		if s := (r.right - r.left) * (r.bottom - r.top); s < area {
			area = s
			for k, c := range corners(r.left, r.top, r.right, r.bottom) {
				best[k] = Point{c.X*u.X - c.Y*u.Y, c.X*u.Y + c.Y*u.X}
			}
		}
	}
	first := 0
	for k, p := range best {
		if p.X+p.Y < best[first].X+best[first].Y {
			first = k
		}
	}
	return [4]Point{best[first], best[(first+1)%4], best[(first+2)%4], best[(first+3)%4]}
}

func distance(a, b Point) float64 { return math.Hypot(b.X-a.X, b.Y-a.Y) }

// grown moves the sides of a rectangle outwards by d.
func grown(box [4]Point, d float64) [4]Point {
	unit := func(a, b Point) Point {
		n := max(distance(a, b), 1e-9)
		return Point{(b.X - a.X) / n * d, (b.Y - a.Y) / n * d}
	}
	u, v := unit(box[0], box[1]), unit(box[0], box[3])
	return [4]Point{{box[0].X - u.X - v.X, box[0].Y - u.Y - v.Y}, {box[1].X + u.X - v.X, box[1].Y + u.Y - v.Y},
		{box[2].X + u.X + v.X, box[2].Y + u.Y + v.Y}, {box[3].X - u.X + v.X, box[3].Y - u.Y + v.Y}}
}

// upright cuts a rectangle out of img and turns it so that it lies flat.
func upright(img image.Image, box [4]Point) *image.RGBA {
	if distance(box[0], box[3]) > 1.5*distance(box[0], box[1]) { // a line that runs downwards
		box = [4]Point{box[1], box[2], box[3], box[0]}
	}
	w, h := max(1, int(distance(box[0], box[1])+0.5)), max(1, int(distance(box[0], box[3])+0.5))
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	b := img.Bounds()
	for y := range h {
		for x := range w {
			s, t := (float64(x)+0.5)/float64(w), (float64(y)+0.5)/float64(h)
			px := box[0].X + s*(box[1].X-box[0].X) + t*(box[3].X-box[0].X)
			py := box[0].Y + s*(box[1].Y-box[0].Y) + t*(box[3].Y-box[0].Y)
			out.Set(x, y, img.At(b.Min.X+min(max(int(px), 0), b.Dx()-1), b.Min.Y+min(max(int(py), 0), b.Dy()-1)))
		}
	}
	return out
}

// turned is img upside down.
func turned(img *image.RGBA) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(b.Dx()-1-x, b.Dy()-1-y, img.At(x, y))
		}
	}
	return out
}
