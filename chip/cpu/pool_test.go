package cpu

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestPoolRunsEveryPartOnce hammers small jobs, where mistakes of the hand-over show.
func TestPoolRunsEveryPartOnce(t *testing.T) {
	p := newPool(4)
	defer p.close()
	var counts [37]atomic.Int32
	for job := range 5000 {
		parts := job%len(counts) + 1
		p.run(parts, func(part, worker int) {
			if worker < 0 || worker >= 4 {
				t.Errorf("worker %d of 4", worker)
			}
			counts[part].Add(1)
		})
		for i := range counts {
			want := int32(0)
			if i < parts {
				want = 1
			}
			if got := counts[i].Swap(0); got != want {
				t.Fatalf("job %d: part %d ran %d times, want %d", job, i, got, want)
			}
		}
		if job%1000 == 999 {
			time.Sleep(time.Millisecond) // let the workers park
		}
	}
}

// TestPoolSharedByCallers lets several callers use one pool at once.
func TestPoolSharedByCallers(t *testing.T) {
	p := newPool(3)
	defer p.close()
	done := make(chan int)
	for range 4 {
		go func() {
			sum := 0
			for range 500 {
				var n atomic.Int32
				p.run(8, func(int, int) { n.Add(1) })
				sum += int(n.Load())
			}
			done <- sum
		}()
	}
	for range 4 {
		if got := <-done; got != 4000 {
			t.Errorf("a caller saw %d parts, want 4000", got)
		}
	}
}

// TestWorkersEnd closes one device and drops another.
func TestWorkersEnd(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	closed := New(Options{Threads: 3}).(*Device)
	closed.pool.run(9, func(int, int) {})
	closed.Close()
	func() {
		dropped := New(Options{Threads: 3}).(*Device)
		dropped.pool.run(9, func(int, int) {})
	}()
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	goleak.VerifyNone(t, ignore)
}

// BenchmarkPool is the cost of one fork and join without work.
func BenchmarkPool(b *testing.B) {
	p := newPool(2)
	defer p.close()
	var n [2]struct {
		v int
		_ [64]byte
	}
	body := func(part, _ int) { n[part].v++ }
	for b.Loop() {
		p.run(2, body)
	}
}
