package graph

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Range sums up the numbers of one array. Min, Max and Mean are of the finite
// numbers alone and 0 when there are none.
type Range struct {
	Name           string // where it is from: `input "x"`, `variable "fc/weight"`, "Exp at model.go:12"
	Type           string // such as "float32[64 10]"
	Len, NaN, Inf  int
	Min, Max, Mean float64
}

// Finite reports whether every number is.
func (r Range) Finite() bool { return r.NaN == 0 && r.Inf == 0 }

// String is "float32[64 10] of -1.5 to 2 (mean 0.1, 3 NaN)".
func (r Range) String() string {
	s := r.Type
	if r.Name != "" {
		s = r.Name + " " + s
	}
	if finite := r.Len - r.NaN - r.Inf; finite > 0 {
		s += fmt.Sprintf(" of %.4g to %.4g, mean %.4g", r.Min, r.Max, r.Mean)
	}
	return s + r.count(", ")
}

// count is ", 3 NaN, 1 Inf", or "".
func (r Range) count(before string) string {
	s := ""
	if r.NaN > 0 {
		s += fmt.Sprintf("%s%d NaN", before, r.NaN)
		before = ", "
	}
	if r.Inf > 0 {
		s += fmt.Sprintf("%s%d Inf", before, r.Inf)
	}
	return s
}

// rangeOf sums up a host slice of numbers.
func rangeOf(data any) Range {
	switch s := data.(type) {
	case []float32:
		return sumUp(s)
	case []float64:
		return sumUp(s)
	case []int64:
		return sumUp(s)
	case []int32:
		return sumUp(s)
	case []uint8:
		return sumUp(s)
	case []int8:
		return sumUp(s)
	case []tensor.BFloat16:
		return sumUp(widened(s))
	case []bool:
		ones := make([]uint8, len(s))
		for i, b := range s {
			if b {
				ones[i] = 1
			}
		}
		return sumUp(ones)
	}
	return Range{}
}

func sumUp[T float32 | float64 | int64 | int32 | uint8 | int8](s []T) Range {
	r := Range{Len: len(s)}
	sum, finite := 0.0, 0
	for _, x := range s {
		v := float64(x)
		switch {
		case math.IsNaN(v):
			r.NaN++
		case math.IsInf(v, 0):
			r.Inf++
		default:
			if finite == 0 || v < r.Min {
				r.Min = v
			}
			if finite == 0 || v > r.Max {
				r.Max = v
			}
			finite++
			sum += v
		}
	}
	if finite > 0 {
		r.Mean = sum / float64(finite)
	}
	return r
}

func widened(s []tensor.BFloat16) []float32 {
	floats := make([]float32, len(s))
	for i, h := range s {
		floats[i] = h.Float32()
	}
	return floats
}

// finite reports whether every number of t is; other types than floats are.
func finite(t *tensor.Tensor) bool {
	isBad := func(v float32) bool { return v-v != 0 }
	switch s := t.Data().(type) {
	case []float32:
		return !slices.ContainsFunc(s, isBad)
	case []tensor.BFloat16:
		return !slices.ContainsFunc(widened(s), isBad)
	}
	return true
}

// Culprit is one operator with what it was given and what it gave.
type Culprit struct {
	Op       string  // "Log", or "gradient of Log"; joined by + where the program has several in one
	Node     *Node   // its first result; nil where several operators were joined
	File     string  // where the model made it; see Node.Site
	Line     int     //
	Operands []Range // as they were before the operator ran
	Results  []Range
}

func (c *Culprit) place() string {
	if c.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", filepath.Base(c.File), c.Line)
}

// String is "model.go:12: Log(input "x" float32[3] of -1 to 2, mean 0.5) gives 1 NaN among 3 numbers".
func (c *Culprit) String() string {
	operands := make([]string, len(c.Operands))
	for i, r := range c.Operands {
		operands[i] = r.String()
	}
	var bad Range
	for _, r := range c.Results {
		if !r.Finite() {
			bad = r
			break
		}
	}
	return fmt.Sprintf("%s%s(%s) gives%s among %d numbers", c.place(), c.Op, strings.Join(operands, "; "), bad.count(" "), bad.Len)
}

// NumberError says where the NaN or Inf of a run's results came from; runs of
// programs with Program.CheckNumbers return it. No variable was changed.
type NumberError struct {
	Result  string   // what is not finite: `output 0` or `variable "fc/weight"`
	Culprit *Culprit // the operator on the way to Result that made the first NaN (or, without NaN, Inf); nil on devices that cannot tell
	Source  string   // the input, variable or constant that held it before the run, or ""
	// Overflow is the operator that made the Inf which Culprit turned into NaN, or nil.
	Overflow *Culprit
}

// Error says what became NaN or Inf where, and that no variable was changed.
func (e *NumberError) Error() string {
	if e.Culprit == nil {
		return fmt.Sprintf("%s is not finite, and the device cannot show where that came from; no variable was changed", e.Result)
	}
	s := e.Culprit.String()
	if e.Source != "" {
		s += fmt.Sprintf(", which %s held before the run", e.Source)
	}
	if e.Overflow != nil {
		s += "; the Inf is from " + e.Overflow.String()
	}
	return s + fmt.Sprintf("; so %s is not finite, and no variable was changed", e.Result)
}
