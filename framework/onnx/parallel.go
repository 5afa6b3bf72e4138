package onnx

import "sync"

// parallel calls f on parts of 0..n-1, at most threads of them at a time; parts
// hold at least grain items. A panic of f is raised again in the caller.
func parallel(threads, n, grain int, f func(lo, hi int)) {
	parts := min(threads, n/max(grain, 1))
	if parts <= 1 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed any
	for p := range parts {
		lo, hi := n*p/parts, n*(p+1)/parts
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					mu.Lock()
					failed = r
					mu.Unlock()
				}
			}()
			f(lo, hi)
		})
	}
	wg.Wait()
	if failed != nil {
		panic(failed)
	}
}
