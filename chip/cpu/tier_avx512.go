//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
	"golang.org/x/sys/cpu"
)

// avx512 needs the instructions that server processors have had since Skylake:
// AVX-512 F, BW, DQ and VL, and BMI2 for masks.
var avx512 = tier{
	name: "avx512",
	usable: func() bool {
		x := &cpu.X86
		return x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasBMI2
	},
	fmaLoop: func(rounds int) float64 {
		fmaLoopAVX512(rounds)
		return float64(rounds) * 12 * 16 * 2
	},
	matrix: matrix{tileShape{12, 32, 16}, []matrixKernel{
		{4, 8, func(t *tile) { tile4x8AVX512((*byte)(unsafe.Pointer(t))) }},
		{4, 16, func(t *tile) { tile4x16AVX512((*byte)(unsafe.Pointer(t))) }},
		{4, 32, func(t *tile) { tile4x32AVX512((*byte)(unsafe.Pointer(t))) }},
		{6, 8, func(t *tile) { tile6x8AVX512((*byte)(unsafe.Pointer(t))) }},
		{6, 16, func(t *tile) { tile6x16AVX512((*byte)(unsafe.Pointer(t))) }},
		{6, 32, func(t *tile) { tile6x32AVX512((*byte)(unsafe.Pointer(t))) }},
		{8, 8, func(t *tile) { tile8x8AVX512((*byte)(unsafe.Pointer(t))) }},
		{8, 16, func(t *tile) { tile8x16AVX512((*byte)(unsafe.Pointer(t))) }},
		{8, 32, func(t *tile) { tile8x32AVX512((*byte)(unsafe.Pointer(t))) }},
		{12, 8, func(t *tile) { tile12x8AVX512((*byte)(unsafe.Pointer(t))) }},
		{12, 16, func(t *tile) { tile12x16AVX512((*byte)(unsafe.Pointer(t))) }},
		{12, 32, func(t *tile) { tile12x32AVX512((*byte)(unsafe.Pointer(t))) }},
	}},
	packers:       avx512Packers,
	maps:          goMaps.withAssembly(avx512Maps),
	vectors:       avx512Vectors,
	colVectors:    avx512ColVectors,
	updateVectors: avx512Updates,
	bfloats:       avx512BFloats,
	winograds:     avx2Winograds,
	integers:      avx512Integers,
	bfloatPairs:   avx512BFloatPairs(),
	maxPoolRow:    func(p *poolRow) { maxPoolRowAVX512((*byte)(unsafe.Pointer(p))) },
	silu:          siluAVX512,
	gelu:          geluAVX512,
}

var avx512Maps = map[chip.MapFn]func(dst, a, b, c []float32){
	chip.FnAdd: addAVX512, chip.FnSub: subAVX512, chip.FnMul: mulAVX512, chip.FnDiv: divAVX512, chip.FnMax: maxAVX512, chip.FnMin: minAVX512,
	chip.FnEq: eqAVX512, chip.FnNe: neAVX512, chip.FnLt: ltAVX512, chip.FnLe: leAVX512, chip.FnNeg: negAVX512, chip.FnAbs: absAVX512,
	chip.FnRelu: reluAVX512, chip.FnRecip: recipAVX512, chip.FnSqrt: sqrtAVX512, chip.FnRsqrt: rsqrtAVX512, chip.FnRound: roundAVX512,
	chip.FnFloor: floorAVX512, chip.FnCeil: ceilAVX512, chip.FnNot: notAVX512, chip.FnIsNaN: isNaNAVX512, chip.FnWhere: whereAVX512,
	chip.FnExp: expAVX512, chip.FnLog: logAVX512, chip.FnTanh: tanhAVX512, chip.FnSigmoid: sigmoidAVX512, chip.FnErf: erfAVX512, chip.FnCDF: cdfAVX512,
}

var avx512Vectors = vectors{add: plusAVX512, scale: scaleAVX512, shift: shiftAVX512, axpy: axpyAVX512, mulAdd: mulAddAVX512,
	sum: sumAVX512, dot: dotAVX512, max: maxRowAVX512, sqDiff: sqDiffAVX512, expSum: expSumAVX512, standardise: standardiseAVX512,
	dots:      fourRows(dotsAVX512, dotAVX512),
	normalise: orStandardised(normaliseAVX512, standardiseAVX512, mulAVX512)}

var avx512ColVectors = columnKernels{sum: colSumAVX512, sqDiff: colSqDiffAVX512, affine: colAffineAVX512, gradSums: colGradSumsAVX512,
	gatedSums: colGatedGradSumsAVX512, gradApply: colGradApplyAVX512, gatedGradient: colGatedGradApplyAVX512}.vectors()

var avx512Updates = updateKernels{sgd: sgdAVX512, momentum: momentumAVX512, adamW: adamWAVX512, lerp: lerpAVX512}.vectors()

var avx512BFloats = bfloatGroups{group: 16, widen: widenAVX512, shorten: shortenAVX512}.vectors()
