package nn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// inputs makes an operand of a type and shape.
type inputs func(dt tensor.DType, dims ...any) *graph.Node

// TestMistakes calls layers and losses wrongly: the error must be a ShapeError
// that names the operator, the operands, what is wrong, and this file.
func TestMistakes(t *testing.T) {
	cases := map[string]struct {
		call func(in inputs)
		want []string
	}{
		"Linear": {func(in inputs) { nn.NewLinear(nn.NewParams(1), 4, 2).Forward(in(tensor.Float32, "N", 3)) }, []string{"Linear(float32[N 3], float32[4 2], float32[2])", "must be 4"}},
		"Conv2D": {func(in inputs) {
			nn.NewConv2D(nn.NewParams(1), 4, 2, 3, nn.ConvOptions{}).Forward(in(tensor.Float32, "N", 8, 8, 3))
		}, []string{"Conv2D(float32[N 8 8 3]", "channels"}},
		"Conv1D": {func(in inputs) {
			nn.NewConv1D(nn.NewParams(1), 4, 2, 3, nn.ConvOptions{}).Forward(in(tensor.Float32, "N", 8))
		}, []string{"Conv1D(float32[N 8]"}},
		"Embedding": {func(in inputs) { nn.NewEmbedding(nn.NewParams(1), 4, 2).Forward(in(tensor.Float32, "N")) }, []string{"Gather(float32[4 2], float32[N])", "int64"}},
		"BatchNorm": {func(in inputs) { nn.NewBatchNorm(nn.NewParams(1), 4).Forward(in(tensor.Float32, "N", 3)) }, []string{"BatchNorm", "float32[N 3]"}},
		"LayerNorm": {func(in inputs) { nn.NewLayerNorm(nn.NewParams(1), 4).Forward(in(tensor.Float32, "N", 3)) }, []string{"LayerNorm(float32[N 3], float32[4], float32[4])"}},
		"RMSNorm":   {func(in inputs) { nn.NewRMSNorm(nn.NewParams(1), 4).Forward(in(tensor.Float32, "N", 3)) }, []string{"RMSNorm(float32[N 3], float32[4])"}},
		"MultiHeadAttention": {func(in inputs) {
			nn.NewMultiHeadAttention(nn.NewParams(1), 4, 2, nn.AttentionOptions{}).Forward(in(tensor.Float32, "N", 4), nil)
		},
			[]string{"MultiHeadAttention(float32[N 4], float32[N 4])", "[N T d]"}},
		"NewMultiHeadAttention": {func(in inputs) { nn.NewMultiHeadAttention(nn.NewParams(1), 5, 2, nn.AttentionOptions{}) }, []string{"MultiHeadAttention", "2 heads do not divide the width 5"}},
		"Act":                   {func(in inputs) { nn.Act("relux") }, []string{"Act", "relux"}},
		"Params":                {func(in inputs) { p := nn.NewParams(1); p.Weight("w", nn.Zeros, 1); p.Weight("w", nn.Zeros, 1) }, []string{"Params", `"w"`}},
		"CrossEntropy":          {func(in inputs) { nn.CrossEntropy(in(tensor.Float32, "N", 4), in(tensor.Int64, "M"), 0) }, []string{"CrossEntropy(float32[N 4], int64[M])"}},
		"MSE":                   {func(in inputs) { nn.MSE(in(tensor.Float32, "N", 4), in(tensor.Float32, "N", 3)) }, []string{"float32[N 4]", "float32[N 3]"}},
		"Huber":                 {func(in inputs) { nn.Huber(in(tensor.Float32, "N", 4), in(tensor.Float32, "N", 3), 1) }, []string{"float32[N 4]", "float32[N 3]"}},
		"BCE":                   {func(in inputs) { nn.BCE(in(tensor.Float32, "N", 4), in(tensor.Float32, "N", 3)) }, []string{"float32[N 4]", "float32[N 3]"}},
		"nil to layer":          {func(in inputs) { nn.NewLinear(nn.NewParams(1), 4, 2).Forward(nil) }, []string{"nil"}},
		"nil layer":             {func(in inputs) { var l *nn.Linear; l.Forward(in(tensor.Float32, 1, 4)) }, []string{"Linear.Forward", "nil"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g, n := graph.New(graph.Train), 0
			err := graph.Trace(func() {
				c.call(func(dt tensor.DType, dims ...any) *graph.Node {
					n++
					return g.Input(fmt.Sprint("in", n), dt, graph.Dims(dims...)...)
				})
			})
			e, ok := errors.AsType[*graph.ShapeError](err)
			if !ok {
				t.Fatalf("error %v, want a ShapeError", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q lacks %q", err, w)
				}
			}
			if !strings.HasSuffix(e.File, "nn/mistakes_test.go") || e.Line == 0 {
				t.Errorf("the error blames %s:%d", e.File, e.Line)
			}
		})
	}
}
