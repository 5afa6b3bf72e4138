package graph

import (
	"runtime"
	"strings"
)

// modelPackages hold the functions that models call with nodes and variables.
var modelPackages = []string{library + "graph.", library + "nn.", library + "optim."}

// nilMistake explains a nil node, variable or layer that a model gave to the
// library: r is what a function panicked with, and the stack is still that of
// the panic. It returns nil for anything else.
func nilMistake(r any) *ShapeError {
	err, ok := r.(runtime.Error)
	if !ok || !strings.Contains(err.Error(), "nil pointer dereference") {
		return nil
	}
	var pcs [128]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	fault := false // whether the frames of the panic itself are passed
	e := &ShapeError{Detail: "a node, variable or layer that it was given is nil"}
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.sigpanic":
			fault = true
		case !fault:
		case inLibrary(f):
			name, ok := modelFunction(f.Function)
			if e.Op == "" && !ok && !strings.HasPrefix(f.Function, library+"tensor.") {
				return nil
			}
			if ok {
				e.Op = name
			}
		default:
			if e.Op == "" {
				return nil
			}
			e.File, e.Line = f.File, f.Line
			return e
		}
		if !more {
			return nil
		}
	}
}

// modelFunction gives the function's name without its package.
func modelFunction(full string) (name string, ok bool) {
	for _, p := range modelPackages {
		if name, ok = strings.CutPrefix(full, p); ok {
			return strings.NewReplacer("(*", "", ")", "").Replace(name), true
		}
	}
	return "", false
}
