package graph_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// bench gives the operands of a mistake.
type bench struct {
	g *graph.Graph
	n int
}

func (b *bench) of(dt tensor.DType, dims ...any) *node {
	b.n++
	return b.g.Input(fmt.Sprint("in", b.n), dt, graph.Dims(dims...)...)
}

func (b *bench) f(dims ...any) *node    { return b.of(tensor.Float32, dims...) }
func (b *bench) ints(dims ...any) *node { return b.of(tensor.Int64, dims...) }
func (b *bench) text(dims ...any) *node { return b.of(tensor.Bool, dims...) }

func variable(dims ...int) *graph.Variable {
	return graph.NewVariable("v", tensor.New(tensor.Float32, dims...), true)
}

// mistake is a wrong call and what its message must contain: the operator with
// the operands' types, and what is wrong.
type mistake struct {
	call func(b *bench)
	want []string
	at   any // the function that calls graph; nil means call
}

func wrong(call func(b *bench), want ...string) mistake { return mistake{call, want, nil} }

func wrongUnary(op string, f func(*node) *node) mistake {
	return wrong(func(b *bench) { f(b.ints("N", 3)) }, op+"(int64[N 3])", "float32")
}

func wrongBinary(op string, f func(a, c *node) *node) mistake {
	return wrong(func(b *bench) { f(b.f("N", 3), b.f("N", 4)) }, op, "float32[N 3]", "float32[N 4]", "broadcast")
}

func wrongLogic(op string, f func(a, c *node) *node) mistake {
	return wrong(func(b *bench) { f(b.f(3), b.f(3)) }, op+"(float32[3], float32[3])", "bool")
}

func wrongAxis(op string, f func(x *node)) mistake {
	m := wrong(func(b *bench) { f(b.f("N", 3)) }, op, "float32[N 3]", "axis 5")
	m.at = f
	return m
}

