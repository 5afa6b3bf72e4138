//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

var avx2Pairs = pairs{
	pairTile:  tileShape{6, 16, 8},
	widePairs: func(t *tile) { pairTile6x16AVX2((*byte)(unsafe.Pointer(t))) },
	slimPairs: func(t *tile) { pairTile6x8AVX2((*byte)(unsafe.Pointer(t))) },
	wideRows:  pairRows6x16AVX2,
	slimRows:  pairRows6x8AVX2,
	centre: func(dst, src uintptr, n int, zero uint8) {
		if n < 16 {
			goCentre(dst, src, n, zero)
			return
		}
		centreAVX2(dst, src, n, int(zero))
	},
	requantise: requantiseAVX2,
	window2:    func(dst, src uintptr, n, row, pixel, part int) { window2AVX2(dst, src, n/16, row, pixel, part) },
	window4:    func(dst, src uintptr, n, row, pixel, part int) { window4AVX2(dst, src, n/16, row, pixel, part) },
	sum2:       sum2AVX2,
	sum4:       sum4AVX2,
	pairLoop: func(rounds int) float64 {
		pairLoopAVX2(rounds)
		return float64(rounds) * 12 * 16 * 2
	},
}

// requantiseAVX2 takes eight columns at a time.
func requantiseAVX2(q *requant, width int) {
	eight := *q
	for range width / 8 {
		requantiseEight(&eight)
		eight.sums, eight.bias, eight.scale = eight.sums+32, eight.bias+32, eight.scale+32
		eight.out += uintptr(8 * q.outType.Size())
		eight.add += uintptr(8 * q.addType.Size())
	}
}

func requantiseEight(q *requant) {
	p := (*byte)(unsafe.Pointer(q))
	bytes, addsBytes := q.outType == chip.Uint8, q.addType == chip.Uint8
	switch {
	case bytes && !q.adds:
		requantiseByteAVX2(p)
	case bytes && addsBytes:
		requantiseByteAddByteAVX2(p)
	case bytes:
		requantiseByteAddFloatAVX2(p)
	case !q.adds:
		requantiseFloatAVX2(p)
	case addsBytes:
		requantiseFloatAddByteAVX2(p)
	default:
		requantiseFloatAddFloatAVX2(p)
	}
}
