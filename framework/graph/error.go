package graph

import (
	"fmt"
	"path/filepath"
	"runtime"
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
	e := &ShapeError{Op: op, Detail: fmt.Sprintf(format, args...)}
	for _, n := range inputs {
		e.Inputs = append(e.Inputs, n.typeString())
	}
	e.File, e.Line = caller()
	panic(e)
}

// library lists the packages whose frames are not the user's.
var library = []string{"/framework/graph.", "/framework/nn.", "/framework/optim.", "/framework/onnx."}

// caller finds the first frame outside of the model library.
func caller() (file string, line int) {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !inLibrary(f.Function) && !strings.HasPrefix(f.Function, "runtime.") {
			return f.File, f.Line
		}
		if !more {
			return "", 0
		}
	}
}

func inLibrary(function string) bool {
	for _, p := range library {
		if strings.Contains(function, p) {
			return true
		}
	}
	return false
}

// Trace calls f, which builds nodes, and returns the *ShapeError with which it
// panicked. Other panics pass through.
func Trace(f func()) (err error) {
	defer recoverShape(&err)
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
