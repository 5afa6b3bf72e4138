package quant_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/nn/models"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// BenchmarkResNet18 runs inference of ResNet-18 for 32 by 32 images on all
// cores, in float32 and in integers, in turn; -v shows what each layer takes.
func BenchmarkResNet18(b *testing.B) {
	all := cpu.New(cpu.Options{}) // -cpu says how many threads
	for _, batch := range []int{1, 32} {
		g := graph.New(graph.Inference)
		x := g.Input("x", tensor.Float32, graph.Ints(batch, 32, 32, 3)...)
		y := models.ResNet18(nn.NewParams(1)).Forward(x)
		r := rand.New(rand.NewPCG(1, 2))
		images := tensor.New(tensor.Float32, batch, 32, 32, 3)
		for i := range images.Float32s() {
			images.Float32s()[i] = r.Float32()
		}
		ranges, err := quant.Calibrate(all, []*graph.Node{x}, []*graph.Node{y}, slices.Values([][]*tensor.Tensor{{images}}), quant.Calibration{})
		if err != nil {
			b.Fatal(err)
		}
		for _, v := range []struct {
			name string
			y    *graph.Node
		}{{"float32", y}, {"int8", integer(b, ranges, y)}} {
			b.Run(fmt.Sprintf("%s/batch=%d", v.name, batch), func(b *testing.B) {
				exec, err := graph.Compile(all, graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{v.y}})
				if err != nil {
					b.Fatal(err)
				}
				defer exec.Close()
				for b.Loop() {
					if _, err := exec.Run(images); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "images/s")
				if testing.Verbose() {
					p, err := exec.Profile(20, images)
					if err != nil {
						b.Fatal(err)
					}
					b.Log(p)
				}
			})
		}
	}
}
