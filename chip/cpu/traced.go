package cpu

import (
	"sync"
	"time"

	"github.com/macaw-ai/macaw/chip"
)

// tracer notes when each worker was busy with parts of the current instruction.
type tracer struct {
	began time.Time
	mu    sync.Mutex
	busy  []chip.Span // by worker; End 0 where the worker did nothing
}

// note widens worker's span to [from, to].
func (t *tracer) note(worker int, from, to time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.busy[worker]
	if s.End == 0 {
		s.Start = from.Sub(t.began).Nanoseconds()
	}
	s.End = to.Sub(t.began).Nanoseconds()
}

// tracedPart is part with a note of its time. Counting the part in done comes
// last, so that the caller of run sees the note.
func (p *pool) tracedPart(t *tracer, i, worker int) {
	from := time.Now()
	p.attempt(i, worker)
	t.note(worker, from, time.Now())
	p.done.Add(1)
}

// RunTraced is Run; it reports for every instruction and worker from when to
// when, in nanoseconds from the start of the run, the worker had parts of it.
func (x *executable) RunTraced(inputs, outputs, variables []chip.Buffer, span func(chip.Span)) error {
	if err := x.enter(inputs, outputs, variables); err != nil {
		return err
	}
	defer x.leave(inputs, outputs, variables)
	t := &tracer{began: time.Now(), busy: make([]chip.Span, x.pool.threads)}
	x.pool.tracer.Store(t)
	defer x.pool.tracer.Store(nil)
	start := int64(0)
	return x.execute(func(i int) error {
		end := time.Since(t.began).Nanoseconds()
		span(chip.Span{Instr: i, Start: start, End: end})
		for w, s := range t.busy[1:] {
			if s.End > 0 {
				span(chip.Span{Instr: i, Worker: w + 1, Start: s.Start, End: s.End})
			}
		}
		clear(t.busy)
		start = time.Since(t.began).Nanoseconds()
		return nil
	})
}
