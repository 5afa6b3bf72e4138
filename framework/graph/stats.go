package graph

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
)

// Stats describes a plan.
type Stats struct {
	Instrs int   // instructions of one run
	FLOPs  int64 // multiplications and additions of products and convolutions, and one per elementwise step
	Bytes  int64 // read and written by instructions, each operand once
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
		s.FLOPs += flops(in.Op, p.Ins(i), p.OutsOf(i))
		for _, v := range append(p.Ins(i), p.OutsOf(i)...) {
			s.Bytes += int64(v.Len() * v.DType.Size())
		}
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

// flops counts the arithmetic of one instruction.
func flops(op chip.Op, ins, outs []chip.Value) int64 {
	switch op := op.(type) {
	case *chip.Gemm:
		a := ins[0].Shape
		k := a[len(a)-1]
		if op.TransA {
			k = a[len(a)-2]
		}
		return 2 * int64(outs[0].Len()) * int64(k)
	case *chip.Conv:
		return 2 * int64(outs[0].Len()) * int64(perFilter(ins[1]))
	case *chip.GemmInt8:
		return 2 * int64(outs[0].Len()) * int64(ins[1].Shape[0])
	case *chip.ConvInt8:
		return 2 * int64(outs[0].Len()) * int64(perFilter(ins[1]))
	case *chip.ConvGradInput:
		return 2 * int64(ins[0].Len()) * int64(perFilter(ins[1]))
	case *chip.ConvGradWeight:
		return 2 * int64(ins[1].Len()) * int64(perFilter(outs[0]))
	case *chip.LSTM, *chip.LSTMGrad, *chip.GRU, *chip.GRUGrad: // the product of each step with the recurrent weights
		gates, hidden := ins[0], outs[1].Shape[1]
		return 2 * int64(gates.Len()) * int64(hidden)
	case *chip.Map:
		return int64(outs[0].Len()) * int64(len(op.Code))
	}
	n := 0
	for _, v := range ins {
		n = max(n, v.Len())
	}
	return int64(n)
}

// perFilter is the number of weights of one filter of w [KH,KW,C,K].
func perFilter(w chip.Value) int { return w.Shape[0] * w.Shape[1] * w.Shape[2] }
