package cpu

import (
	"runtime"
	"sync"
	"time"
)

// Bandwidth measures how many bytes a second threads together read and write
// in a sum of two arrays into a third, all far larger than a cache; 0 threads
// means GOMAXPROCS. What the processor reads before it overwrites a line is not
// counted, as in the STREAM benchmark (McCalpin 1995). It takes about a fifth
// of a second.
func Bandwidth(threads int) float64 {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	const n = 8 << 20 // 32 MiB an array
	add := bestTier().add
	a, b, c := alignedFloats(n), alignedFloats(n), alignedFloats(n)
	pass := func() {
		var done sync.WaitGroup
		for i := range threads {
			lo, hi := i*n/threads, (i+1)*n/threads
			done.Go(func() { add(a[lo:hi], b[lo:hi], c[lo:hi]) })
		}
		done.Wait()
	}
	pass() // so that the memory exists
	best := 0.0
	for range 8 {
		start := time.Now()
		pass()
		best = max(best, 12*n/time.Since(start).Seconds())
	}
	return best
}
