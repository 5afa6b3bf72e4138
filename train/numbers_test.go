package train

import (
	"errors"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestLoopNamesTheOperator: with CheckNumbers a loss that is not finite ends
// training with the operator and its line, and the weights of the step before.
func TestLoopNamesTheOperator(t *testing.T) {
	c, _ := mlp(t, 1)
	c.CheckNumbers, c.Epochs, c.EMA = true, 1, 0
	start := c.Params.Tensors()
	loss := c.Loss
	c.Loss = func(g *graph.Graph, in []*graph.Node) *graph.Node {
		return graph.Add(graph.Mean(loss(g, in)), graph.Sum(graph.Log(graph.MulScalar(in[0], 0))))
	}
	_, err := Loop(t.Context(), c)
	bad, ok := errors.AsType[*graph.NumberError](err)
	if !ok || errors.Is(err, ErrDiverged) || bad.Culprit == nil || bad.Culprit.Op != "Log" || !strings.HasSuffix(bad.Culprit.File, "numbers_test.go") {
		t.Fatalf("error %v, want a NumberError about Log", err)
	}
	for name, now := range c.Params.Tensors() {
		if !tensor.Equal(now, start[name]) {
			t.Errorf("the bad step changed %s", name)
		}
	}
}
