package cpu

import (
	"fmt"
	"runtime"
	"time"

	"github.com/macaw-ai/macaw/chip"
)

var _ chip.Timed = (*executable)(nil)

// RunTimed is Run; it adds the nanoseconds of instruction i to nanos[i].
func (x *executable) RunTimed(inputs, outputs, variables []chip.Buffer, nanos []int64) error {
	if !x.running.TryLock() {
		return fmt.Errorf("cpu: the program is already running")
	}
	defer x.running.Unlock()
	if x.closed {
		return fmt.Errorf("cpu: the program is closed")
	}
	if len(nanos) != len(x.kernels) {
		return fmt.Errorf("cpu: %d times for %d instructions", len(nanos), len(x.kernels))
	}
	if err := x.bind(inputs, outputs, variables); err != nil {
		return err
	}
	last := time.Now()
	for i, k := range x.kernels {
		if err := k(); err != nil {
			in := x.program.Instrs[i]
			return fmt.Errorf("cpu: instruction %d %s %s: %w", i, in.Op.Name(), in.Label, err)
		}
		now := time.Now()
		nanos[i] += now.Sub(last).Nanoseconds()
		last = now
	}
	runtime.KeepAlive(inputs)
	runtime.KeepAlive(outputs)
	runtime.KeepAlive(variables)
	return nil
}
