//go:build amd64 && !purego

package cpu

var avx512Packers = packers{
	group:  16,
	masked: true,
	lanes: func(dst, src uintptr, width int, g groups) {
		if g.n == 0 || g.rows == 0 {
			return
		}
		switch width {
		case 32:
			copyLanes32AVX512(dst, src, g.n, 4*g.to, 4*g.from, g.rows, 4*g.toRow, 4*g.fromRow)
		case 16:
			copyLanes16AVX512(dst, src, g.n, 4*g.to, 4*g.from, g.rows, 4*g.toRow, 4*g.fromRow)
		case 12:
			copyLanes12AVX512(dst, src, g.n, 4*g.to, 4*g.from, g.rows, 4*g.toRow, 4*g.fromRow)
		default:
			goLanes(dst, src, width, g)
		}
	},
	transposed: func(dst []float32, src uintptr, lane, n, k, stride int) {
		var rows [16]uintptr
		for r := range rows {
			rows[r] = src + uintptr(min(r, n-1)*lane)
		}
		transpose16AVX512(addressOf(dst), &rows, n, k, 4*stride)
	},
}
