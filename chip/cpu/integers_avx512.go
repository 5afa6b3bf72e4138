//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// avx512Integers are those of AVX2 where the processor lacks VNNI, the
// instructions that add products of bytes or of 16 bits in 32 bits.
var avx512Integers = func() integers {
	if !cpu.X86.HasAVX512VNNI {
		return avx2Integers
	}
	return vnni
}()

var vnni = integers{
	intShape:  tileShape{12, 32, 16},
	terms:     4,
	wideWords: func(t *tile) { intTile12x32AVX512((*byte)(unsafe.Pointer(t))) },
	slimWords: func(t *tile) { intTile12x16AVX512((*byte)(unsafe.Pointer(t))) },
	lowRows:   4,
	wideRows:  pairRows12x32AVX512,
	slimRows:  pairRows12x16AVX512,
	requantise: requantKernels{requantiseByteAVX512, requantiseByteAddByteAVX512, requantiseByteAddFloatAVX512,
		requantiseFloatAVX512, requantiseFloatAddByteAVX512, requantiseFloatAddFloatAVX512}.run,
	window2: func(dst, src uintptr, n, row, pixel, part int) { window2AVX512(dst, src, n/32, row, pixel, part) },
	window4: func(dst, src uintptr, n, row, pixel, part int) { window4AVX512(dst, src, n/32, row, pixel, part) },
	sum2:    sum2AVX512,
	sum4:    sum4AVX512,
	intLoop: func(rounds int) float64 {
		intLoopAVX512(rounds)
		return float64(rounds) * 12 * 64 * 2
	},
}
