package cpu

import (
	"fmt"
	"time"

	"github.com/macaw-ai/macaw/chip"
)

var (
	_ chip.Timed   = (*executable)(nil)
	_ chip.Stepped = (*executable)(nil)
	_ chip.Traced  = (*executable)(nil)
)

// RunTimed is Run; it adds the nanoseconds of instruction i to nanos[i].
func (x *executable) RunTimed(inputs, outputs, variables []chip.Buffer, nanos []int64) error {
	if len(nanos) != len(x.kernels) {
		return fmt.Errorf("cpu: %d times for %d instructions", len(nanos), len(x.kernels))
	}
	if err := x.enter(inputs, outputs, variables); err != nil {
		return err
	}
	defer x.leave(inputs, outputs, variables)
	last := time.Now()
	return x.execute(func(i int) error {
		now := time.Now()
		nanos[i] += now.Sub(last).Nanoseconds()
		last = now
		return nil
	})
}

// RunSteps is Run; it calls before and after around every instruction.
func (x *executable) RunSteps(inputs, outputs, variables []chip.Buffer, before, after func(i int, value func(id int) any) error) error {
	if err := x.enter(inputs, outputs, variables); err != nil {
		return err
	}
	defer x.leave(inputs, outputs, variables)
	if len(x.kernels) > 0 {
		if err := before(0, x.host); err != nil {
			return err
		}
	}
	return x.execute(func(i int) error {
		if err := after(i, x.host); err != nil || i+1 == len(x.kernels) {
			return err
		}
		return before(i+1, x.host)
	})
}

// host is the memory of a value as a Go slice of its type.
func (x *executable) host(id int) any {
	v := &x.views[id]
	switch x.program.Values[id].DType {
	case chip.Float32:
		return v.f32()
	case chip.Float64:
		return of[float64](v)
	case chip.Int32:
		return v.i32()
	case chip.Int64:
		return v.i64()
	case chip.Uint8:
		return of[uint8](v)
	case chip.Int8:
		return of[int8](v)
	case chip.Bool:
		return of[bool](v)
	case chip.BFloat16:
		return of[chip.BFloat](v)
	}
	return nil
}
