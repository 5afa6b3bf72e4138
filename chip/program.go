package chip

import "fmt"

// Kind says where a value lives.
type Kind uint8

// Where values live.
const (
	Temp     Kind = iota // in the arena, at Value.Offset
	Input                // argument number Value.Index of Run
	Output               // result number Value.Index of Run
	Variable             // variable number Value.Index of Run; kept between runs
	Constant             // Value.Data, fixed at compile time
)

// Value is a typed array that instructions read and write. Several values may
// share storage (a reshape is a second value at the same place). Storage is
// row-major and contiguous.
type Value struct {
	DType  DType
	Shape  []int
	Kind   Kind
	Index  int // for Input, Output and Variable
	Offset int // bytes into the arena, a multiple of 64; for Temp
	Data   any // host slice of DType's Go type; for Constant
}

// Len returns the number of elements.
func (v Value) Len() int {
	n := 1
	for _, d := range v.Shape {
		n *= d
	}
	return n
}

// String is the type and shape, such as "float32[2 3]".
func (v Value) String() string { return fmt.Sprintf("%v%v", v.DType, v.Shape) }

// Instr applies one operator. Args and Outs index Program.Values. An output may
// share storage with an argument only where the operator's comment allows it.
type Instr struct {
	Op    Op
	Args  []int
	Outs  []int
	Label string // where it came from, for profiles and errors; may be empty
}

// Program is straight-line code over one planned arena. Instructions run in order.
type Program struct {
	Values    []Value
	Instrs    []Instr
	Inputs    []Slot // what Run's inputs must be
	Outputs   []Slot
	Variables []Slot
	Arena     int // bytes of temporary storage
}

// Slot is the type and length of a buffer that Run is given.
type Slot struct {
	Name  string
	DType DType
	Shape []int
}

// Ins returns the argument values of instruction i.
func (p *Program) Ins(i int) []Value { return p.pick(p.Instrs[i].Args) }

// OutsOf returns the output values of instruction i.
func (p *Program) OutsOf(i int) []Value { return p.pick(p.Instrs[i].Outs) }

func (p *Program) pick(ids []int) []Value {
	vs := make([]Value, len(ids))
	for i, id := range ids {
		vs[i] = p.Values[id]
	}
	return vs
}
