package onnx

import (
	"context"
	"fmt"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// network is a model traced for export, with a batch to try it on.
type network struct {
	name   string
	inputs []*tensor.Tensor
	ids    bool // the first input is int64
	build  func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node
}

func residual(p *nn.Params, x *graph.Node, in, out, stride int) *graph.Node {
	c1, b1 := nn.NewConv2D(p.Sub("c1"), in, out, 3, nn.ConvOptions{Stride: stride, Pad: 1, NoBias: true}), nn.NewBatchNorm(p.Sub("b1"), out)
	c2, b2 := nn.NewConv2D(p.Sub("c2"), out, out, 3, nn.ConvOptions{Pad: 1, Groups: 2}), nn.NewBatchNorm(p.Sub("b2"), out)
	skip := nn.NewConv2D(p.Sub("skip"), in, out, 1, nn.ConvOptions{Stride: stride})
	y := graph.Relu(b1.Forward(c1.Forward(x)))
	return graph.Relu(graph.Add(b2.Forward(c2.Forward(y)), skip.Forward(x)))
}

var networks = []network{
	{name: "mlp", inputs: []*tensor.Tensor{normal(5, 7)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
		h := graph.SiLU(nn.NewLinear(p.Sub("a"), 7, 16).Forward(in[0]))
		h = nn.NewLayerNorm(p.Sub("n"), 16).Forward(nn.NewBatchNorm(p.Sub("bn"), 16).Forward(h))
		h = graph.Dropout(graph.GELU(h), 0.5)
		return []*graph.Node{graph.Softmax(nn.NewLinear(p.Sub("b"), 16, 3).Forward(h))}
	}},
	{name: "resnet", inputs: []*tensor.Tensor{normal(2, 9, 11, 3)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
		x := residual(p.Sub("r1"), in[0], 3, 8, 1)
		x = residual(p.Sub("r2"), graph.MaxPool2D(x, graph.PoolOptions{Size: 2}), 8, 12, 2)
		x = nn.NewBatchNorm(p.Sub("late"), 12).Forward(x)
		x = graph.Mul(x, graph.Scalar(g, 0.5))
		return []*graph.Node{nn.NewLinear(p.Sub("fc"), 12, 4).Forward(graph.GlobalAvgPool(x))}
	}},
	{name: "lenet", inputs: []*tensor.Tensor{normal(3, 12, 12, 1)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
		x := graph.Tanh(nn.NewConv2D(p.Sub("c1"), 1, 6, 5, nn.ConvOptions{Pad: 2}).Forward(in[0]))
		x = graph.AvgPool2D(x, graph.PoolOptions{Size: 3, Stride: 2, Pad: 1})
		x = graph.Concat(3, x, graph.Neg(x))
		x = graph.Pad(x, []int{0, 1, 0, 0}, []int{0, 0, 2, 0}, 1)
		return []*graph.Node{nn.NewLinear(p.Sub("fc"), 7*8*12, 4).Forward(graph.Flatten(x, 1)), graph.ArgMax(graph.Mean(x, 1, 2), 1)}
	}},
	{name: "textcnn", ids: true, inputs: []*tensor.Tensor{pickInts(0, 20, 3, 9)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
		x := nn.NewEmbedding(p.Sub("e"), 20, 8).Forward(in[0])
		mask := graph.Unsqueeze(graph.Cast(graph.Ne(in[0], g.Const(tensor.Scalar(int64(0)))), tensor.Float32), -1)
		y := graph.Relu(nn.NewConv1D(p.Sub("c"), 8, 10, 3, nn.ConvOptions{Pad: 1}).Forward(graph.Mul(x, mask)))
		return []*graph.Node{nn.NewLinear(p.Sub("fc"), 10, 2).Forward(graph.ReduceMax(y, 1)), graph.Div(graph.Sum(graph.Mul(x, mask), 1), graph.Sum(mask, 1))}
	}},
	{name: "attention", inputs: []*tensor.Tensor{normal(2, 5, 8)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
		x := graph.Add(in[0], nn.NewMultiHeadAttention(p.Sub("a"), 8, 2, nn.AttentionOptions{}).Forward(in[0], nil))
		x = nn.NewRMSNorm(p.Sub("r"), 8).Forward(x)
		return []*graph.Node{graph.Mean(x, 1)}
	}},
	{name: "recurrent", inputs: []*tensor.Tensor{normal(2, 5, 3)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
		x := nn.NewLSTM(p.Sub("l"), 3, 4, nn.RecurrentOptions{Bidirectional: true, Peephole: true, Layers: 2}).Forward(in[0])
		y := nn.NewGRU(p.Sub("g"), 8, 4, nn.RecurrentOptions{ResetAfter: true}).Forward(x)
		z := nn.NewGRU(p.Sub("h"), 8, 3, nn.RecurrentOptions{}).Forward(x)
		_, last, cell := graph.LSTM(graph.Tanh(x), g.Const(normal(2, 8)), nil, nil, graph.LSTMOptions{Reverse: true}) // inputs that are no product
		return []*graph.Node{y, z, last, cell}
	}},
	{name: "operators", inputs: []*tensor.Tensor{uniform(0.1, 2, 4, 6)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
		x := in[0]
		c := graph.Scalar(g, 1.3)
		return []*graph.Node{
			graph.Add(graph.Sqrt(x), graph.Rsqrt(x)), graph.Pow(x, c), graph.Mod(x, c), graph.Log(graph.Recip(x)), graph.Erf(x), graph.Softplus(x), graph.Clip(x, 0.5, 1),
			graph.Where(graph.Lt(x, c), x, graph.Floor(x)), graph.Cast(graph.And(graph.Ge(x, c), graph.Not(graph.Eq(x, c))), tensor.Float32), graph.LogSoftmax(x), graph.Sub(graph.Round(x), graph.Ceil(x)),
			graph.Slice(x, 1, 1, -1), graph.Stride(x, 1, -1, -2), graph.Stride(x, 1, 1, 2), graph.Transpose(x), graph.OneHot(graph.ArgMin(x, 1), 6), graph.LeakyRelu(graph.Sin(x), 0.1), graph.Sign(graph.Cos(x)),
			graph.Broadcast(graph.Unsqueeze(x, 1), x.Dim(0), graph.Const(2), x.Dim(1)), graph.MatMulT(x, x, false, true), graph.ReduceProd(x, 1), graph.SumKeep(x, 0), graph.ReduceMinKeep(graph.Abs(x), 1),
			graph.Reshape(x, graph.Const(-1), graph.Const(3)), graph.Cast(graph.Positions(g, x.Dim(0)), tensor.Float32), graph.Gather(x, g.Const(ints(3, 0, -1)), 1), graph.Sum(x, 0),
		}
	}},
	{name: "resize", inputs: []*tensor.Tensor{uniform(0, 255, 2, 8, 6, 3)}, build: func(g *graph.Graph, p *nn.Params, in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Resize(in[0], graph.Const(5), graph.Const(9), chip.Linear, false), graph.Resize(in[0], graph.Const(4), graph.Const(9), chip.Nearest, false)}
	}},
}

