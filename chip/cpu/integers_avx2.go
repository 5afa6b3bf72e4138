//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

var avx2Integers = integers{
	intShape:  tileShape{6, 16, 8},
	terms:     2,
	wideWords: func(t *tile) { intTile6x16AVX2((*byte)(unsafe.Pointer(t))) },
	slimWords: func(t *tile) { intTile6x8AVX2((*byte)(unsafe.Pointer(t))) },
	lowRows:   2,
	wideRows:  pairRows6x16AVX2,
	slimRows:  pairRows6x8AVX2,
	widenBytes: func(dst, src uintptr, n int) {
		if n < 16 {
			goWidenBytes(dst, src, n)
			return
		}
		widenBytesAVX2(dst, src, n)
	},
	requantise: requantKernels{requantiseByteAVX2, requantiseByteAddByteAVX2, requantiseByteAddFloatAVX2,
		requantiseFloatAVX2, requantiseFloatAddByteAVX2, requantiseFloatAddFloatAVX2}.run,
	window2: func(dst, src uintptr, n, row, pixel, part int) { window2AVX2(dst, src, n/16, row, pixel, part) },
	window4: func(dst, src uintptr, n, row, pixel, part int) { window4AVX2(dst, src, n/16, row, pixel, part) },
	sum2:    sum2AVX2,
	sum4:    sum4AVX2,
	intLoop: func(rounds int) float64 {
		intLoopAVX2(rounds)
		return float64(rounds) * 12 * 16 * 2
	},
}

// requantKernels are the epilogues for each type of output and of what is added.
type requantKernels struct{ bytes, bytesAddBytes, bytesAddFloats, floats, floatsAddBytes, floatsAddFloats func(q *byte) }

func (k requantKernels) run(q *requant) {
	p := (*byte)(unsafe.Pointer(q))
	bytes, addsBytes := q.outType == chip.Uint8, q.addType == chip.Uint8
	switch {
	case bytes && !q.adds:
		k.bytes(p)
	case bytes && addsBytes:
		k.bytesAddBytes(p)
	case bytes:
		k.bytesAddFloats(p)
	case !q.adds:
		k.floats(p)
	case addsBytes:
		k.floatsAddBytes(p)
	default:
		k.floatsAddFloats(p)
	}
}
