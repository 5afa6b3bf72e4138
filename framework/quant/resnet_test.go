package quant_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// resnet has the basic blocks of He et al. 2016, arXiv:1512.03385, two in each
// stage, behind a stem for images of 32 by 32; widths of 64 to 512 are ResNet-18.
func resnet(p *nn.Params, widths ...int) nn.Layer {
	in := widths[0]
	net := nn.Sequential{nn.NewConv2D(p.Sub("stem"), 3, in, 3, nn.ConvOptions{Pad: 1, NoBias: true}), nn.NewBatchNorm(p.Sub("norm"), in), nn.Act("relu")}
	for stage, out := range widths {
		for i := range 2 {
			o := nn.ConvOptions{Stride: 1, Pad: 1, NoBias: true}
			if stage > 0 && i == 0 {
				o.Stride = 2
			}
			net = append(net, basicBlock(p.Subf("stage%d", stage+1).Subf("block%d", i+1), in, out, o))
			in = out
		}
	}
	return append(net, nn.GlobalAvgPool, nn.NewLinear(p.Sub("head"), in, 10))
}

func basicBlock(p *nn.Params, in, out int, o nn.ConvOptions) nn.Layer {
	short := nn.Sequential{}
	if o.Stride != 1 || in != out {
		short = nn.Sequential{nn.NewConv2D(p.Sub("short"), in, out, 1, nn.ConvOptions{Stride: o.Stride, NoBias: true}), nn.NewBatchNorm(p.Sub("shortnorm"), out)}
	}
	main := nn.Sequential{nn.NewConv2D(p.Sub("conv1"), in, out, 3, o), nn.NewBatchNorm(p.Sub("norm1"), out), nn.Act("relu")}
	o.Stride = 1
	main = append(main, nn.NewConv2D(p.Sub("conv2"), out, out, 3, o), nn.NewBatchNorm(p.Sub("norm2"), out))
	return nn.Func(func(x *graph.Node) *graph.Node { return graph.Relu(graph.Add(main.Forward(x), short.Forward(x))) })
}

// BenchmarkResNet18 runs inference of ResNet-18 for 32 by 32 images on all
// cores, in float32 and in integers, in turn; -v shows what each layer takes.
func BenchmarkResNet18(b *testing.B) {
	all := cpu.New(cpu.Options{}) // -cpu says how many threads
	for _, batch := range []int{1, 32} {
		g := graph.New(graph.Inference)
		x := g.Input("x", tensor.Float32, graph.Ints(batch, 32, 32, 3)...)
		y := resnet(nn.NewParams(1), 64, 128, 256, 512).Forward(x)
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
