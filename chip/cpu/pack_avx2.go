//go:build amd64 && !purego

package cpu

var avx2Packers = packers{
	lanes: func(dst, src uintptr, width, n, stride int) {
		if width == 16 {
			copyLanes16AVX2(dst, src, n, 4*stride)
		} else {
			copyLanes6AVX2(dst, src, n, 4*stride)
		}
	},
	transposed: func(dst []float32, src uintptr, lane, n, k, stride int) {
		var rows [8]uintptr
		for r := range rows {
			rows[r] = src + uintptr(4*min(r, n-1)*lane)
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
