package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Point is a place in a picture, in pixels.
type Point struct{ X, Y float64 }

// Found is something in a picture: its corners clockwise from the top left.
type Found struct {
	What    string
	Score   float64 // 0 to 1
	Corners [4]Point
	Points  []Point // landmarks
}

// String is one line: what it is, how sure that is and where, in pixels.
func (f Found) String() string {
	b := f.bounds()
	return fmt.Sprintf("%-14s %3.0f %%  at %4.0f,%-4.0f %4.0f x %.0f", f.What, 100*f.Score, b.left, b.top, b.right-b.left, b.bottom-b.top)
}

type rect struct{ left, top, right, bottom float64 }

func (f Found) bounds() rect {
	b := rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range f.Corners {
		b = rect{min(b.left, p.X), min(b.top, p.Y), max(b.right, p.X), max(b.bottom, p.Y)}
	}
	return b
}

func corners(left, top, right, bottom float64) [4]Point {
	return [4]Point{{left, top}, {right, top}, {right, bottom}, {left, bottom}}
}

// iou is the area that two boxes share, of the area of both.
func iou(a, b rect) float64 {
	w, h := min(a.right, b.right)-max(a.left, b.left), min(a.bottom, b.bottom)-max(a.top, b.top)
	if w <= 0 || h <= 0 {
		return 0
	}
	area := func(r rect) float64 { return (r.right - r.left) * (r.bottom - r.top) }
	return w * h / (area(a) + area(b) - w*h)
}

// suppress keeps, best first, what no better box of its kind overlaps by limit.
func suppress(found []Found, limit float64) []Found {
	slices.SortStableFunc(found, func(a, b Found) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Found
	for _, f := range found {
		if !slices.ContainsFunc(kept, func(k Found) bool { return k.What == f.What && iou(k.bounds(), f.bounds()) > limit }) {
			kept = append(kept, f)
		}
	}
	return kept
}
