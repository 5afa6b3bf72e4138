package graph

import (
	"fmt"
	"strings"

	"github.com/macaw-ai/macaw/chip"
)

// Dump lists the instructions of the plan that was used last, one a line:
// results, operator, operands, label.
func (e *Executable) Dump() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.plans) == 0 {
		return ""
	}
	p := e.plans[0].code
	var b strings.Builder
	for i, in := range p.Instrs {
		fmt.Fprintf(&b, "%3d %s = %s(%s)", i, operands(p.OutsOf(i)), describe(in.Op), operands(p.Ins(i)))
		if in.Label != "" {
			fmt.Fprintf(&b, "  # %s", in.Label)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func describe(op chip.Op) string {
	if m, ok := op.(*chip.Map); ok {
		names := make([]string, len(m.Code))
		for i, c := range m.Code {
			names[i] = c.Fn.String()
			if c.Fn == chip.FnConst {
				names[i] = fmt.Sprint(c.Imm)
			}
		}
		return "Map[" + strings.Join(names, " ") + "]"
	}
	return op.Name()
}

func operands(vs []chip.Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		place := ""
		switch v.Kind {
		case chip.Temp:
			place = fmt.Sprintf("@%d", v.Offset)
		case chip.Input:
			place = fmt.Sprintf("in%d", v.Index)
		case chip.Output:
			place = fmt.Sprintf("out%d", v.Index)
		case chip.Variable:
			place = fmt.Sprintf("var%d", v.Index)
		case chip.Constant:
			place = "const"
		}
		parts[i] = place + fmt.Sprint(v.Shape)
	}
	return strings.Join(parts, ", ")
}
