package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// pool runs the parts of a job on a fixed set of workers. The caller of run is
// worker 0 and takes parts like the others, so that a worker that the system
// holds back delays nobody: the rest take its parts.
type pool struct {
	threads int

	busy sync.Mutex // held by the caller whose job runs
	body func(part, worker int)
	// ticket is parts<<32 | next part. Taking a part is a compare-and-swap;
	// whoever wins it may read body until the part is counted in done.
	ticket atomic.Uint64
	done   atomic.Int64
	failed atomic.Pointer[failure] // the first panic of the job
	tracer atomic.Pointer[tracer]  // nil but in a traced run

	start   sync.Once
	workers []*worker
	closed  atomic.Bool
}

// worker is one goroutine. It spins for a while after its last part, then parks.
type worker struct {
	parked atomic.Bool
	wake   chan struct{} // one token for each change of parked from true to false
}

// spins is how often an idle worker looks for work before it parks, and
// roughly 30 µs: longer than the serial parts between two kernels, shorter
// than anything a neighbour would notice.
const spins = 4000

func newPool(threads int) *pool {
	p := &pool{threads: threads}
	for range threads - 1 {
		p.workers = append(p.workers, &worker{wake: make(chan struct{}, 1)})
	}
	return p
}

// run calls body for every part in [0, parts) and returns when all are done.
// worker tells apart the goroutines that run at the same time: it is in
// [0, threads). When another job holds the pool, the caller does all parts.
func (p *pool) run(parts int, body func(part, worker int)) {
	if parts <= 1 || len(p.workers) == 0 || p.closed.Load() || !p.busy.TryLock() {
		for i := range parts {
			body(i, 0)
		}
		return
	}
	defer p.busy.Unlock()
	p.start.Do(p.startWorkers)
	p.body = body
	p.done.Store(0)
	p.ticket.Store(uint64(parts) << 32)
	for _, w := range p.workers[:min(parts-1, len(p.workers))] {
		w.unpark()
	}
	p.take(0)
	for n := 0; p.done.Load() < int64(parts); n++ {
		pause(n)
	}
	p.rethrow()
}

// take works on parts until none is left.
func (p *pool) take(worker int) {
	for {
		t := p.ticket.Load()
		if uint32(t) >= uint32(t>>32) {
			return
		}
		if p.ticket.CompareAndSwap(t, t+1) {
			if tr := p.tracer.Load(); tr != nil {
				p.tracedPart(tr, int(uint32(t)), worker)
				continue
			}
			p.part(int(uint32(t)), worker)
		}
	}
}

func (p *pool) startWorkers() {
	for i, w := range p.workers {
		go p.work(w, i+1)
	}
}

func (p *pool) work(w *worker, id int) {
	for !p.closed.Load() {
		p.take(id)
		if p.awaitWork() {
			continue
		}
		w.parked.Store(true)
		if p.pending() || p.closed.Load() {
			w.unpark()
		}
		<-w.wake
	}
}

// awaitWork spins and reports whether work came.
func (p *pool) awaitWork() bool {
	for n := range spins {
		if p.pending() {
			return true
		}
		pause(n)
	}
	return false
}

func (p *pool) pending() bool {
	t := p.ticket.Load()
	return uint32(t) < uint32(t>>32)
}

// unpark wakes the worker if it has parked.
func (w *worker) unpark() {
	if w.parked.CompareAndSwap(true, false) {
		w.wake <- struct{}{}
	}
}

func (p *pool) close() {
	p.closed.Store(true)
	for _, w := range p.workers {
		w.unpark()
	}
}

// pause waits a moment; now and then it lets other goroutines run.
func pause(n int) {
	if n&127 == 127 {
		runtime.Gosched()
	}
	spinPause()
}