// mistakes has a row for every function of graph that takes nodes.
var mistakes = map[string]mistake{
	"Relu": wrongUnary("Relu", graph.Relu), "Sigmoid": wrongUnary("Sigmoid", graph.Sigmoid), "Tanh": wrongUnary("Tanh", graph.Tanh),
	"SiLU": wrongUnary("SiLU", graph.SiLU), "GELU": wrongUnary("GELU", graph.GELU), "Softplus": wrongUnary("Softplus", graph.Softplus),
	"Neg": wrong(func(b *bench) { graph.Neg(b.text(3)) }, "Neg(bool[3])"), "Abs": wrong(func(b *bench) { graph.Abs(b.text(3)) }, "Abs(bool[3])"),
	"Exp": wrongUnary("Exp", graph.Exp), "Log": wrongUnary("Log", graph.Log),
	"Sqrt": wrongUnary("Sqrt", graph.Sqrt), "Rsqrt": wrongUnary("Rsqrt", graph.Rsqrt), "Recip": wrongUnary("Recip", graph.Recip), "Erf": wrongUnary("Erf", graph.Erf), "NormalCDF": wrongUnary("NormalCDF", graph.NormalCDF),
	"Sin": wrongUnary("Sin", graph.Sin), "Cos": wrongUnary("Cos", graph.Cos), "Floor": wrongUnary("Floor", graph.Floor), "Ceil": wrongUnary("Ceil", graph.Ceil),
	"Round": wrongUnary("Round", graph.Round), "Sign": wrongUnary("Sign", graph.Sign), "IsNaN": wrongUnary("IsNaN", graph.IsNaN),
	"Softmax": wrongUnary("Softmax", graph.Softmax), "LogSoftmax": wrongUnary("LogSoftmax", graph.LogSoftmax),
	"LeakyRelu":    wrong(func(b *bench) { graph.LeakyRelu(b.text(3), 0.1) }, "bool[3]"),
	"Square":       wrong(func(b *bench) { graph.Square(b.text(3)) }, "Mul(bool[3], bool[3])"),
	"StopGradient": wrong(func(b *bench) { graph.StopGradient(nil) }, "StopGradient", "nil"),
	"Not":          wrong(func(b *bench) { graph.Not(b.f(3)) }, "Not(float32[3])", "bool"),
	"Add":          wrongBinary("Add", graph.Add), "Sub": wrongBinary("Sub", graph.Sub), "Mul": wrongBinary("Mul", graph.Mul), "Div": wrongBinary("Div", graph.Div),
	"Max": wrongBinary("Max", graph.Max), "Min": wrongBinary("Min", graph.Min), "Pow": wrongBinary("Pow", graph.Pow), "Mod": wrongBinary("Mod", graph.Mod),
	"Eq": wrongBinary("Eq", graph.Eq), "Ne": wrongBinary("Ne", graph.Ne), "Lt": wrongBinary("Lt", graph.Lt), "Le": wrongBinary("Le", graph.Le),
	"Gt": wrongBinary("Lt", graph.Gt), "Ge": wrongBinary("Le", graph.Ge), "And": wrongLogic("And", graph.And), "Or": wrongLogic("Or", graph.Or),
	"AddScalar": wrong(func(b *bench) { graph.AddScalar(b.text(3), 1) }, "Add", "bool[3]"), "MulScalar": wrong(func(b *bench) { graph.MulScalar(b.text(3), 1) }, "Mul", "bool[3]"),
	"Clip":      wrong(func(b *bench) { graph.Clip(b.text(3), 0, 1) }, "bool[3]"),
	"Where":     wrong(func(b *bench) { graph.Where(b.f(3), b.f(3), b.f(3)) }, "Where(float32[3], float32[3], float32[3])", "bool"),
	"Cast":      wrong(func(b *bench) { graph.Cast(b.f(3), tensor.String) }, "Cast(float32[3])", "string"),
	"Broadcast": wrong(func(b *bench) { graph.Broadcast(b.f(3), graph.Ints(4)...) }, "Broadcast(float32[3])", "[4]"),
	"BatchNorm": wrong(func(b *bench) {
		graph.BatchNorm(b.f("N", 3), b.f(4), b.f(3), variable(3), variable(3), graph.BatchNormOptions{})
	}, "BatchNorm", "float32[N 3]", "float32[4]"),
	"LayerNorm":     wrong(func(b *bench) { graph.LayerNorm(b.f(2, 3), b.f(4), b.f(3), 0) }, "LayerNorm(float32[2 3], float32[4], float32[3])", "float32[3]"),
	"RMSNorm":       wrong(func(b *bench) { graph.RMSNorm(b.f(2, 3), b.f(4), 0) }, "RMSNorm(float32[2 3], float32[4])", "float32[3]"),
	"Concat":        wrong(func(b *bench) { graph.Concat(0, b.f(2, 3), b.f(2, 4)) }, "Concat(float32[2 3], float32[2 4])", "axis 1"),
	"Conv2D":        wrong(func(b *bench) { graph.Conv2D(b.f("N", 8, 8, 3), b.f(3, 3, 4, 8), nil, graph.ConvOptions{}) }, "Conv2D(float32[N 8 8 3], float32[3 3 4 8])", "channels"),
	"Conv1D":        wrong(func(b *bench) { graph.Conv1D(b.f("N", 8), b.f(3, 4, 8), nil, graph.ConvOptions{}) }, "Conv1D", "float32[N 8]"),
	"MaxPool2D":     wrong(func(b *bench) { graph.MaxPool2D(b.f("N", 8), graph.PoolOptions{Size: 2}) }, "MaxPool2D(float32[N 8])", "rank 2, not 4"),
	"AvgPool2D":     wrong(func(b *bench) { graph.AvgPool2D(b.f("N", 1, 1, 3), graph.PoolOptions{Size: 2}) }, "AvgPool2D(float32[N 1 1 3])", "height 1"),
	"GlobalAvgPool": wrong(func(b *bench) { graph.GlobalAvgPool(b.f("N", 8)) }, "GlobalAvgPool(float32[N 8])", "[N H W C]"),
	"Gather":        wrong(func(b *bench) { graph.Gather(b.f(4, 2), b.f(3), 0) }, "Gather(float32[4 2], float32[3])", "int64 or int32"),
	"Embedding":     wrong(func(b *bench) { graph.Embedding(b.f(4, 2), b.f(3)) }, "Gather(float32[4 2], float32[3])", "int64 or int32"),
	"OneHot":        wrong(func(b *bench) { graph.OneHot(b.f(3), 4) }, "OneHot(float32[3])", "int64"),
	"Grad":          wrong(func(b *bench) { graph.Grad(b.f(2)) }, "Grad(float32[2])", "one float32 number"),
	"Linear":        wrong(func(b *bench) { graph.Linear(b.f("N", 3), b.f(4, 5), nil) }, "Linear(float32[N 3], float32[4 5])", "must be 4"),
	"MatMul":        wrong(func(b *bench) { graph.MatMul(b.f(2, 3), b.f(4, 5)) }, "MatMul(float32[2 3], float32[4 5])", "3 and 4"),
	"MatMulT":       wrong(func(b *bench) { graph.MatMulT(b.f(2, 3), b.f(4, 5), true, false) }, "MatMul(float32[2 3], float32[4 5])", "2 and 4"),
	"Pad":           wrong(func(b *bench) { graph.Pad(b.f(2, 3), []int{1}, []int{1}, 0) }, "Pad(float32[2 3])", "one length per axis"),
	"Dropout":       wrong(func(b *bench) { graph.Dropout(b.f(2), 1) }, "Dropout(float32[2])", "[0, 1)"),
	"Sum":           wrongAxis("ReduceSum", func(x *node) { graph.Sum(x, 5) }), "Mean": wrongAxis("ReduceMean", func(x *node) { graph.Mean(x, 5) }),
	"ReduceMax": wrongAxis("ReduceMax", func(x *node) { graph.ReduceMax(x, 5) }), "ReduceMin": wrongAxis("ReduceMin", func(x *node) { graph.ReduceMin(x, 5) }),
	"ReduceProd": wrongAxis("ReduceProd", func(x *node) { graph.ReduceProd(x, 5) }), "SumKeep": wrongAxis("ReduceSum", func(x *node) { graph.SumKeep(x, 5) }),
	"MeanKeep": wrongAxis("ReduceMean", func(x *node) { graph.MeanKeep(x, 5) }), "ReduceMaxKeep": wrongAxis("ReduceMax", func(x *node) { graph.ReduceMaxKeep(x, 5) }),
	"ReduceMinKeep": wrongAxis("ReduceMin", func(x *node) { graph.ReduceMinKeep(x, 5) }),
	"ArgMax":        wrongAxis("ArgMax", func(x *node) { graph.ArgMax(x, 5) }), "ArgMin": wrongAxis("ArgMin", func(x *node) { graph.ArgMin(x, 5) }),
	"Reshape": wrong(func(b *bench) { graph.Reshape(b.f(2, 3), graph.Dims(4)...) }, "Reshape(float32[2 3])", "6 elements do not fit into [4]"),
	"Flatten": wrongAxis("Flatten", func(x *node) { graph.Flatten(x, 5) }), "Squeeze": wrongAxis("Squeeze", func(x *node) { graph.Squeeze(x, 5) }),
	"Unsqueeze": wrong(func(b *bench) { graph.Unsqueeze(b.f(2, 3), 7) }, "Unsqueeze(float32[2 3])", "[7]"),
	"Resize":    wrong(func(b *bench) { graph.Resize(b.f(2, 3), graph.Const(4), graph.Const(4), chip.Linear, false) }, "Resize(float32[2 3])", "rank 2, not 4"),
	"Slice":     wrongAxis("Slice", func(x *node) { graph.Slice(x, 5, 0, 1) }), "Stride": wrongAxis("Stride", func(x *node) { graph.Stride(x, 5, 0, 1) }), "Split": wrongAxis("Split", func(x *node) { graph.Split(x, 5, 1) }),
	"CrossEntropy": wrong(func(b *bench) { graph.CrossEntropy(b.f("N", 4), b.ints("M"), 0) }, "CrossEntropy(float32[N 4], int64[M])", "int64[N]"),
	"Transpose":    wrong(func(b *bench) { graph.Transpose(b.f(2, 3), 0, 0) }, "Transpose(float32[2 3])", "permutation"),
	"SGD":          wrong(func(b *bench) { graph.SGD(variable(2), b.f(3), nil, b.f(1), b.f(1), chip.SGD{}) }, "SGD(float32[2], float32[3])", "differ"),
	"AdamW": wrong(func(b *bench) {
		graph.AdamW(variable(2), b.f(3), variable(2), variable(2), b.f(1), b.ints(1), b.f(1), chip.AdamW{})
	}, "AdamW(float32[2], float32[3])", "differ"),
	"Lerp": wrong(func(b *bench) { graph.Lerp(variable(2), b.f(3), 0.5) }, "Lerp(float32[2], float32[3])", "differ"),
}

