// Package chip is the contract between the training framework and whatever
// computes: a Program is the lowered form of a graph, a Device runs it.
//
// Nothing here assumes host memory or one kind of processor. A device that
// cannot run an operator says so in Supports, and the framework refuses or
// falls back, visibly. Package chiptest is the suite that makes something a chip.
package chip

// Info describes a device to people and to schedulers.
type Info struct {
	Kind     string   // "cpu", "cuda", ...
	Model    string   // as the maker names it
	Threads  int      // workers that one program uses
	Features []string // instruction sets or capabilities in use, such as "avx2"
	Memory   int64    // bytes a program may use; 0 means unknown
}

// Device is one thing that computes.
type Device interface {
	Info() Info
	// Supports reports whether the device has a kernel for op on these values.
	Supports(op Op, ins, outs []Value) bool
	// NewBuffer allocates n elements of dt, zeroed. n may be 0.
	NewBuffer(dt DType, n int) (Buffer, error)
	// Compile checks and prepares p. The program must not change afterwards.
	Compile(p *Program) (Executable, error)
}

// Buffer is device memory of one element type. Read and Write move whole
// buffers from and to a host slice of the matching Go type ([]float32 for
// Float32, []bool for Bool, ...) of the same length.
type Buffer interface {
	DType() DType
	Len() int
	Read(dst any) error
	Write(src any) error
	Free()
}

// Wrapper is offered by devices that compute in host memory: Wrap makes a
// buffer of a host slice without copying.
type Wrapper interface {
	Wrap(data any) (Buffer, error)
}

// Executable is a compiled program. One executable runs once at a time; a
// steady-state Run allocates nothing.
type Executable interface {
	// Run executes the program. The slices match Program.Inputs, Outputs and
	// Variables in number, type and length; buffers must come from the same device.
	Run(inputs, outputs, variables []Buffer) error
	Close()
}
