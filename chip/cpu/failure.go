package cpu

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/macaw-ai/macaw/chip"
)

// failure is a panic of a part of a job, with the stack of its worker.
type failure struct {
	value any
	stack []byte
}

// part runs one part of the job. A panic is kept for the caller of run, who
// stands on another goroutine where nobody else could recover it.
func (p *pool) part(i, worker int) {
	p.attempt(i, worker)
	p.done.Add(1)
}

func (p *pool) attempt(i, worker int) {
	defer func() {
		if r := recover(); r != nil {
			p.failed.CompareAndSwap(nil, &failure{r, debug.Stack()})
		}
	}()
	p.body(i, worker)
}

// rethrow panics with what a part of the finished job panicked with.
func (p *pool) rethrow() {
	if f := p.failed.Swap(nil); f != nil {
		panic(f)
	}
}

// brokenKernel is the error of a run whose kernel panicked: a mistake of this
// package, which must not end a server that has other models to run.
type brokenKernel struct {
	instr int
	in    chip.Instr
	value any
	Stack []byte
}

func (e *brokenKernel) Error() string {
	return fmt.Sprintf("cpu: instruction %d %s %s: the kernel failed: %v", e.instr, e.in.Op.Name(), e.in.Label, e.value)
}

// recoverKernel, deferred, turns a panic of instruction *at into *err.
func (x *executable) recoverKernel(at *int, err *error) {
	r := recover()
	if r == nil {
		return
	}
	e := &brokenKernel{instr: *at, in: x.program.Instrs[*at], value: r}
	if f, ok := r.(*failure); ok {
		e.value, e.Stack = f.value, f.stack
	} else {
		e.Stack = debug.Stack()
	}
	*err = e
}

// execute runs the kernels in order; after, when not nil, is told of each.
func (x *executable) execute(after func(i int) error) (err error) {
	at := 0
	defer x.recoverKernel(&at, &err)
	for i, k := range x.kernels {
		at = i
		if err := k(); err != nil {
			in := x.program.Instrs[i]
			return fmt.Errorf("cpu: instruction %d %s %s: %w", i, in.Op.Name(), in.Label, err)
		}
		if after != nil {
			if err := after(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// enter locks the executable for one run and binds the buffers; leave ends it.
func (x *executable) enter(inputs, outputs, variables []chip.Buffer) (err error) {
	if !x.running.TryLock() {
		return fmt.Errorf("cpu: the program is already running")
	}
	defer func() {
		if err != nil {
			x.running.Unlock()
		}
	}()
	if x.closed {
		return fmt.Errorf("cpu: the program is closed")
	}
	return x.bind(inputs, outputs, variables)
}

func (x *executable) leave(inputs, outputs, variables []chip.Buffer) {
	runtime.KeepAlive(inputs) // kernels hold addresses alone
	runtime.KeepAlive(outputs)
	runtime.KeepAlive(variables)
	x.running.Unlock()
}
