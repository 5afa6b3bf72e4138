package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Peak measures the single-precision fused multiply-add throughput of
// registers, in floating-point operations per second (a multiply-add is two),
// of one thread alone and of threads running together; 0 threads means
// GOMAXPROCS. It takes about a tenth of a second. Without a vector tier it is
// the speed of Go code.
func Peak(threads int) (one, together float64) { return peakOf(bestTier().fmaLoop, threads) }

// PeakInt8 is Peak for products of 8-bit integers added exactly in 32 bits, in
// multiplications and additions per second.
func PeakInt8(threads int) (one, together float64) { return peakOf(bestTier().intLoop, threads) }

// PeakBFloat is Peak for products of BFloat16 summed in single precision. It is
// that of single precision where the processor has no such products, as factors
// are then widened.
func PeakBFloat(threads int) (one, together float64) {
	t := bestTier()
	if t.bfloatLoop == nil {
		return peakOf(t.fmaLoop, threads)
	}
	return peakOf(t.bfloatLoop, threads)
}

// peakOf measures loop, which returns its number of operations.
func peakOf(loop func(rounds int) float64, threads int) (one, together float64) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	measure := func() float64 {
		best := 0.0
		for range 10 {
			const rounds = 200_000
			start := time.Now()
			flops := loop(rounds)
			best = max(best, flops/time.Since(start).Seconds())
		}
		return best
	}
	one = measure()
	rates := make([]float64, threads)
	var ready, done sync.WaitGroup
	ready.Add(threads)
	for i := range rates {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			rates[i] = measure()
		})
	}
	done.Wait()
	for _, r := range rates {
		together += r
	}
	return one, together
}

// sink keeps the compiler from dropping the loop.
var sink atomic.Int64

// goFMALoop multiplies and adds in four chains.
func goFMALoop(rounds int) float64 {
	a, b, c, d := float32(1), float32(2), float32(3), float32(4)
	for range rounds {
		a, b, c, d = a*0.5+1, b*0.5+1, c*0.5+1, d*0.5+1
	}
	sink.Store(int64(a + b + c + d))
	return 8 * float64(rounds)
}

// goIntLoop multiplies and adds integers in four chains.
func goIntLoop(rounds int) float64 {
	a, b, c, d := int32(1), int32(2), int32(3), int32(4)
	for i := range int32(rounds) {
		a, b, c, d = a*i+1, b*i+1, c*i+1, d*i+1
	}
	sink.Store(int64(a + b + c + d))
	return 8 * float64(rounds)
}
