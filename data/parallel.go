package data

import (
	"context"
	"runtime"
	"sync"
)

// parallel calls f(0) to f(n-1) on all cores.
func parallel(n int, f func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w * n / workers; i < (w+1)*n/workers; i++ {
				f(i)
			}
		})
	}
	wg.Wait()
}

// ahead is how many results may wait for their turn in inOrder.
const ahead = 64

// inOrder calls work for every item on all cores, and take with the results in the
// items' order from the calling goroutine. It stops at take's first error or when
// ctx ends, and returns when all its goroutines have.
func inOrder[T, R any](ctx context.Context, items []T, work func(T) R, take func(T, R) error) error {
	slots := make(chan chan R, ahead)
	jobs := make(chan func())
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	for range min(runtime.GOMAXPROCS(0)+1, len(items)) {
		wg.Go(func() {
			for job := range jobs {
				job()
			}
		})
	}
	wg.Go(func() {
		defer close(slots)
		defer close(jobs)
		for _, item := range items {
			slot := make(chan R, 1)
			select {
			case slots <- slot:
			case <-stop:
				return
			}
			select {
			case jobs <- func() { slot <- work(item) }:
			case <-stop:
				return
			}
		}
	})
	i := 0
	for slot := range slots {
		select {
		case r := <-slot:
			if err := take(items[i], r); err != nil {
				return err
			}
			i++
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
