//go:build amd64 && !purego

package cpu

var avx512Packers = packers{
	group:  16,
	masked: true,
	lanes: func(dst, src uintptr, width, n, to, from int) {
		switch width {
		case 32:
			copyLanes32AVX512(dst, src, n, 4*to, 4*from)
		case 16:
			copyLanes16AVX512(dst, src, n, 4*to, 4*from)
		case 12:
			copyLanes12AVX512(dst, src, n, 4*to, 4*from)
		default:
			goLanes(dst, src, width, n, to, from)
		}
	},
	transposed: func(dst []float32, src uintptr, lane, n, k, stride int) {
		var rows [16]uintptr
		for r := range rows {
			rows[r] = src + uintptr(4*min(r, n-1)*lane)
		}
		transpose16AVX512(addressOf(dst), &rows, n, k, 4*stride)
	},
}
