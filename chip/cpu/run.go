package cpu

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// executable is a compiled program.
type executable struct {
	dev     *Device // keeps the workers alive
	pool    *pool
	tier    *tier
	program *chip.Program
	views   []view // of program.Values
	arena   unsafe.Pointer
	kernels []kernel
	held    []*prepacked // weights that the kernels read

	shared    []float32   // scratch of one kernel, seen by all workers
	locals    [][]float32 // scratch of one kernel and one worker
	tiles     []workTile  // of each worker
	wide      []wideView  // factors in float32, in scratch of their own
	wideLen   int
	sharedLen int
	localLen  int

	running sync.Mutex
	closed  bool
}

// workTile is a worker's tile and the memory that rows which do not count are written to.
type workTile struct {
	tile
	spare [maxCols]float32
	_     [64]byte // so that two workers share no cache line
}

// tile gives a worker's tile, set for one segment.
func (x *executable) tile(worker int) *tile {
	t := &x.tiles[worker].tile
	t.segs = uintptr(unsafe.Pointer(&oneSegment))
	return t
}

func (x *executable) spare(worker int) uintptr {
	return uintptr(unsafe.Pointer(&x.tiles[worker].spare))
}

// Run executes the program. Two calls at once are an error of the second.
func (x *executable) Run(inputs, outputs, variables []chip.Buffer) error {
	if err := x.enter(inputs, outputs, variables); err != nil {
		return err
	}
	defer x.leave(inputs, outputs, variables)
	return x.execute(nil)
}

// Close lets go of the program's memory.
func (x *executable) Close() {
	x.running.Lock()
	defer x.running.Unlock()
	x.closed = true
	x.views, x.kernels, x.held, x.shared, x.locals, x.arena = nil, nil, nil, nil, nil, nil
}

func (x *executable) bind(inputs, outputs, variables []chip.Buffer) error {
	if err := matchSlots("input", x.program.Inputs, inputs); err != nil {
		return err
	}
	if err := matchSlots("output", x.program.Outputs, outputs); err != nil {
		return err
	}
	if err := matchSlots("variable", x.program.Variables, variables); err != nil {
		return err
	}
	for i := range x.views {
		switch v := &x.program.Values[i]; v.Kind {
		case chip.Input:
			x.views[i].p = inputs[v.Index].(*buffer).p
		case chip.Output:
			x.views[i].p = outputs[v.Index].(*buffer).p
		case chip.Variable:
			x.views[i].p = variables[v.Index].(*buffer).p
		}
	}
	return nil
}

func matchSlots(what string, slots []chip.Slot, given []chip.Buffer) error {
	if len(slots) != len(given) {
		return fmt.Errorf("cpu: %d %ss given, the program has %d", len(given), what, len(slots))
	}
	for i, s := range slots {
		b, ok := given[i].(*buffer)
		switch {
		case !ok:
			return fmt.Errorf("cpu: %s %d (%s) is not a buffer of this kind of device", what, i, s.Name)
		case b.dead:
			return fmt.Errorf("cpu: %s %d (%s) was freed", what, i, s.Name)
		case b.dt != s.DType || b.n != s.Len():
			return fmt.Errorf("cpu: %s %d (%s) holds %d %v, want %d %v", what, i, s.Name, b.n, b.dt, s.Len(), s.DType)
		}
	}
	return nil
}
