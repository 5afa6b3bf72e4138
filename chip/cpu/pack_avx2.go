//go:build amd64 && !purego

package cpu

var avx2Packers = packers{
	group: 8,
	lanes: func(dst, src uintptr, width int, g groups) {
		if g.n == 0 || g.rows == 0 {
			return
		}
		switch width {
		case 16:
			copyLanes16AVX2(dst, src, g.n, 4*g.to, 4*g.from, g.rows, 4*g.toRow, 4*g.fromRow)
		case 8:
			copyLanes8AVX2(dst, src, g.n, 4*g.to, 4*g.from, g.rows, 4*g.toRow, 4*g.fromRow)
		case 6:
			copyLanes6AVX2(dst, src, g.n, 4*g.to, 4*g.from, g.rows, 4*g.toRow, 4*g.fromRow)
		default:
			goLanes(dst, src, width, g)
		}
	},
	transposed: func(dst []float32, src uintptr, lane, n, k, stride int) {
		var rows [8]uintptr
		for r := range rows {
			rows[r] = src + uintptr(min(r, n-1)*lane)
		}
		whole := k &^ 7
		if whole > 0 {
			transpose8AVX2(addressOf(dst), &rows, whole/8, 4*stride)
		}
		if whole < k {
			goTransposed(dst[whole*stride:], src+uintptr(4*whole), lane, n, k-whole, stride)
		}
	},
}