// moreMistakes are further wrong calls, of functions without operands too.
var moreMistakes = map[string]mistake{
	"Dims":                     wrong(func(b *bench) { graph.Dims(1.5) }, "Dims", "float64"),
	"Symbol":                   wrong(func(b *bench) { graph.Symbol("") }, "Symbol", "name"),
	"Dim.Div":                  wrong(func(b *bench) { graph.Symbol("N").Div(graph.Const(0)) }, "Dim.Div", "zero"),
	"negative":                 wrong(func(b *bench) { b.g.Input("x", tensor.Float32, graph.Ints(2, -3)...) }, "Input", "-3"),
	"huge":                     wrong(func(b *bench) { graph.Broadcast(b.f(1, 1), graph.Ints(1<<40, 1<<40)...) }, "Broadcast(float32[1 1])", "more elements"),
	"huge symbol":              wrong(func(b *bench) { graph.MatMul(b.f("N", 1<<30, 1), b.f(1, 1<<30)) }, "MatMul", "more elements"),
	"negative onehot":          wrong(func(b *bench) { graph.OneHot(b.ints(3), -4) }, "OneHot(int64[3])", "-4"),
	"negative resize":          wrong(func(b *bench) { graph.Resize(b.f(1, 4, 4, 1), graph.Const(-1), graph.Const(2), chip.Linear, false) }, "Resize(float32[1 4 4 1])", "-1"),
	"resize to one of nothing": wrong(func(b *bench) { graph.Resize(b.f(1, 0, 4, 1), graph.Const(2), graph.Const(2), chip.Linear, false) }, "Resize(float32[1 0 4 1])", "empty"),
	"argmax of nothing":        wrong(func(b *bench) { graph.ArgMax(b.f(3, 0), 1) }, "ArgMax(float32[3 0])", "empty"),
	"stride outside":           wrong(func(b *bench) { graph.Stride(b.f(4), 0, 9, 1) }, "Stride(float32[4])", "9"),
	"stride back outside":      wrong(func(b *bench) { graph.Stride(b.f(4), 0, 9, -1) }, "Stride(float32[4])", "9"),
	"empty concat":             wrong(func(b *bench) { graph.Concat(0) }, "Concat"),
	"unsqueeze twice":          wrong(func(b *bench) { graph.Unsqueeze(b.f(2), 0, 0) }, "Unsqueeze(float32[2])"),
	"step counter":             wrong(func(b *bench) { b.g.StepCounter(); b.g.UseStepCounter(variable(1)) }, "UseStepCounter"),
	"axis of a node":           wrong(func(b *bench) { b.f(2, 3).Dim(7) }, "Dim(float32[2 3])", "axis 7"),
	"graphs":                   wrong(func(b *bench) { graph.Add(b.f(2), graph.Scalar(graph.New(graph.Train), 1)) }, "Add(float32[2], float32[])", "different graphs"),

	"nil node":      wrong(func(b *bench) { graph.Relu(nil) }, "Relu", "nil"),
	"nil operand":   wrong(func(b *bench) { graph.Add(b.f(2), nil) }, "Add(float32[2], nil)", "operand 2 is nil"),
	"nil reduced":   wrong(func(b *bench) { graph.Sum(nil, 1) }, "Sum", "nil"),
	"nil shaped":    wrong(func(b *bench) { graph.Reshape(nil, graph.Const(1)) }, "Reshape", "nil"),
	"nil loss":      wrong(func(b *bench) { graph.Grad(nil) }, "Grad", "nil"),
	"nil variable":  wrong(func(b *bench) { b.g.Var(nil) }, "Var", "nil"),
	"nil constant":  wrong(func(b *bench) { b.g.Const(nil) }, "Const", "nil"),
	"nil in a list": wrong(func(b *bench) { graph.Concat(0, b.f(2), nil) }, "Concat", "nil"),
	"nil mean":      wrong(func(b *bench) { graph.BatchNorm(b.f("N", 3), b.f(3), b.f(3), nil, nil, graph.BatchNormOptions{}) }, "BatchNorm", "nil"),
}

