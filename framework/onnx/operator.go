package onnx

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// operator is how one operator of a standard domain is run on the host.
type operator struct {
	min, max int                  // inputs; max -1 means any number
	compile  func(n *call) kernel // reads attributes; mistakes go to n.fail
}

// unlimited is operator.max for variadic operators.
const unlimited = -1

// operators by name; those of ai.onnx.ml carry the domain and a dot.
var operators = map[string]operator{}

// instead says what to do about standard operators that sessions do not run.
var instead = map[string]string{
	"ImageDecoder":             "make its output, uint8 [height,width,channels], an input of the model and decode the file before the run",
	MLDomain + ".TreeEnsemble": "export with operator set 3 of " + MLDomain + ", which has TreeEnsembleClassifier and TreeEnsembleRegressor",
}

// register adds operators at start-up; a name given twice panics.
func register(ops map[string]operator) bool {
	for name, op := range ops {
		if _, ok := operators[name]; ok {
			panic("onnx: operator registered twice: " + name)
		}
		operators[name] = op
	}
	return true
}

func operatorName(n *Node) string {
	if n.Domain == "" || n.Domain == "ai.onnx" {
		return n.OpType
	}
	return n.Domain + "." + n.OpType
}

// call is a node while it is compiled.
type call struct {
	node    *Node
	version int64 // of the operator set
	threads int
	consts  []*tensor.Tensor // inputs that are constants, else nil
	err     error
	scope   *scope
	// captures are values of the graph around that sub-graphs read; they follow
	// the node's own inputs. graphs says that there are sub-graphs.
	captures []string
	graphs   bool
	bodies   []*program // the sub-graphs, in the order in which they were compiled
	// draws says that the kernel draws random numbers: equal inputs do not give
	// equal outputs, so it is never computed ahead.
	draws bool
	// overValues is the kernel of an operator on values that are not all tensors.
	overValues valueKernel
}

func (n *call) fail(format string, args ...any) {
	if n.err == nil {
		n.err = fmt.Errorf(format, args...)
	}
}

func (n *call) find(name string) *Attribute {
	for _, a := range n.node.Attributes {
		if a != nil && a.Name == name {
			return a
		}
	}
	return nil
}

// typed finds an attribute and checks its type; nil when absent.
func (n *call) typed(name string, want AttributeType) *Attribute {
	a := n.find(name)
	if a != nil && a.Type != want && a.Type != 0 {
		n.fail("attribute %q has type %d, want %d", name, a.Type, want)
		return nil
	}
	return a
}

func (n *call) has(name string) bool { return n.find(name) != nil }

func (n *call) int(name string, def int64) int64 {
	if a := n.typed(name, AttrInt); a != nil {
		return a.I
	}
	return def
}

func (n *call) flag(name string, def bool) bool {
	d := int64(0)
	if def {
		d = 1
	}
	return n.int(name, d) != 0
}

func (n *call) float(name string, def float32) float32 {
	if a := n.typed(name, AttrFloat); a != nil {
		return a.F
	}
	return def
}

func (n *call) str(name, def string) string {
	if a := n.typed(name, AttrString); a != nil {
		return a.S
	}
	return def
}

// choice is str restricted to the values given; the first is the default.
func (n *call) choice(name string, values ...string) string {
	s := n.str(name, values[0])
	if !slices.Contains(values, s) {
		n.fail("attribute %s = %q is not supported", name, s)
	}
	return s
}

func (n *call) ints(name string) []int64 {
	if a := n.typed(name, AttrInts); a != nil {
		return a.Ints
	}
	return nil
}

func (n *call) floats(name string) []float32 {
	if a := n.typed(name, AttrFloats); a != nil {
		return a.Floats
	}
	return nil
}

func (n *call) strs(name string) []string {
	if a := n.typed(name, AttrStrings); a != nil {
		return a.Strings
	}
	return nil
}

func (n *call) tensor(name string) *tensor.Tensor {
	a := n.typed(name, AttrTensor)
	if a == nil || a.T == nil {
		return nil
	}
	t, err := a.T.Tensor()
	if err != nil {
		n.fail("attribute %q: %v", name, err)
	}
	return t
}

// maxOutput bounds the elements of one tensor that an operator makes, so that a
// small model cannot ask for all memory.
const maxOutput = 1 << 28

var errTooLarge = errors.New("the result would be too large")

// checkShape reports dims that are negative or hold too many elements.
func checkShape(dims []int) error {
	n := 1
	for _, d := range dims {
		if d < 0 || d > maxOutput || n*max(d, 1) > maxOutput {
			return fmt.Errorf("shape %v: %w", dims, errTooLarge)
		}
		n *= max(d, 1)
	}
	return nil
}

// newTensor is tensor.New with the limit and a check of the dims.
func newTensor(dt tensor.DType, dims ...int) (*tensor.Tensor, error) {
	if err := checkShape(dims); err != nil {
		return nil, err
	}
	return tensor.New(dt, dims...), nil
}

// result wraps the result of a kernel with one output.
func result(t *tensor.Tensor, err error) ([]*tensor.Tensor, error) {
	if err != nil {
		return nil, err
	}
	return []*tensor.Tensor{t}, nil
}

// host makes a kernel of a function that needs no context and has one output.
func host(f func(in []*tensor.Tensor) (*tensor.Tensor, error)) kernel {
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) { return result(f(in)) }
}

// axisOf resolves an axis that may count from the end; ok is false outside the rank.
func axisOf(axis int64, rank int) (int, error) {
	if axis < 0 {
		axis += int64(rank)
	}
	if axis < 0 || axis >= int64(rank) {
		return 0, fmt.Errorf("axis %d is outside rank %d", axis, rank)
	}
	return int(axis), nil
}

// axesOf resolves several axes, ascending and without repeats.
func axesOf(axes []int64, rank int) ([]int, error) {
	out := make([]int, 0, len(axes))
	for _, a := range axes {
		i, err := axisOf(a, rank)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	slices.Sort(out)
	if len(slices.Compact(slices.Clone(out))) != len(out) {
		return nil, fmt.Errorf("axes %v repeat", axes)
	}
	return out, nil
}

// int64s returns the elements of an int64 or int32 tensor.
func int64s(t *tensor.Tensor) ([]int64, error) {
	switch d := t.Data().(type) {
	case []int64:
		return d, nil
	case []int32:
		return convert[int64](d), nil
	}
	return nil, fmt.Errorf("want int64, got %v", t)
}

// oneInt64 reads a tensor of one element, which errors call what.
func oneInt64(what string, t *tensor.Tensor) (int64, error) {
	v, err := int64s(t)
	if err != nil || len(v) != 1 {
		return 0, fmt.Errorf("%s is %v, want one integer", what, t)
	}
	return v[0], nil
}

func errType(t *tensor.Tensor) error {
	return fmt.Errorf("element type %v is not supported", t.DType())
}
