package graph

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/macaw-ai/macaw/chip"
)

// Plan lists the instructions of the plan that was used last with all that was
// decided for them: fused operators, where each operand lies (bytes from the
// arena's begin and bytes long), and the temporary memory that is in use
// meanwhile. It is "" before the first run of a program with symbols.
func (e *Executable) Plan() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.plans) == 0 {
		return ""
	}
	s := e.plans[0]
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", statsOf(s.code))
	live := liveBytes(s.code)
	for i, in := range s.code.Instrs {
		fmt.Fprintf(&b, "%3d %s", i, describe(in.Op))
		if _, ok := in.Op.(*chip.Map); !ok { // describe has written its functions
			if a := fields(reflect.ValueOf(in.Op).Elem()); a != "" {
				fmt.Fprintf(&b, " %s", a)
			}
		}
		if in.Label != "" {
			fmt.Fprintf(&b, "  # %s", in.Label)
		}
		if c := s.calls[i]; c != nil && c.site != 0 {
			fmt.Fprintf(&b, ", %v", c.site)
		}
		fmt.Fprintf(&b, "\n      in  %s\n      out %s\n      arena %d of %d bytes in use\n",
			s.places(s.code.Ins(i)), s.places(s.code.OutsOf(i)), live[i], s.code.Arena)
	}
	return b.String()
}

// places describes operands by what they are and where they lie.
func (s *specialised) places(vs []chip.Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		bytes := v.Len() * v.DType.Size()
		name := ""
		switch v.Kind {
		case chip.Temp:
			name = fmt.Sprintf("@%d+%d", v.Offset, bytes)
		case chip.Input:
			name = fmt.Sprintf("input %q", s.inputs[v.Index].Op().Attrs.(InputAttrs).Name)
		case chip.Output:
			name = fmt.Sprintf("output %d", v.Index)
		case chip.Variable:
			name = s.vars[v.Index].name
		case chip.Constant:
			name = "constant"
		}
		parts[i] = name + " " + v.String()
	}
	return strings.Join(parts, ", ")
}

// liveBytes is how much of the arena holds something during each instruction:
// from the first writer of an offset to the last reader before it is written anew.
func liveBytes(p *chip.Program) []int {
	live := make([]int, len(p.Instrs))
	type use struct{ first, last, bytes int }
	open := map[int]*use{}
	finish := func(u *use) {
		for i := u.first; i <= u.last; i++ {
			live[i] += u.bytes
		}
	}
	for i := range p.Instrs {
		ins := p.Ins(i)
		for _, v := range ins {
			if u := open[v.Offset]; v.Kind == chip.Temp && u != nil {
				u.last = i
			}
		}
		for _, v := range p.OutsOf(i) {
			if v.Kind != chip.Temp {
				continue
			}
			bytes := v.Len() * v.DType.Size()
			if u := open[v.Offset]; u != nil {
				if u.last == i && u.bytes == bytes {
					continue // written in place
				}
				finish(u)
			}
			open[v.Offset] = &use{i, i, bytes}
		}
	}
	for _, u := range open {
		finish(u)
	}
	return live
}
