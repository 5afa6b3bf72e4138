package graph

import (
	"iter"

	"github.com/macaw-ai/macaw/chip"
)

// CompilePlain compiles without optimising passes, for comparison.
func CompilePlain(dev chip.Device, p Program) (*Executable, error) {
	return compile(dev, p.graph(), p, plain)
}

// Operands yields each instruction of the last plan with its operands' types.
func Operands(e *Executable) iter.Seq2[chip.Op, []chip.DType] {
	return func(yield func(chip.Op, []chip.DType) bool) {
		code := e.plans[0].code
		for i, in := range code.Instrs {
			var types []chip.DType
			for _, v := range code.Ins(i) {
				types = append(types, v.DType)
			}
			if !yield(in.Op, types) {
				return
			}
		}
	}
}