// trace builds n with symbolic batch (and, for ids, length) in inference mode.
func (n network) trace() (g *graph.Graph, in, out []*graph.Node, p *nn.Params) {
	g, p = graph.New(graph.Inference), nn.NewParams(7)
	for i, t := range n.inputs {
		dims := []any{"N"}
		for j, d := range t.Shape()[1:] {
			if n.ids && j == 0 {
				dims = append(dims, "L")
			} else {
				dims = append(dims, d)
			}
		}
		in = append(in, g.Input(fmt.Sprintf("in%d", i), t.DType(), graph.Dims(dims...)...))
	}
	out = n.build(g, p, in)
	for _, v := range p.Variables() { // statistics and biases that are not 0 and 1
		t := v.Value()
		if t.Rank() == 1 {
			t = uniform(0.5, 1.5, t.Len())
		}
		v.Set(t)
	}
	return g, in, out, p
}

func (n network) export(t testing.TB) (*Model, []*graph.Node, []*graph.Node) {
	_, in, out, _ := n.trace()
	b := NewBuilder(n.name)
	values := map[*graph.Node]string{}
	for i, x := range in {
		dims := []any{}
		for _, d := range x.Shape() {
			if v, ok := d.Known(); ok {
				dims = append(dims, v)
			} else {
				dims = append(dims, d.String())
			}
		}
		values[x] = b.Input(fmt.Sprintf("in%d", i), x.DType(), dims...)
	}
	ys, err := b.Graph(out, values)
	if err != nil {
		t.Fatal(err)
	}
	for i, y := range ys {
		b.Output(fmt.Sprintf("out%d", i), y, out[i].DType())
	}
	return b.Model(), in, out
}

func TestExport(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name, func(t *testing.T) {
			m, in, out := n.export(t)
			exec, err := graph.Compile(device, graph.Program{Inputs: in, Outputs: out})
			if err != nil {
				t.Fatal(err)
			}
			defer exec.Close()
			want, err := exec.Run(n.inputs...)
			if err != nil {
				t.Fatal(err)
			}
			feeds := map[string]*tensor.Tensor{}
			for i, x := range n.inputs {
				feeds[fmt.Sprintf("in%d", i)] = x
			}
			s, err := NewSession(m, device)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := s.Run(context.Background(), feeds)
			if err != nil {
				t.Fatal(err)
			}
			declare(m, got)
			ref := ort(t, m, feeds)
			for i, w := range want {
				name := fmt.Sprintf("out%d", i)
				if diff := compare(ref[name], w, 1e-4); diff != "" {
					t.Errorf("%s: onnxruntime against the graph: %s", name, diff)
				}
				if diff := compare(got[name], w, 1e-4); diff != "" {
					t.Errorf("%s: session against the graph: %s", name, diff)
				}
			}
		})
	}
}

func TestExportKeepsImagesChannelsFirst(t *testing.T) {
	for _, n := range networks {
		if n.name != "resnet" {
			continue
		}
		m, _, _ := n.export(t)
		count := map[string]int{}
		for _, node := range m.Graph.Nodes {
			count[node.OpType]++
		}
		if count["Transpose"] != 1 || count["BatchNormalization"] != 0 || count["Conv"] != 6 || count["Mul"] != 2 {
			t.Errorf("one Transpose at the input, six folded Conv and one affine were expected: %v", count)
		}
	}
}

func TestExportErrors(t *testing.T) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 2)...)
	if _, err := NewBuilder("b").Graph([]*graph.Node{graph.Relu(x)}, nil); err == nil {
		t.Error("an input without a value is no error")
	}
	if _, err := NewBuilder("b").Graph([]*graph.Node{graph.Normal(g, graph.Const(2))}, nil); err == nil {
		t.Error("a random operator is no error")
	}
}
