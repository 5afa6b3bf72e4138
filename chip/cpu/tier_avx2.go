//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// avx2 needs AVX2 and FMA.
var avx2 = tier{
	name:   "avx2",
	usable: func() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA },
	fmaLoop: func(rounds int) float64 {
		fmaLoopAVX2(rounds)
		return float64(rounds) * 12 * 8 * 2
	},
	matrix: matrix{rows: 6, cols: 16, narrow: 8,
		wide: func(t *tile) { tile6x16AVX2((*byte)(unsafe.Pointer(t))) },
		slim: func(t *tile) { tile6x8AVX2((*byte)(unsafe.Pointer(t))) }},
	packers:       avx2Packers,
	maps:          goMaps,
	vectors:       goVectors,
	colVectors:    goColVectors,
	updateVectors: goUpdates,
}

func init() { tiers = append([]*tier{&avx2}, tiers...) }
