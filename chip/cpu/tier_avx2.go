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
	matrix: matrix{rows: 6, cols: 16, narrow: 8,
		wide: func(t *tile) { tile6x16AVX2((*byte)(unsafe.Pointer(t))) },
		slim: func(t *tile) { tile6x8AVX2((*byte)(unsafe.Pointer(t))) }},
	packers:       avx2Packers,
	maps:          avx2Maps(),
	vectors:       avx2Vectors,
	colVectors:    avx2ColVectors,
	updateVectors: avx2Updates,
	bfloats:       avx2BFloats,
	pairs:         avx2Pairs,
	maxPoolRow:    func(p *poolRow) { maxPoolRowAVX2((*byte)(unsafe.Pointer(p))) },
	silu:          func(x []float32) { siluAVX2(x, x, nil, nil) },
	gelu:          func(x []float32) { geluAVX2(x, x, nil, nil) },
}

func init() { tiers = append([]*tier{&avx2}, tiers...) }

// avx2Maps are the Go twins where a function has no assembly: powers, sines,
// signs, remainders and the logical ones.
func avx2Maps() mapFns {
	m := goMaps
	for fn, f := range map[chip.MapFn]func(dst, a, b, c []float32){
		chip.FnAdd: addAVX2, chip.FnSub: subAVX2, chip.FnMul: mulAVX2, chip.FnDiv: divAVX2, chip.FnMax: maxAVX2, chip.FnMin: minAVX2,
		chip.FnEq: eqAVX2, chip.FnNe: neAVX2, chip.FnLt: ltAVX2, chip.FnLe: leAVX2, chip.FnNeg: negAVX2, chip.FnAbs: absAVX2,
		chip.FnRelu: reluAVX2, chip.FnRecip: recipAVX2, chip.FnSqrt: sqrtAVX2, chip.FnRsqrt: rsqrtAVX2, chip.FnRound: roundAVX2,
		chip.FnFloor: floorAVX2, chip.FnCeil: ceilAVX2, chip.FnNot: notAVX2, chip.FnIsNaN: isNaNAVX2, chip.FnWhere: whereAVX2,
		chip.FnExp: expAVX2, chip.FnLog: logAVX2, chip.FnTanh: tanhAVX2, chip.FnSigmoid: sigmoidAVX2, chip.FnErf: erfAVX2,
	} {
		m[fn] = f
	}
	return m
}

var avx2Vectors = vectors{add: plusAVX2, scale: scaleAVX2, shift: shiftAVX2, axpy: axpyAVX2, mulAdd: mulAddAVX2,
	sum: sumAVX2, dot: dotAVX2, max: maxRowAVX2, sqDiff: sqDiffAVX2, expSum: expSumAVX2, standardise: standardiseAVX2,
	normalise: func(dst, a, gamma, beta []float32, mean, rstd float32) {
		if beta == nil {
			standardiseAVX2(dst, a, mean, rstd)
			mulAVX2(dst, dst, gamma, nil)
			return
		}
		normaliseAVX2(dst, a, gamma, beta, mean, rstd)
	}}

// columnChunk is how many floats the column functions walk at a time: they
// pass over their rows once for each group of columns, and these stay in the
// first-level cache.
const columnChunk = 4 * 1024

// chunked calls f for spans of whole rows.
func chunked(n, width int, f func(lo, hi int)) {
	size := n
	if width > 16 {
		size = max(1, columnChunk/width) * width
	}
	for lo := 0; lo < n; lo += size {
		f(lo, min(n, lo+size))
	}
}

var avx2ColVectors = colVectors{
	colSum: func(sum, x []float32) {
		chunked(len(x), len(sum), func(lo, hi int) { colSumAVX2(sum, x[lo:hi], len(sum)) })
	},
	colSqDiff: func(sum, x, mean []float32) {
		chunked(len(x), len(sum), func(lo, hi int) { colSqDiffAVX2(sum, x[lo:hi], mean, len(sum)) })
	},
	colAffine: func(dst, x, scale, shift []float32, relu bool) {
		floor := noFloor
		if relu {
			floor = 0
		}
		chunked(len(x), len(scale), func(lo, hi int) { colAffineAVX2(dst[lo:hi], x[lo:hi], scale, shift, floor, len(scale)) })
	},
	colGradSums: func(db, dg, x, dy, gate, mean []float32) {
		chunked(len(x), len(db), func(lo, hi int) {
			if gate == nil {
				colGradSumsAVX2(db, dg, x[lo:hi], dy[lo:hi], mean, len(db))
			} else {
				colGatedGradSumsAVX2(db, dg, x[lo:hi], dy[lo:hi], gate[lo:hi], mean, len(db))
			}
		})
	},
	colGradApply: func(dst, x, dy, gate, coef []float32) {
		w := len(coef) / 3
		a, b, c := coef[:w], coef[w:2*w], coef[2*w:]
		chunked(len(x), w, func(lo, hi int) {
			if gate == nil {
				colGradApplyAVX2(dst[lo:hi], x[lo:hi], dy[lo:hi], a, b, c, w)
			} else {
				colGatedGradApplyAVX2(dst[lo:hi], x[lo:hi], dy[lo:hi], gate[lo:hi], a, b, c, w)
			}
		})
	},
}

var avx2Updates = updateVectors{
	sgd: func(p, g, v []float32, s sgdStep) {
		switch {
		case v == nil:
			sgdAVX2(p, g, s.lr, s.scale, s.decay)
		case s.nesterov:
			momentumAVX2(p, g, v, s.lr, s.scale, s.decay, s.momentum, 1, s.momentum)
		default:
			momentumAVX2(p, g, v, s.lr, s.scale, s.decay, s.momentum, 0, 1)
		}
	},
	adamW: func(p, g, m, v []float32, s adamStep) {
		adamWAVX2(p, g, m, v, s.scale, s.b1, s.c1, s.b2, s.c2, s.keep, s.rate, s.root, s.eps)
	},
	lerp: lerpAVX2,
}
