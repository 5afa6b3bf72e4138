package cpu

import "unsafe"

// matrixAt is an operand of a product in memory: element (i, j) lies
// i·row + j·col elements behind p.
type matrixAt struct {
	p        uintptr
	row, col int
}

func (m matrixAt) at(i, j int) uintptr { return m.p + uintptr(4*(i*m.row+j*m.col)) }

// packPanel writes columns [j, j+n) of k rows of b to dst as [k][width], zeros
// behind the n-th column.
func packPanel(dst []float32, b matrixAt, k, j, n, width int) {
	dst = dst[:k*width]
	if n < width {
		clear(dst)
	}
	switch {
	case b.col == 1 && n == 16 && width == 16:
		for p := range k {
			*(*[16]float32)(dst[16*p:]) = *(*[16]float32)(pointerAt(b.at(p, j)))
		}
	case b.col == 1:
		for p := range k {
			copy(dst[p*width:p*width+n], unsafe.Slice((*float32)(pointerAt(b.at(p, j))), n))
		}
	default:
		packStrided(dst, b.at(0, j), b.col, b.row, n, k, width)
	}
}

// packRows writes rows [i, i+n) of a, k columns each, to dst as [k][height];
// the rows behind the n-th are zeros.
func packRows(dst []float32, a matrixAt, i, k, n, height int) {
	dst = dst[:k*height]
	if n < height {
		clear(dst)
	}
	if a.row == 1 { // transposed: a step's rows lie side by side
		for p := range k {
			copy(dst[p*height:p*height+n], unsafe.Slice((*float32)(pointerAt(a.at(i, p))), n))
		}
		return
	}
	packStrided(dst, a.at(i, 0), a.row, a.col, n, k, height)
}

// packStrided writes dst[p·width + r] = element r·lane + p·step behind src, for
// n lanes and k steps.
func packStrided(dst []float32, src uintptr, lane, step, n, k, width int) {
	if k == 0 {
		return
	}
	for r := range n {
		s := unsafe.Slice((*float32)(pointerAt(src+uintptr(4*r*lane))), (k-1)*step+1)
		for p, q := r, 0; p < len(dst); p += width {
			dst[p] = s[q]
			q += step
		}
	}
}
