package chip

// Timed is offered by executables that can time their instructions.
type Timed interface {
	// RunTimed is Run; it adds the nanoseconds of instruction i to nanos[i].
	RunTimed(inputs, outputs, variables []Buffer, nanos []int64) error
}

// Traced is offered by executables that can tell what each worker did when.
type Traced interface {
	// RunTraced is Run; it calls span for every instruction once for worker 0,
	// who drives the program, and for each other worker who took part.
	RunTraced(inputs, outputs, variables []Buffer, span func(Span)) error
}

// Span is the work of one worker on one instruction, in nanoseconds from the
// start of the run.
type Span struct {
	Instr, Worker int
	Start, End    int64
}

// Stepped is offered by executables that can show the values between their
// instructions, to find where a number goes wrong.
type Stepped interface {
	// RunSteps is Run; it calls before and after around instruction i. value
	// gives the elements of Program.Values[id] as they are then, a Go slice of
	// the value's type that must not be kept or changed. An error of either
	// function ends the run and is returned.
	RunSteps(inputs, outputs, variables []Buffer, before, after func(i int, value func(id int) any) error) error
}
