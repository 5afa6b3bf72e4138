package chip

import "fmt"

// Check reports the first mistake of the program: a value outside the arena or
// its slot, an instruction with a missing value, or an operator that does not
// fit its values. Devices call it before they compile.
func (p *Program) Check() error {
	for i, v := range p.Values {
		if err := p.checkValue(v); err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
	}
	for i, in := range p.Instrs {
		if err := p.checkInstr(in); err != nil {
			return fmt.Errorf("instruction %d %s: %w", i, in.Label, err)
		}
	}
	return nil
}

func (p *Program) checkInstr(in Instr) error {
	if in.Op == nil {
		return fmt.Errorf("no operator")
	}
	for _, ids := range [2][]int{in.Args, in.Outs} {
		for _, id := range ids {
			if id < 0 || id >= len(p.Values) {
				return fmt.Errorf("%s: no value %d", in.Op.Name(), id)
			}
		}
	}
	for _, id := range in.Outs {
		if k := p.Values[id].Kind; k == Input || k == Constant {
			return fmt.Errorf("%s: writes to value %d, which is fixed", in.Op.Name(), id)
		}
	}
	return Check(in.Op, p.pick(in.Args), p.pick(in.Outs))
}

func (p *Program) checkValue(v Value) error {
	if !v.DType.OnDevice() {
		return fmt.Errorf("no device computes on %v", v.DType)
	}
	for _, d := range v.Shape {
		if d < 0 {
			return fmt.Errorf("negative dimension in %v", v.Shape)
		}
	}
	switch v.Kind {
	case Temp:
		if v.Offset < 0 || v.Offset%64 != 0 || v.Offset+v.Len()*v.DType.Size() > p.Arena {
			return fmt.Errorf("%v at offset %d does not fit an arena of %d bytes", v, v.Offset, p.Arena)
		}
		return nil
	case Input:
		return checkSlot(v, p.Inputs)
	case Output:
		return checkSlot(v, p.Outputs)
	case Variable:
		return checkSlot(v, p.Variables)
	case Constant:
		return checkConstant(v)
	}
	return fmt.Errorf("unknown kind %d", v.Kind)
}

func checkSlot(v Value, slots []Slot) error {
	if v.Index < 0 || v.Index >= len(slots) {
		return fmt.Errorf("no slot %d", v.Index)
	}
	if s := slots[v.Index]; s.DType != v.DType || s.Len() != v.Len() {
		return fmt.Errorf("%v does not fit slot %s, %v%v", v, s.Name, s.DType, s.Shape)
	}
	return nil
}

func checkConstant(v Value) error {
	dt, n := DType(0), 0
	switch s := v.Data.(type) {
	case []float32:
		dt, n = Float32, len(s)
	case []float64:
		dt, n = Float64, len(s)
	case []int32:
		dt, n = Int32, len(s)
	case []int64:
		dt, n = Int64, len(s)
	case []uint8:
		dt, n = Uint8, len(s)
	case []int8:
		dt, n = Int8, len(s)
	case []bool:
		dt, n = Bool, len(s)
	case []BFloat:
		dt, n = BFloat16, len(s)
	}
	if dt != v.DType || n != v.Len() {
		return fmt.Errorf("constant %v holds %d elements of %T", v, n, v.Data)
	}
	return nil
}

// Len returns the number of elements.
func (s Slot) Len() int { return Value{Shape: s.Shape}.Len() }
