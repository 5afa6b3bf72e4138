package graph

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
)

// Stats describes a plan.
type Stats struct {
	Instrs int   // instructions of one run
	FLOPs  int64 // see chip.FLOPs
	Bytes  int64 // read and written by instructions; see chip.Bytes
	Arena  int64 // peak of temporary memory
	Fixed  int64 // variables and constants
}

// String writes s on one line.
func (s Stats) String() string {
	return fmt.Sprintf("%d instructions, %.1f MFLOP, %.1f MB moved, arena %.2f MB, variables and constants %.2f MB",
		s.Instrs, float64(s.FLOPs)/1e6, float64(s.Bytes)/1e6, float64(s.Arena)/1e6, float64(s.Fixed)/1e6)
}

// Stats describes the plan that was used last. It is zero before the first
// run of a program with symbolic shapes.
func (e *Executable) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.plans) == 0 {
		return Stats{}
	}
	return statsOf(e.plans[0].code)
}

func statsOf(p *chip.Program) Stats {
	s := Stats{Instrs: len(p.Instrs), Arena: int64(p.Arena)}
	for i, in := range p.Instrs {
		s.FLOPs += chip.FLOPs(in.Op, p.Ins(i), p.OutsOf(i))
		s.Bytes += chip.Bytes(in.Op, p.Ins(i), p.OutsOf(i))
	}
	for _, v := range p.Variables {
		s.Fixed += int64(chip.Value{Shape: v.Shape}.Len() * v.DType.Size())
	}
	for _, v := range p.Values {
		if v.Kind == chip.Constant {
			s.Fixed += int64(v.Len() * v.DType.Size())
		}
	}
	return s
}
