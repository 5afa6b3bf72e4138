package cpu

import "unsafe"

// packers bring operands into the order of the tiles.
type packers struct {
	lanes func(dst, src uintptr, width int, g groups) // copies groups of width floats
	// transposed writes dst[p·stride + r] = float p behind r·lane bytes behind src,
	// for n lanes, at most group, and k steps; unless masked, it may write up to
	// group floats behind each step.
	transposed func(dst []float32, src uintptr, lane, n, k, stride int)
	group      int
	masked     bool
}

// groups are rows of n groups each, with the distances in floats from one group
// and from one row to the next.
type groups struct{ n, to, from, rows, toRow, fromRow int }

var goPackers = packers{goLanes, goTransposed, 8, true}

// exactly is transposed that writes no more than n floats at each step.
func (p *packers) exactly(dst []float32, src uintptr, lane, n, k, stride int) {
	if p.masked || n == p.group {
		p.transposed(dst, src, lane, n, k, stride)
	} else {
		goTransposed(dst, src, lane, n, k, stride)
	}
}

// packSlack is how many floats packers may write behind their destination.
const packSlack = 16

// matrixAt is an operand of a product in memory: element (i, j) lies
// i·row + j·col elements behind p, and row or col is 1.
type matrixAt struct {
	p        uintptr
	row, col int
}

func (m matrixAt) at(i, j int) uintptr { return m.p + uintptr(4*(i*m.row+j*m.col)) }

// panelsAtOnce is how many panels are packed together, a compromise: long pieces
// of a row are read fast, but panels often lie a multiple of a cache's ways
// apart, and more of these would drive each other out while they are written.
const panelsAtOnce = 4

// packPanels writes k rows of b, panel by panel, as [k][width] with zeros
// behind a panel's last column. In packed every panel has depth rows; the k
// rows begin at row from.
func (t *tier) packPanels(packed []float32, b matrixAt, k int, panels []panel, depth, from int) {
	full := 0
	for full < len(panels) && panels[full].n == t.cols {
		full++
	}
	for b.col == 1 && full > 0 {
		n, first := min(full, panelsAtOnce), panels[0]
		at := addressOf(packed) + uintptr(4*(first.at*depth+from*t.cols))
		t.lanes(at, b.at(0, first.j), t.cols, groups{n, depth * t.cols, t.cols, k, t.cols, b.row})
		panels, full = panels[n:], full-n
	}
	for _, p := range panels {
		dst := packed[p.at*depth+from*p.width:]
		switch {
		case b.col != 1:
			if p.n < p.width {
				clear(dst[:k*p.width])
			}
			t.packLanes(dst, b.at(0, p.j), 4*b.col, p.n, k, p.width)
		default:
			packColumns(dst[:k*p.width], b, p, k)
		}
	}
}

func packColumns(dst []float32, b matrixAt, p panel, k int) {
	clear(dst)
	for i := range k {
		copy(dst[i*p.width:i*p.width+p.n], floatsAt(b.at(i, p.j), p.n))
	}
}

// packLanes transposes lanes, lane bytes apart, group by group.
func (t *tier) packLanes(dst []float32, src uintptr, lane, n, k, width int) {
	if k == 0 { // there may be no room for the lanes' places
		return
	}
	for r := 0; r < n; r += t.group {
		run := t.transposed
		if r > 0 || n < width { // the lanes before and behind these stay as they are
			run = t.exactly
		}
		run(dst[r:], src+uintptr(r*lane), lane, min(t.group, n-r), k, width)
	}
}

// packRows writes rows [lo, hi) of a, k columns each, tile by tile as
// [k][rows] with zeros behind the last row.
func (t *tier) packRows(dst []float32, a matrixAt, lo, hi, k int) {
	if k == 0 {
		return
	}
	h := t.rows
	full := (hi - lo) / h
	if a.row == 1 && full > 0 {
		t.lanes(addressOf(dst), a.at(lo, 0), h, groups{full, k * h, h, k, h, a.col})
		lo, dst = lo+full*h, dst[full*h*k:]
	}
	for ; lo < hi; lo += h {
		n := min(h, hi-lo)
		if n < h {
			clear(dst[:k*h])
		}
		if a.row == 1 {
			for p := range k {
				copy(dst[p*h:p*h+n], floatsAt(a.at(lo, p), n))
			}
		} else {
			t.packLanes(dst, a.at(lo, 0), 4*a.row, n, k, h)
		}
		if lo+h < hi {
			dst = dst[h*k:]
		}
	}
}

func goLanes(dst, src uintptr, width int, g groups) {
	for r := range g.rows {
		to, from := dst+uintptr(4*r*g.toRow), src+uintptr(4*r*g.fromRow)
		for range g.n {
			copy(floatsAt(to, width), floatsAt(from, width))
			to, from = to+uintptr(4*g.to), from+uintptr(4*g.from)
		}
	}
}

func goTransposed(dst []float32, src uintptr, lane, n, k, stride int) {
	for r := range n {
		for p, v := range unsafe.Slice((*float32)(pointerAt(src+uintptr(r*lane))), k) {
			dst[p*stride+r] = v
		}
	}
}
