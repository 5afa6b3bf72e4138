//go:build amd64 && !purego

package cpu

import "unsafe"

var avx2Winograds = winograds{
	f2: &transforms{m: 2, least: 8,
		input:       func(p *patch) { winogradInput2AVX2((*byte)(unsafe.Pointer(p))) },
		output:      func(p *patch) { winogradOutput2AVX2((*byte)(unsafe.Pointer(p))) },
		weights:     func(p *patch) { winogradWeights2AVX2((*byte)(unsafe.Pointer(p))) },
		outputGrad:  func(p *patch) { winogradOutputGrad2AVX2((*byte)(unsafe.Pointer(p))) },
		weightsGrad: func(p *patch) { winogradWeightsGrad2AVX2((*byte)(unsafe.Pointer(p))) }},
	f4: &transforms{m: 4, least: 8,
		input:       func(p *patch) { winogradInput4AVX2((*byte)(unsafe.Pointer(p))) },
		output:      func(p *patch) { winogradOutput4AVX2((*byte)(unsafe.Pointer(p))) },
		weights:     func(p *patch) { winogradWeights4AVX2((*byte)(unsafe.Pointer(p))) },
		outputGrad:  func(p *patch) { winogradOutputGrad4AVX2((*byte)(unsafe.Pointer(p))) },
		weightsGrad: func(p *patch) { winogradWeightsGrad4AVX2((*byte)(unsafe.Pointer(p))) }},
}
