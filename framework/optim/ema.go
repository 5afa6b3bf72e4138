package optim

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// EMA keeps exponential moving averages of a model's float variables,
// parameters and running statistics alike. They start at the variables' values
// when Apply is called and move towards each new value by 1-decay.
type EMA struct {
	params  *nn.Params
	shadows map[string]*graph.Variable
	order   []string
}

// track adds the averages' updates to the graph that fresh's nodes belong to.
// fresh gives the new value of a variable, or nil when it never changes.
func track(params *nn.Params, decay float32, fresh func(*graph.Variable) *graph.Node) *EMA {
	e := &EMA{params: params, shadows: map[string]*graph.Variable{}}
	for _, v := range params.Variables() {
		now := fresh(v)
		if now == nil || v.DType() != tensor.Float32 {
			continue
		}
		shadow := graph.NewVariable(v.Name()+"/ema", v.Value(), false)
		graph.Lerp(shadow, now, 1-decay)
		e.shadows[v.Name()] = shadow
		e.order = append(e.order, v.Name())
	}
	return e
}

func (e *EMA) vars() []*graph.Variable {
	vars := make([]*graph.Variable, len(e.order))
	for i, name := range e.order {
		vars[i] = e.shadows[name]
	}
	return vars
}

// Tensors returns the model's values by name with the averages in place of the
// present values; nn.Params.Load takes them.
func (e *EMA) Tensors() map[string]*tensor.Tensor {
	values := e.params.Tensors()
	for name, v := range e.shadows {
		values[name] = v.Value()
	}
	return values
}

// Swap exchanges the averages with the model's present values; a second call
// undoes it. Evaluation between two swaps sees the averages.
func (e *EMA) Swap() error {
	for _, v := range e.params.Variables() {
		shadow := e.shadows[v.Name()]
		if shadow == nil {
			continue
		}
		now, average := v.Value(), shadow.Value()
		if err := v.Set(average); err != nil {
			return fmt.Errorf("swap averages: %w", err)
		}
		if err := shadow.Set(now); err != nil {
			return fmt.Errorf("swap averages: %w", err)
		}
	}
	return nil
}
