package graph

import (
	"fmt"
	"path"
	"reflect"
	"strings"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// String lists the nodes, one a line: number, operator with operands and
// attributes, type, and where the model made it. Lines are under the layer
// whose variables they use, by the variables' names; a node without a variable
// of its own stands under the layer before it. Gradients are listed under the
// layer that they belong to, marked by ∂. Assignments come last.
func (g *Graph) String() string {
	var b strings.Builder
	scope := ""
	for _, n := range g.nodes {
		if s := n.call.scope(); s != "" && s != scope {
			scope = s
			fmt.Fprintf(&b, "%s\n", scope)
		}
		fmt.Fprintf(&b, "  %s", n.line())
		if n.index == 0 {
			if at := n.call.site.String(); at != "" {
				fmt.Fprintf(&b, "  # %s", at)
			}
		}
		b.WriteByte('\n')
	}
	for _, a := range g.assigns {
		fmt.Fprintf(&b, "%s := %%%d\n", a.variable.name, a.value.id)
	}
	return b.String()
}

// line is "%7 Conv2D(%1, %4) Pad=1 float32[N 28 28 6]".
func (n *Node) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%%%d %s", n.id, n.call.op.name)
	if n.index > 0 {
		fmt.Fprintf(&b, ".%d", n.index)
	}
	if len(n.call.in) > 0 {
		ids := make([]string, len(n.call.in))
		for i, in := range n.call.in {
			ids[i] = fmt.Sprintf("%%%d", in.id)
		}
		b.WriteString("(" + strings.Join(ids, ", ") + ")")
	}
	if a := attributes(n.call.attrs); a != "" {
		b.WriteString(" " + a)
	}
	return b.String() + " " + n.typeString()
}

// scope is the layer that a call belongs to, "" when its operands do not tell.
func (c *call) scope() string {
	if c.of != nil {
		if s := c.of.scope(); s != "" {
			return "∂ " + s
		}
		return ""
	}
	if v, ok := c.attrs.(VarAttrs); ok {
		return layerOf(v.Variable)
	}
	for _, n := range c.in {
		if v, ok := n.call.attrs.(VarAttrs); ok {
			return layerOf(v.Variable)
		}
	}
	return ""
}

// layerOf is "block1/conv" of "block1/conv/weight".
func layerOf(v *Variable) string {
	if dir := path.Dir(v.name); dir != "." {
		return dir
	}
	return ""
}

// smallConst is how many elements of a constant are printed.
const smallConst = 4

// attributes writes attributes that are not zero as "Axis=1 Keep=true".
func attributes(attrs any) string {
	switch a := attrs.(type) {
	case nil:
		return ""
	case InputAttrs:
		return fmt.Sprintf("%q", a.Name)
	case VarAttrs:
		return fmt.Sprintf("%q", a.Variable.name)
	case ConstAttrs:
		if a.Value.Len() <= smallConst {
			return fmt.Sprint(a.Value.Data())
		}
		return ""
	case updateAttrs:
		return strings.TrimSpace(a.op.Name() + " " + fields(reflect.ValueOf(a.op).Elem()))
	}
	v := reflect.ValueOf(attrs)
	if v.Kind() != reflect.Struct {
		return fmt.Sprint(attrs)
	}
	return fields(v)
}

func fields(v reflect.Value) string {
	var parts []string
	for i := range v.NumField() {
		f, field := v.Type().Field(i), v.Field(i)
		if !f.IsExported() || field.IsZero() {
			continue
		}
		if t, ok := field.Interface().(*tensor.Tensor); ok {
			parts = append(parts, fmt.Sprintf("%s=%v", f.Name, t))
			continue
		}
		if f.Anonymous && field.Kind() == reflect.Struct {
			parts = append(parts, fields(field))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s=%v", f.Name, field.Interface()))
	}
	return strings.Join(parts, " ")
}

// DOT writes the graph for Graphviz: a box for each node, one cluster for each
// layer, an arrow from each operand. Constants and the results of one operator
// but the first are left out.
func (g *Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph {\n\trankdir=TB; node [shape=box, fontsize=10];\n")
	var order []string
	members := map[string][]*Node{}
	for _, n := range g.nodes {
		if _, constant := n.call.attrs.(ConstAttrs); constant || n.index > 0 {
			continue
		}
		s := n.call.scope()
		if members[s] == nil {
			order = append(order, s)
		}
		members[s] = append(members[s], n)
	}
	for i, s := range order {
		indent := "\t"
		if s != "" {
			fmt.Fprintf(&b, "\tsubgraph cluster%d {\n\t\tlabel=%q;\n", i, s)
			indent = "\t\t"
		}
		for _, n := range members[s] {
			fmt.Fprintf(&b, "%sn%d [label=%q];\n", indent, n.id, dotLabel(n))
		}
		if s != "" {
			b.WriteString("\t}\n")
		}
	}
	for _, n := range g.nodes {
		if n.index > 0 {
			continue
		}
		for _, in := range n.call.in {
			if _, constant := in.call.attrs.(ConstAttrs); !constant {
				fmt.Fprintf(&b, "\tn%d -> n%d;\n", in.call.out[0].id, n.id)
			}
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func dotLabel(n *Node) string {
	label := fmt.Sprintf("%%%d %s", n.id, n.call.op.name)
	if a := attributes(n.call.attrs); a != "" {
		label += "\n" + a
	}
	return label + "\n" + n.typeString()
}

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
