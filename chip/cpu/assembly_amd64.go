//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// The functions below give a tier's assembly the form that the rest of the
// package calls: all tiers of this processor have the same functions.

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

// columnKernels are functions over the columns of rows of some width.
type columnKernels struct {
	sum           func(sum, x []float32, width int)
	sqDiff        func(sum, x, mean []float32, width int)
	affine        func(dst, x, scale, shift []float32, floor float32, width int)
	gradSums      func(db, dg, x, dy, mean []float32, width int)
	gatedSums     func(db, dg, x, dy, gate, mean []float32, width int)
	gradApply     func(dst, x, dy, a, b, c []float32, width int)
	gatedGradient func(dst, x, dy, gate, a, b, c []float32, width int)
}

func (k columnKernels) vectors() colVectors {
	return colVectors{
		colSum: func(sum, x []float32) {
			chunked(len(x), len(sum), func(lo, hi int) { k.sum(sum, x[lo:hi], len(sum)) })
		},
		colSqDiff: func(sum, x, mean []float32) {
			chunked(len(x), len(sum), func(lo, hi int) { k.sqDiff(sum, x[lo:hi], mean, len(sum)) })
		},
		colAffine: func(dst, x, scale, shift []float32, relu bool) {
			floor := noFloor
			if relu {
				floor = 0
			}
			chunked(len(x), len(scale), func(lo, hi int) { k.affine(dst[lo:hi], x[lo:hi], scale, shift, floor, len(scale)) })
		},
		colGradSums: func(db, dg, x, dy, gate, mean []float32) {
			chunked(len(x), len(db), func(lo, hi int) {
				if gate == nil {
					k.gradSums(db, dg, x[lo:hi], dy[lo:hi], mean, len(db))
				} else {
					k.gatedSums(db, dg, x[lo:hi], dy[lo:hi], gate[lo:hi], mean, len(db))
				}
			})
		},
		colGradApply: func(dst, x, dy, gate, coef []float32) {
			w := len(coef) / 3
			a, b, c := coef[:w], coef[w:2*w], coef[2*w:]
			chunked(len(x), w, func(lo, hi int) {
				if gate == nil {
					k.gradApply(dst[lo:hi], x[lo:hi], dy[lo:hi], a, b, c, w)
				} else {
					k.gatedGradient(dst[lo:hi], x[lo:hi], dy[lo:hi], gate[lo:hi], a, b, c, w)
				}
			})
		},
	}
}

// updateKernels are the optimiser steps.
type updateKernels struct {
	sgd      func(p, g []float32, lr, scale, decay float32)
	momentum func(p, g, v []float32, lr, scale, decay, mu, kg, kv float32)
	adamW    func(p, g, m, v []float32, scale, b1, c1, b2, c2, keep, rate, root, eps float32)
	lerp     func(dst, a []float32, s float32)
}

func (k updateKernels) vectors() updateVectors {
	return updateVectors{
		sgd: func(p, g, v []float32, s sgdStep) {
			switch {
			case v == nil:
				k.sgd(p, g, s.lr, s.scale, s.decay)
			case s.nesterov:
				k.momentum(p, g, v, s.lr, s.scale, s.decay, s.momentum, 1, s.momentum)
			default:
				k.momentum(p, g, v, s.lr, s.scale, s.decay, s.momentum, 0, 1)
			}
		},
		adamW: func(p, g, m, v []float32, s adamStep) {
			k.adamW(p, g, m, v, s.scale, s.b1, s.c1, s.b2, s.c2, s.keep, s.rate, s.root, s.eps)
		},
		lerp: k.lerp,
	}
}

// bfloatGroups convert n groups of some numbers.
type bfloatGroups struct {
	group   int
	widen   func(dst *float32, src *uint16, n int)
	shorten func(dst *uint16, src *float32, n int)
}

// vectors leaves what is no whole group to Go.
func (k bfloatGroups) vectors() bfloats {
	return bfloats{
		widen: func(dst []float32, src []chip.BFloat) {
			n := len(src) / k.group
			if n > 0 {
				k.widen(&dst[0], (*uint16)(unsafe.Pointer(&src[0])), n)
			}
			goWiden(dst[k.group*n:], src[k.group*n:])
		},
		shorten: func(dst []chip.BFloat, src []float32) {
			n := len(src) / k.group
			if n > 0 {
				k.shorten((*uint16)(unsafe.Pointer(&dst[0])), &src[0], n)
			}
			goShorten(dst[k.group*n:], src[k.group*n:])
		},
	}
}

// orStandardised normalises without a beta, too.
func orStandardised(normalise func(dst, a, gamma, beta []float32, mean, rstd float32),
	standardise func(dst, a []float32, mean, rstd float32), mul func(dst, a, b, c []float32)) func(dst, a, gamma, beta []float32, mean, rstd float32) {
	return func(dst, a, gamma, beta []float32, mean, rstd float32) {
		if beta != nil {
			normalise(dst, a, gamma, beta, mean, rstd)
			return
		}
		standardise(dst, a, mean, rstd)
		mul(dst, dst, gamma, nil)
	}
}

// withAssembly puts functions in place of the Go twins; powers, sines, signs,
// remainders and the logical ones stay.
func (m mapFns) withAssembly(fs map[chip.MapFn]func(dst, a, b, c []float32)) mapFns {
	for fn, f := range fs {
		m[fn] = f
	}
	return m
}
