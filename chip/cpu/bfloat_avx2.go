//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// avx2BFloats convert groups of eight and leave the rest to Go.
var avx2BFloats = bfloats{
	widen: func(dst []float32, src []chip.BFloat) {
		if n := len(src) / 8; n > 0 {
			widenAVX2(&dst[0], (*uint16)(unsafe.Pointer(&src[0])), n)
			dst, src = dst[8*n:], src[8*n:]
		}
		goWiden(dst, src)
	},
	shorten: func(dst []chip.BFloat, src []float32) {
		if n := len(src) / 8; n > 0 {
			shortenAVX2((*uint16)(unsafe.Pointer(&dst[0])), &src[0], n)
			dst, src = dst[8*n:], src[8*n:]
		}
		goShorten(dst, src)
	},
}
