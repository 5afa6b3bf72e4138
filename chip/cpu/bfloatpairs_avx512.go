//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// avx512BFloatPairs are those of a processor that has AVX512_BF16, and has it
// fast: Intel's processors with AMX, Sapphire Rapids and later, keep VDPBF16PS
// for compatibility, at half the rate of float32's multiply-adds (measured: 177
// and 358 GFLOP/s), while AMD's Zen 4 runs it at twice that rate.
func avx512BFloatPairs() bfloatPairs {
	if !cpu.X86.HasAVX512BF16 || cpu.X86.HasAMXBF16 {
		return bfloatPairs{}
	}
	return bfloatPairs{
		bfloatMatrix: matrix{tileShape{12, 32, 16}, []matrixKernel{
			{12, 16, func(t *tile) { bfloatTile12x16AVX512((*byte)(unsafe.Pointer(t))) }},
			{12, 32, func(t *tile) { bfloatTile12x32AVX512((*byte)(unsafe.Pointer(t))) }},
		}},
		zip: func(dst, src uintptr, width int, g zips) {
			if g.rows == 0 {
				return
			}
			run := zip12AVX512
			switch width {
			case 32:
				run = zip32AVX512
			case 16:
				run = zip16AVX512
			}
			run(dst, src, g.n, g.to, g.from, g.rows, g.toRow, g.fromRow, uint32(1<<g.upper-1), uint32(1<<g.lower-1))
		},
		bfloatLoop: func(rounds int) float64 {
			bfloatLoopAVX512(rounds)
			return float64(rounds) * 12 * 32 * 2
		},
	}
}
