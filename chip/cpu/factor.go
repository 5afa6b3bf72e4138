package cpu

// factor is an operand of a product, whose steps are numbers or pairs of
// BFloat16: then rows and columns lie distances of BFloat16 apart, and along the
// sum those of pairs.
type factor struct {
	matrixAt
	left int // of pairs: the numbers along the sum from p on; else 0
}

// size is the bytes of an element.
func (f factor) size() int {
	if f.left > 0 {
		return 2
	}
	return 4
}

func (f factor) at(i, j int) uintptr { return f.p + uintptr(f.size()*(i*f.row+j*f.col)) }

// from leaves out the first steps: rows of a right factor, or columns of a left one.
func (f factor) from(row, col int) factor {
	f.p = f.at(row, col)
	if f.left > 0 {
		f.left -= 2 * (row + col)
	}
	return f
}

// packLeft writes rows [lo, hi) of a left factor, k steps each, as packRows does.
func (t *tier) packLeft(dst []float32, f factor, lo, hi, k int) {
	if f.left == 0 {
		t.packRows(dst, f.matrixAt, lo, hi, k)
		return
	}
	t.packPairs(dst, pairLanes{f.at(lo, 0), 2 * f.row, 2 * f.col, f.left}, t.rows, hi-lo, k)
}

// packRight writes k rows of a right factor, as packPanels does.
func (t *tier) packRight(packed []float32, f factor, k int, panels []panel) {
	if f.left == 0 {
		t.packPanels(packed, f.matrixAt, k, panels, k, 0)
		return
	}
	full := 0
	for full < len(panels) && panels[full].n == t.cols {
		full++
	}
	lanes := func(p panel) pairLanes { return pairLanes{f.at(0, p.j), 2 * f.col, 2 * f.row, f.left} }
	if full > 0 {
		t.packPairs(packed[panels[0].at*k:], lanes(panels[0]), t.cols, full*t.cols, k)
	}
	for _, p := range panels[full:] {
		t.packPairs(packed[p.at*k:], lanes(p), p.width, p.n, k)
	}
}

// pairLanes are rows of a left factor or columns of a right one.
type pairLanes struct {
	p          uintptr
	lane, step int // bytes from one to the next, and along each from one pair to the next
	left       int // numbers in each
}

// packPairs writes k steps of n lanes, panel by panel, as [k][width] pairs with
// zeros behind the last lane, and behind the last number of an odd sum.
func (t *tier) packPairs(dst []float32, s pairLanes, width, n, k int) {
	if s.lane == 2 {
		t.zipPairs(dst, s, width, n, k)
		return
	}
	whole := min(k, s.left/2)
	for lo := 0; lo < n; lo += width {
		src, n := s.p+uintptr(lo*s.lane), min(width, n-lo)
		to := dst[lo*k : (lo+width)*k]
		if n < width || whole < k {
			clear(to)
		}
		t.packLanes(to, src, s.lane, n, whole, width)
		for r := 0; whole < k && r < n; r++ {
			bfloatsAt(addressOf(to[whole*width+r:]), 1)[0] = bfloatsAt(src+uintptr(r*s.lane+whole*s.step), 1)[0]
		}
	}
}

// zipPairs is packPairs of lanes side by side: their pairs lie in two rows.
func (t *tier) zipPairs(dst []float32, s pairLanes, width, n, k int) {
	whole := min(k, s.left/2)
	for lo := 0; lo < n; {
		groups, columns := min((n-lo)/width, panelsAtOnce*t.cols/width), width
		if groups == 0 {
			groups, columns = 1, n-lo
		}
		g := zips{groups, 4 * k * width, 2 * width, whole, 4 * width, s.step, columns, columns}
		at, src := addressOf(dst[lo*k:]), s.p+uintptr(2*lo)
		t.zip(at, src, width, g)
		if whole < k {
			g.rows, g.lower = 1, 0
			t.zip(at+uintptr(whole*g.toRow), src+uintptr(whole*s.step), width, g)
		}
		lo += groups * width
	}
}
