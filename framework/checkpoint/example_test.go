package checkpoint_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/checkpoint"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// A training stops after 3 steps; another process would go on as this does.
func Example() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	train := func(steps int) error {
		params := nn.NewParams(1)
		fit := nn.NewLinear(params.Sub("fit"), 1, 1)
		g := graph.New(graph.Train)
		x, y := g.Input("x", tensor.Float32, graph.Ints(4, 1)...), g.Input("y", tensor.Float32, graph.Ints(4, 1)...)
		lr := g.Input("lr", tensor.Float32, graph.Const(1))
		loss := nn.MSE(fit.Forward(x), y)
		state := optim.Apply(loss, params, optim.AdamW{}, lr, optim.Options{})
		exec, err := graph.Compile(cpu.New(cpu.Options{}), graph.Program{Inputs: []*graph.Node{x, y, lr}, Outputs: []*graph.Node{loss}})
		if err != nil {
			return err
		}
		defer exec.Close()

		order := rand.NewPCG(1, 1)
		run := checkpoint.Training{
			Variables: map[string][]*graph.Variable{"model": params.Variables(), "optimizer": state.Variables()},
			State:     map[string]checkpoint.State{"order": order},
		}
		saver, err := checkpoint.Open(dir, checkpoint.Options{Keep: 2})
		if err != nil {
			return err
		}
		step := 0
		if c, _, err := checkpoint.Latest(dir); err == nil {
			if err := run.Restore(c); err != nil {
				return err
			}
			step = c.Step
			fmt.Println("going on after step", step)
		}
		for ; step < steps; step++ {
			a := rand.New(order).Float32()
			xs, ys := []float32{a, 2 * a, 3 * a, 4 * a}, []float32{2 * a, 4 * a, 6 * a, 8 * a}
			if _, err := exec.Run(tensor.Of(xs, 4, 1), tensor.Of(ys, 4, 1), tensor.Of([]float32{0.1}, 1)); err != nil {
				return err
			}
			c, err := run.Snapshot(step + 1)
			if err != nil {
				return err
			}
			if err := saver.Save(c); err != nil {
				return err
			}
		}
		fmt.Println("trained to step", step)
		return saver.Close()
	}
	fmt.Println(train(3), train(5))
	// Output:
	// trained to step 3
	// going on after step 3
	// trained to step 5
	// <nil> <nil>
}

// Weights of a PyTorch model, whose linear layers are [out, in].
func ExampleLoadWeights() {
	params := nn.NewParams(1)
	nn.NewLinear(params.Sub("encoder").Sub("fc"), 3, 2)
	weights := map[string]*tensor.Tensor{ // as ReadWeights gives them
		"model.encoder.fc.weight": tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3),
		"model.encoder.fc.bias":   tensor.Of([]tensor.BFloat16{tensor.NewBFloat16(7), tensor.NewBFloat16(8)}, 2),
	}
	report, err := checkpoint.LoadWeights(params, weights, checkpoint.LoadOptions{
		Rename:  strings.NewReplacer("model.", "", ".", "/").Replace,
		Axes:    checkpoint.Torch,
		Convert: true,
	})
	fmt.Println(report.Loaded, err)
	fmt.Println(params.Get("encoder/fc/weight").Value().Float32s(), params.Get("encoder/fc/bias").Value().Float32s())
	// Output:
	// [encoder/fc/weight encoder/fc/bias] <nil>
	// [1 4 2 5 3 6] [7 8]
}
