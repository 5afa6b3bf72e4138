package graph

import (
	"fmt"
	"path"
	"reflect"
	"strings"

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
