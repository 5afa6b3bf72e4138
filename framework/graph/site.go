package graph

import (
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// site is where a model made a node: the program counter of the first frame
// outside of the model library, 0 when there is none. It is resolved to a file
// and line only when somebody asks.
type site uintptr

// libraryFrames bounds how deep the library may nest below the model.
const libraryFrames = 64

// here finds the site of the calling function's work. Most chains are short,
// so the stack is read in pieces.
func here() site {
	var pcs [8]uintptr
	for skip := 2; skip < libraryFrames; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for _, pc := range pcs[:n] {
			if !libraryAt(pc) {
				return site(pc)
			}
		}
		if n < len(pcs) {
			break
		}
	}
	return 0
}

// known remembers for program counters whether they are in the library. A
// program has few places that call operators.
var known sync.Map // uintptr to bool

func libraryAt(pc uintptr) bool {
	if in, ok := known.Load(pc); ok {
		return in.(bool)
	}
	f := frameOf(pc)
	in := f.Function == "" || inLibrary(f)
	known.Store(pc, in)
	return in
}

func frameOf(pc uintptr) runtime.Frame {
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return f
}

// library is what the names of all functions of the model library have in
// common; tests of the library are models.
const library = "github.com/macaw-ai/macaw/framework/"

func inLibrary(f runtime.Frame) bool {
	return strings.HasPrefix(f.Function, "runtime.") ||
		strings.HasPrefix(f.Function, library) && !strings.HasSuffix(f.File, "_test.go")
}

// resolve returns the file and line, or "" and 0.
func (s site) resolve() (file string, line int) {
	if s == 0 {
		return "", 0
	}
	f := frameOf(uintptr(s))
	return f.File, f.Line
}

// String is "model.go:12", or "" when the site is unknown.
func (s site) String() string {
	file, line := s.resolve()
	if file == "" {
		return ""
	}
	return filepath.Base(file) + ":" + strconv.Itoa(line)
}

// Site returns the file and line of the model that made n: the first caller
// outside of the framework. Nodes of a gradient have the site of the operator
// whose gradient they compute. It is "" and 0 when the framework made n by itself.
func (n *Node) Site() (file string, line int) { return n.call.site.resolve() }
