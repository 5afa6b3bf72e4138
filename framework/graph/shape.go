package graph

import (
	"fmt"
	"slices"
	"strings"
)

// Shape is the dimensions of a node, outermost first; a scalar has none.
type Shape []Dim

// Dims makes dimensions of ints (constants), strings (symbols) and Dims. It
// panics on any other type.
func Dims(dims ...any) Shape {
	s := make(Shape, len(dims))
	for i, d := range dims {
		switch d := d.(type) {
		case int:
			s[i] = Const(d)
		case string:
			s[i] = Symbol(d)
		case Dim:
			s[i] = d
		default:
			Fail("Dims", nil, "a dimension is an int, a string or a Dim, not %T", d)
		}
	}
	return s
}

// Ints makes a Shape of constants.
func Ints(dims ...int) Shape {
	s := make(Shape, len(dims))
	for i, d := range dims {
		s[i] = Const(d)
	}
	return s
}

// Equal reports whether s and t have equal dimensions.
func (s Shape) Equal(t Shape) bool { return slices.EqualFunc(s, t, Dim.Equal) }

// Size returns the number of elements.
func (s Shape) Size() Dim {
	n := Const(1)
	for _, d := range s {
		n = n.Mul(d)
	}
	return n
}

// Known returns the dimensions as ints when all are constant.
func (s Shape) Known() (dims []int, ok bool) {
	dims = make([]int, len(s))
	for i, d := range s {
		if dims[i], ok = d.Known(); !ok {
			return nil, false
		}
	}
	return dims, true
}

// Eval computes all dimensions with the given symbols.
func (s Shape) Eval(symbols map[string]int) ([]int, error) {
	dims := make([]int, len(s))
	for i, d := range s {
		n, err := d.Eval(symbols)
		if err != nil {
			return nil, err
		}
		if n < 0 {
			return nil, fmt.Errorf("dimension %v becomes %d", d, n)
		}
		dims[i] = n
	}
	return dims, nil
}

// String writes s as "[N 32 32 3]".
func (s Shape) String() string {
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = d.String()
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// broadcast returns the common shape by numpy's rule: aligned at the right,
// dimensions are equal or one of them is 1.
func broadcast(a, b Shape) (Shape, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	offset := len(a) - len(b)
	for i, d := range b {
		switch e := a[offset+i]; {
		case d.Equal(e) || d.Is(1):
		case e.Is(1):
			out[offset+i] = d
		default:
			return nil, false
		}
	}
	return out, true
}