// TestMistakes calls every function wrongly: the error must be a ShapeError
// that names the operator, the operands, what is wrong, and this file.
func TestMistakes(t *testing.T) {
	for _, table := range []map[string]mistake{mistakes, moreMistakes} {
		for name, m := range table {
			t.Run(name, func(t *testing.T) {
				b := &bench{g: graph.New(graph.Train)}
				err := graph.Trace(func() { m.call(b) })
				e, ok := errors.AsType[*graph.ShapeError](err)
				if !ok {
					t.Fatalf("error %v, want a ShapeError", err)
				}
				for _, w := range m.want {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("error %q lacks %q", err, w)
					}
				}
				// The call is in the first lines of the row's function.
				at := reflect.ValueOf(m.call).Pointer()
				if m.at != nil {
					at = reflect.ValueOf(m.at).Pointer()
				}
				file, line := runtime.FuncForPC(at).FileLine(at)
				if e.File != file || e.Line < line || e.Line > line+2 {
					t.Errorf("the error blames %s:%d, not line %d", e.File, e.Line, line)
				}
			})
		}
	}
}

// TestEveryFunctionHasAMistake fails when a function of graph that takes nodes
// has no row in mistakes.
func TestEveryFunctionHasAMistake(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !fn.Name.IsExported() || fn.Name.Name == "Fail" || fn.Name.Name == "Eval" || !takesNodes(fn) {
				continue
			}
			if _, ok := mistakes[fn.Name.Name]; !ok {
				t.Errorf("graph.%s (%s) has no row in mistakes", fn.Name.Name, name)
			}
		}
	}
}

// takesNodes reports whether a parameter is a *Node or several.
func takesNodes(fn *ast.FuncDecl) bool {
	for _, p := range fn.Type.Params.List {
		typ := p.Type
		if e, ok := typ.(*ast.Ellipsis); ok {
			typ = e.Elt
		}
		if s, ok := typ.(*ast.StarExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && id.Name == "Node" {
				return true
			}
		}
	}
	return false
}
