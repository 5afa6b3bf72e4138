//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
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
	matrix: matrix{tileShape{6, 16, 8}, []matrixKernel{
		{6, 8, func(t *tile) { tile6x8AVX2((*byte)(unsafe.Pointer(t))) }},
		{6, 16, func(t *tile) { tile6x16AVX2((*byte)(unsafe.Pointer(t))) }}}},
	packers:       avx2Packers,
	maps:          goMaps.withAssembly(avx2Maps),
	vectors:       avx2Vectors,
	colVectors:    avx2ColVectors,
	updateVectors: avx2Updates,
	bfloats:       avx2BFloats,
	winograds:     avx2Winograds,
	integers:      avx2Integers,
	maxPoolRow:    func(p *poolRow) { maxPoolRowAVX2((*byte)(unsafe.Pointer(p))) },
	silu:          siluAVX2,
	gelu:          geluAVX2,
}

func init() { tiers = append([]*tier{&avx512, &avx2}, tiers...) }

var avx2Maps = map[chip.MapFn]func(dst, a, b, c []float32){
	chip.FnAdd: addAVX2, chip.FnSub: subAVX2, chip.FnMul: mulAVX2, chip.FnDiv: divAVX2, chip.FnMax: maxAVX2, chip.FnMin: minAVX2,
	chip.FnEq: eqAVX2, chip.FnNe: neAVX2, chip.FnLt: ltAVX2, chip.FnLe: leAVX2, chip.FnNeg: negAVX2, chip.FnAbs: absAVX2,
	chip.FnRelu: reluAVX2, chip.FnRecip: recipAVX2, chip.FnSqrt: sqrtAVX2, chip.FnRsqrt: rsqrtAVX2, chip.FnRound: roundAVX2,
	chip.FnFloor: floorAVX2, chip.FnCeil: ceilAVX2, chip.FnNot: notAVX2, chip.FnIsNaN: isNaNAVX2, chip.FnWhere: whereAVX2,
	chip.FnExp: expAVX2, chip.FnLog: logAVX2, chip.FnTanh: tanhAVX2, chip.FnSigmoid: sigmoidAVX2, chip.FnErf: erfAVX2, chip.FnCDF: cdfAVX2,
}

var avx2Vectors = vectors{add: plusAVX2, scale: scaleAVX2, shift: shiftAVX2, axpy: axpyAVX2, mulAdd: mulAddAVX2,
	sum: sumAVX2, dot: dotAVX2, max: maxRowAVX2, sqDiff: sqDiffAVX2, expSum: expSumAVX2, standardise: standardiseAVX2,
	dots:      fourRows(dotsAVX2, dotAVX2),
	normalise: orStandardised(normaliseAVX2, standardiseAVX2, mulAVX2)}

var avx2ColVectors = columnKernels{sum: colSumAVX2, sqDiff: colSqDiffAVX2, affine: colAffineAVX2, gradSums: colGradSumsAVX2,
	gatedSums: colGatedGradSumsAVX2, gradApply: colGradApplyAVX2, gatedGradient: colGatedGradApplyAVX2}.vectors()

var avx2Updates = updateKernels{sgd: sgdAVX2, momentum: momentumAVX2, adamW: adamWAVX2, lerp: lerpAVX2}.vectors()

var avx2BFloats = bfloatGroups{group: 8, widen: widenAVX2, shorten: shortenAVX2}.vectors()
