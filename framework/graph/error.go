package graph

import (
	"fmt"
	"path/filepath"
	"strings"
)

// ShapeError is a mistake in the shapes or element types given to an operator.
// Operators panic with it; Trace, Compile, Eval and Run return it as an error.
type ShapeError struct {
	Op     string   // the operator's name
	Inputs []string // the operands, such as "float32[N 32]"
	Detail string   // what does not fit
	File   string   // where the model called the operator
	Line   int
}

// Error is "model.go:12: MatMul(float32[2 3], float32[4 5]): ...".
func (e *ShapeError) Error() string {
	msg := e.Op
	if len(e.Inputs) > 0 {
		msg += "(" + strings.Join(e.Inputs, ", ") + ")"
	}
	msg += ": " + e.Detail
	if e.File != "" {
		msg = fmt.Sprintf("%s:%d: %s", filepath.Base(e.File), e.Line, msg)
	}
	return msg
}

// Fail panics with a *ShapeError at the caller of the model library. Packages
// that build on graph report their own shape mistakes with it.
func Fail(op string, inputs []*Node, format string, args ...any) {
	failAt(here(), op, inputs, format, args...)
}

func failAt(at site, op string, inputs []*Node, format string, args ...any) {
	e := &ShapeError{Op: op, Detail: fmt.Sprintf(format, args...)}
	for _, n := range inputs {
		e.Inputs = append(e.Inputs, n.typeString())
	}
	e.File, e.Line = at.resolve()
	panic(e)
}

// Trace calls f, which builds nodes, and returns the *ShapeError with which it
// panicked. A nil node, variable or layer that f gives to the library is one
// too. Other panics pass through.
func Trace(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *ShapeError:
			err = r
		default:
			e := nilMistake(r)
			if e == nil {
				panic(r)
			}
			err = e
		}
	}()
	f()
	return nil
}

// recoverShape, deferred, turns a *ShapeError panic into *err.
func recoverShape(err *error) {
	switch r := recover().(type) {
	case nil:
	case *ShapeError:
		*err = r
	default:
		panic(r)
	}
}
