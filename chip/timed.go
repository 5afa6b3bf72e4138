package chip

// Timed is offered by executables that can time their instructions.
type Timed interface {
	// RunTimed is Run; it adds the nanoseconds of instruction i to nanos[i].
	RunTimed(inputs, outputs, variables []Buffer, nanos []int64) error
}
