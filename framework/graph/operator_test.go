package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
)

type (
	node    = graph.Node
	nodes   = []*graph.Node
	tensors = []*tensor.Tensor
)

// values makes a float tensor evenly drawn from lo..hi.
func values(seed uint64, lo, hi float32, dims ...int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 7))
	t := tensor.New(tensor.Float32, dims...)
	for i := range t.Float32s() {
		t.Float32s()[i] = lo + (hi-lo)*r.Float32()
	}
	return t
}

// spread makes distinct values at least 0.05 apart and not near 0, so that
// differences do not cross a kink.
func spread(seed uint64, dims ...int) *tensor.Tensor {
	t := tensor.New(tensor.Float32, dims...)
	n := t.Len()
	for i, p := range rand.New(rand.NewPCG(seed, 9)).Perm(n) {
		t.Float32s()[i] = (float32(p-n/2) + 0.5) * 0.05
	}
	return t
}

func ids(v ...int64) *tensor.Tensor { return tensor.Of(v, len(v)) }

// unaryCase checks a function of one tensor of values from lo to hi.
func unaryCase(lo, hi float32, f func(*node) *node) graphtest.Case {
	return graphtest.Case{Inputs: tensors{values(3, lo, hi, 3, 5)}, Build: func(_ *graph.Graph, in nodes) *node { return f(in[0]) }}
}

// binaryCase checks a function of two tensors that broadcast.
func binaryCase(f func(a, b *node) *node) graphtest.Case {
	return graphtest.Case{Inputs: tensors{values(1, 0.5, 2, 3, 1, 4), values(2, 0.6, 2, 2, 4)},
		Build: func(_ *graph.Graph, in nodes) *node { return f(in[0], in[1]) }}
}

func convCase(o graph.ConvOptions, x, w []int, bias bool) graphtest.Case {
	c := graphtest.Case{Inputs: tensors{values(1, -1, 1, x...), values(2, -1, 1, w...)}}
	if bias {
		c.Inputs = append(c.Inputs, values(3, -1, 1, w[3]))
	}
	c.Build = func(_ *graph.Graph, in nodes) *node {
		if bias {
			return graph.Conv2D(in[0], in[1], in[2], o)
		}
		return graph.Conv2D(in[0], in[1], nil, o)
	}
	return c
}

func of(f func(in nodes) *node, inputs ...*tensor.Tensor) graphtest.Case {
	return graphtest.Case{Inputs: inputs, Build: func(_ *graph.Graph, in nodes) *node { return f(in) }}
}

// addRows adds rows to a table of another file; one name is one row.
func addRows[T any](table, rows map[string]T) {
	for name, row := range rows {
		if _, taken := table[name]; taken {
			panic("two rows are named " + name)
		}
		table[name] = row
	}
}

// gradientCases has a row for every differentiable operator.
var gradientCases = map[string]graphtest.Case{
	"Add":        binaryCase(graph.Add),
	"Sub":        binaryCase(graph.Sub),
	"Mul":        binaryCase(graph.Mul),
	"Div":        binaryCase(graph.Div),
	"Max":        of(func(in nodes) *node { return graph.Max(in[0], in[1]) }, spread(1, 3, 4), spread(2, 3, 4)),
	"Min":        of(func(in nodes) *node { return graph.Min(in[0], in[1]) }, spread(1, 3, 4), spread(2, 3, 4)),
	"Pow":        binaryCase(graph.Pow),
	"Mul/scalar": unaryCase(-1, 1, func(x *node) *node { return graph.MulScalar(graph.AddScalar(x, 2), -3) }),
	"Add/self":   unaryCase(-1, 1, func(x *node) *node { return graph.Add(graph.Mul(x, x), graph.Sub(x, graph.Mul(x, x))) }),
	"Neg":        unaryCase(-1, 1, graph.Neg),
	"Abs":        of(func(in nodes) *node { return graph.Abs(in[0]) }, spread(1, 3, 4)),
	"Exp":        unaryCase(-2, 2, graph.Exp),
	"Log":        unaryCase(0.2, 3, graph.Log),
	"Sqrt":       unaryCase(0.2, 3, graph.Sqrt),
	"Rsqrt":      unaryCase(0.3, 3, graph.Rsqrt),
	"Recip":      unaryCase(0.4, 3, graph.Recip),
	"Erf":        unaryCase(-2, 2, graph.Erf),
	"NormalCDF":  unaryCase(-3, 3, graph.NormalCDF),
	"Sin":        unaryCase(-3, 3, graph.Sin),
	"Cos":        unaryCase(-3, 3, graph.Cos),
	"Tanh":       unaryCase(-2, 2, graph.Tanh),
	"Sigmoid":    unaryCase(-4, 4, graph.Sigmoid),
	"SiLU":       unaryCase(-4, 4, graph.SiLU),
	"GELU":       unaryCase(-3, 3, graph.GELU),
	"Softplus":   unaryCase(-4, 4, graph.Softplus),
	"Relu":       of(func(in nodes) *node { return graph.Relu(in[0]) }, spread(1, 3, 4)),
	"LeakyRelu":  of(func(in nodes) *node { return graph.LeakyRelu(in[0], 0.1) }, spread(1, 3, 4)),
	"Clip":       of(func(in nodes) *node { return graph.Clip(in[0], -0.13, 0.17) }, spread(1, 3, 4)),
	"Where": of(func(in nodes) *node { return graph.Where(graph.Lt(in[0], in[1]), in[0], graph.Mul(in[1], in[1])) },
		spread(1, 3, 4), tensor.Of([]float32{-0.21, 0.01, 0.11, 0.23}, 1, 4)),
	"Broadcast": of(func(in nodes) *node { return graph.Broadcast(in[0], graph.Ints(2, 3, 4)...) }, values(1, -1, 1, 3, 1)),
	"Reshape":   of(func(in nodes) *node { return graph.Reshape(graph.Sin(in[0]), graph.Dims(4, -1)...) }, values(1, -1, 1, 2, 6)),
	"Transpose": of(func(in nodes) *node { return graph.Transpose(graph.Sin(in[0]), 2, 0, 1) }, values(1, -1, 1, 2, 3, 4)),

	"MatMul":       of(func(in nodes) *node { return graph.MatMul(in[0], in[1]) }, values(1, -1, 1, 3, 4), values(2, -1, 1, 4, 5)),
	"MatMul/tn":    of(func(in nodes) *node { return graph.MatMulT(in[0], in[1], true, false) }, values(1, -1, 1, 4, 3), values(2, -1, 1, 4, 5)),
	"MatMul/nt":    of(func(in nodes) *node { return graph.MatMulT(in[0], in[1], false, true) }, values(1, -1, 1, 3, 4), values(2, -1, 1, 5, 4)),
	"MatMul/tt":    of(func(in nodes) *node { return graph.MatMulT(in[0], in[1], true, true) }, values(1, -1, 1, 4, 3), values(2, -1, 1, 5, 4)),
	"MatMul/batch": of(func(in nodes) *node { return graph.MatMul(in[0], in[1]) }, values(1, -1, 1, 2, 3, 4), values(2, -1, 1, 2, 4, 5)),
	"MatMul/batch nt": of(func(in nodes) *node { return graph.MatMulT(in[0], in[1], false, true) },
		values(1, -1, 1, 2, 3, 4), values(2, -1, 1, 2, 5, 4)),
	"MatMul/batch tt": of(func(in nodes) *node { return graph.MatMulT(in[0], in[1], true, true) },
		values(1, -1, 1, 2, 4, 3), values(2, -1, 1, 2, 5, 4)),
	"MatMul/broadcast": of(func(in nodes) *node { return graph.MatMul(in[0], in[1]) },
		values(1, -1, 1, 2, 1, 3, 4), values(2, -1, 1, 3, 4, 2)),
	"MatMul/shared":      of(func(in nodes) *node { return graph.MatMul(in[0], in[1]) }, values(1, -1, 1, 2, 3, 4), values(2, -1, 1, 4, 5)),
	"MatMul/shared nt":   of(func(in nodes) *node { return graph.MatMulT(in[0], in[1], false, true) }, values(1, -1, 1, 2, 3, 4), values(2, -1, 1, 5, 4)),
	"MatMul/shared tn":   of(func(in nodes) *node { return graph.MatMulT(in[0], in[1], true, false) }, values(1, -1, 1, 2, 4, 3), values(2, -1, 1, 4, 5)),
	"MatMul/left matrix": of(func(in nodes) *node { return graph.MatMul(in[0], in[1]) }, values(1, -1, 1, 3, 4), values(2, -1, 1, 2, 4, 5)),
	"Linear":             of(func(in nodes) *node { return graph.Linear(in[0], in[1], in[2]) }, values(1, -1, 1, 3, 4), values(2, -1, 1, 4, 5), values(3, -1, 1, 5)),
	"Linear/rank 3":      of(func(in nodes) *node { return graph.Linear(in[0], in[1], in[2]) }, values(1, -1, 1, 2, 3, 4), values(2, -1, 1, 4, 5), values(3, -1, 1, 5)),
	"Linear/no bias":     of(func(in nodes) *node { return graph.Linear(in[0], in[1], nil) }, values(1, -1, 1, 3, 4), values(2, -1, 1, 4, 5)),

	"Conv2D":           convCase(graph.ConvOptions{}, []int{2, 5, 6, 3}, []int{3, 2, 3, 4}, true),
	"Conv2D/pad":       convCase(graph.ConvOptions{Pad: 1}, []int{2, 4, 5, 2}, []int{3, 3, 2, 3}, false),
	"Conv2D/stride":    convCase(graph.ConvOptions{Pad: 1, Stride: 2}, []int{2, 6, 5, 2}, []int{3, 3, 2, 3}, true),
	"Conv2D/dilation":  convCase(graph.ConvOptions{Dilation: 2, Pad: 2}, []int{1, 6, 5, 2}, []int{3, 3, 2, 3}, false),
	"Conv2D/groups":    convCase(graph.ConvOptions{Groups: 2, Pad: 1}, []int{2, 4, 4, 4}, []int{3, 3, 2, 6}, true),
	"Conv2D/depthwise": convCase(graph.ConvOptions{Groups: 4, Pad: 1, Stride: 2}, []int{2, 5, 4, 4}, []int{3, 3, 1, 4}, false),
	"Conv2D/uneven":    convCase(graph.ConvOptions{Pads: [4]int{1, 0, 2, 1}, Strides: [2]int{2, 1}}, []int{1, 5, 4, 2}, []int{2, 3, 2, 2}, true),
	"Conv2D/1x1":       convCase(graph.ConvOptions{}, []int{2, 3, 3, 4}, []int{1, 1, 4, 5}, true),
	"Conv1D": of(func(in nodes) *node { return graph.Conv1D(in[0], in[1], in[2], graph.ConvOptions{Pad: 1, Stride: 2}) },
		values(1, -1, 1, 2, 7, 3), values(2, -1, 1, 3, 3, 4), values(3, -1, 1, 4)),
	"MaxPool2D":         of(func(in nodes) *node { return graph.MaxPool2D(in[0], graph.PoolOptions{Size: 2}) }, spread(1, 2, 4, 5, 2)),
	"MaxPool2D/overlap": of(func(in nodes) *node { return graph.MaxPool2D(in[0], graph.PoolOptions{Size: 3, Stride: 2, Pad: 1}) }, spread(1, 1, 5, 6, 2)),
	"AvgPool2D":         of(func(in nodes) *node { return graph.AvgPool2D(in[0], graph.PoolOptions{Size: 2}) }, values(1, -1, 1, 2, 4, 5, 2)),
	"AvgPool2D/pad":     of(func(in nodes) *node { return graph.AvgPool2D(in[0], graph.PoolOptions{Size: 3, Stride: 2, Pad: 1}) }, values(1, -1, 1, 1, 5, 6, 2)),
	"AvgPool2D/count pad": of(func(in nodes) *node {
		return graph.AvgPool2D(in[0], graph.PoolOptions{Size: 3, Stride: 2, Pad: 1, CountPad: true})
	}, values(1, -1, 1, 1, 5, 6, 2)),
	"GlobalAvgPool": of(func(in nodes) *node { return graph.GlobalAvgPool(in[0]) }, values(1, -1, 1, 2, 3, 4, 2)),

	"ReduceSum":       of(func(in nodes) *node { return graph.Sum(graph.Square(in[0]), 1) }, values(1, -1, 1, 2, 3, 4)),
	"ReduceSum/outer": of(func(in nodes) *node { return graph.SumKeep(graph.Square(in[0]), 0, 2) }, values(1, -1, 1, 2, 3, 4)),
	"ReduceMean":      of(func(in nodes) *node { return graph.Mean(graph.Square(in[0]), -1, 0) }, values(1, -1, 1, 2, 3, 4)),
	"ReduceMean/all":  of(func(in nodes) *node { return graph.Mean(graph.Square(in[0])) }, values(1, -1, 1, 2, 3)),
	"ReduceMax":       of(func(in nodes) *node { return graph.ReduceMax(in[0], 1) }, spread(1, 2, 3, 4)),
	"ReduceMin":       of(func(in nodes) *node { return graph.ReduceMinKeep(in[0], 0, 1) }, spread(1, 2, 3, 4)),
	"Softmax":         of(func(in nodes) *node { return graph.Softmax(in[0]) }, values(1, -2, 2, 3, 5)),
	"LogSoftmax":      of(func(in nodes) *node { return graph.LogSoftmax(in[0]) }, values(1, -2, 2, 2, 3, 5)),
	"CrossEntropy":    of(func(in nodes) *node { return graph.CrossEntropy(in[0], in[1], 0) }, values(1, -2, 2, 4, 3), ids(0, 2, -1, 1)),
	"CrossEntropy/smooth": of(func(in nodes) *node { return graph.CrossEntropy(in[0], in[1], 0.1) },
		values(1, -2, 2, 4, 3), ids(0, 2, -1, 1)),

	"LayerNorm": of(func(in nodes) *node { return graph.LayerNorm(in[0], in[1], in[2], 1e-3) },
		values(1, -1, 1, 2, 3, 6), values(2, 0.5, 1.5, 6), values(3, -1, 1, 6)),
	"Attention": of(func(in nodes) *node { return graph.Attention(in[0], in[1], in[2], graph.AttentionOptions{}) },
		values(1, -2, 2, 2, 4, 3, 5), values(2, -2, 2, 2, 2, 6, 5), values(3, -1, 1, 2, 2, 6, 4)),
	"Attention/causal": of(func(in nodes) *node {
		return graph.Attention(in[0], in[1], in[2], graph.AttentionOptions{Causal: true, TimeFirst: true, Scale: 0.7})
	}, values(1, -2, 2, 1, 5, 2, 3), values(2, -2, 2, 1, 5, 2, 3), values(3, -1, 1, 1, 5, 2, 3)),
	"RMSNorm": of(func(in nodes) *node { return graph.RMSNorm(in[0], in[1], 1e-3) }, values(1, -1, 1, 4, 6), values(2, 0.5, 1.5, 6)),
	"BatchNormTrain": {Mode: graph.Train, Inputs: tensors{values(1, -1, 1, 3, 2, 2, 4), values(2, 0.5, 1.5, 4), values(3, -1, 1, 4)},
		Build: func(_ *graph.Graph, in nodes) *node { return batchNorm(in) }},
	"BatchNormTrain/relu": {Mode: graph.Train, Inputs: tensors{values(1, -1, 1, 6, 4), values(2, 0.5, 1.5, 4), values(3, -1, 1, 4)},
		Build: func(_ *graph.Graph, in nodes) *node { return graph.Relu(batchNorm(in)) }},
	"BatchNorm": {Inputs: tensors{values(1, -1, 1, 3, 2, 2, 4), values(2, 0.5, 1.5, 4), values(3, -1, 1, 4)},
		Build: func(_ *graph.Graph, in nodes) *node { return batchNorm(in) }},

	"Gather":        of(func(in nodes) *node { return graph.Embedding(in[0], in[1]) }, values(1, -1, 1, 4, 3), tensor.Of([]int64{1, 3, 1, -4}, 2, 2)),
	"Gather/axis 1": of(func(in nodes) *node { return graph.Gather(in[0], in[1], 1) }, values(1, -1, 1, 2, 4, 3), ids(3, 0, 3)),
	"Gather/last":   of(func(in nodes) *node { return graph.Gather(in[0], in[1], -1) }, values(1, -1, 1, 2, 4), tensor.Of([]int64{1, 2, 1, 0}, 2, 2)),
	"Concat": of(func(in nodes) *node { return graph.Concat(1, in[0], graph.Sin(in[1]), in[0]) },
		values(1, -1, 1, 2, 3), values(2, -1, 1, 2, 2)),
	"Slice":   of(func(in nodes) *node { return graph.Slice(graph.Sin(in[0]), 1, 1, -1) }, values(1, -1, 1, 2, 5, 2)),
	"Stride":  of(func(in nodes) *node { return graph.Stride(graph.Sin(in[0]), 1, 1, 2) }, values(1, -1, 1, 2, 6)),
	"Reverse": of(func(in nodes) *node { return graph.Stride(graph.Sin(in[0]), 1, -1, -1) }, values(1, -1, 1, 2, 5)),
	"Pad":     of(func(in nodes) *node { return graph.Pad(graph.Sin(in[0]), []int{1, 0}, []int{2, 1}, 3) }, values(1, -1, 1, 2, 3)),
	"Unsqueeze": of(func(in nodes) *node { return graph.Squeeze(graph.Sin(graph.Unsqueeze(in[0], 1, -1)), 1) },
		values(1, -1, 1, 2, 3)),
	"Split": of(func(in nodes) *node {
		parts := graph.Split(in[0], 1, 2, 3)
		return graph.Concat(1, graph.Mul(parts[0], parts[0]), parts[1])
	}, values(1, -1, 1, 2, 5)),
}

func batchNorm(in nodes) *node {
	c := in[0].Shape()[in[0].Rank()-1]
	n, _ := c.Known()
	return graph.BatchNorm(in[0], in[1], in[2], graph.NewVariable("mean", values(5, -1, 1, n), false),
		graph.NewVariable("var", values(6, 0.5, 1.5, n), false), graph.BatchNormOptions{Eps: 1e-3})
}

func TestGradients(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 2})
	for name, c := range gradientCases {
		t.Run(name, func(t *testing.T) { graphtest.Check(t, dev, c) })
	}
}

// TestSymbolicGradients repeats the cases with a symbol as the first dimension
// of the first input and of all inputs, where the operator takes one.
func TestSymbolicGradients(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 1})
	for name, c := range gradientCases {
		t.Run(name+"/first", func(t *testing.T) {
			c.Symbolic = 1
			graphtest.Check(t, dev, c)
		})
		t.Run(name+"/all", func(t *testing.T) {
			c.Symbolic = len(c.Inputs)
			graphtest.Check(t, dev, c)
		})
	}
}

// TestEveryGradientTested fails when a differentiable operator has no row.
func TestEveryGradientTested(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range gradientCases {
		g := graph.New(c.Mode)
		in := make(nodes, len(c.Inputs))
		for i, v := range c.Inputs {
			in[i] = g.Input(string(rune('a'+i)), v.DType(), graph.Ints(v.Shape()...)...)
		}
		c.Build(g, in)
		for _, n := range g.Nodes() {
			tested[n.Op().Name] = true
		}
	}
	for _, name := range graph.Operators() {
		if graph.Differentiable(name) && !tested[name] {
			t.Errorf("operator %s has a gradient but no row in gradientCases", name)
		}
	}
}

// TestValues checks operators without gradients against the interpreter.
func TestValues(t *testing.T) {
	cases := map[string]struct {
		in    tensors
		build func(in nodes) *node
	}{
		"Floor":      {tensors{values(1, -3, 3, 7)}, func(in nodes) *node { return graph.Floor(in[0]) }},
		"Ceil":       {tensors{values(1, -3, 3, 7)}, func(in nodes) *node { return graph.Ceil(in[0]) }},
		"Round":      {tensors{tensor.Of([]float32{-1.5, -0.5, 0.5, 1.5, 2.5, 0.2}, 6)}, func(in nodes) *node { return graph.Round(in[0]) }},
		"Sign":       {tensors{tensor.Of([]float32{-2, 0, 3}, 3)}, func(in nodes) *node { return graph.Sign(in[0]) }},
		"Mod":        {tensors{values(1, -3, 3, 7), values(2, 1, 2, 7)}, func(in nodes) *node { return graph.Mod(in[0], in[1]) }},
		"Eq":         {tensors{tensor.Of([]float32{1, 2, 3}, 3), tensor.Of([]float32{1, 0, 3}, 3)}, func(in nodes) *node { return graph.Eq(in[0], in[1]) }},
		"Ne int":     {tensors{ids(1, 2, 3), ids(1, 0, 3)}, func(in nodes) *node { return graph.Ne(in[0], in[1]) }},
		"logic":      {tensors{spread(1, 6), spread(2, 6)}, func(in nodes) *node { return logic(in[0], in[1]) }},
		"IsNaN":      {tensors{tensor.Of([]float32{1, nan, 3}, 3)}, func(in nodes) *node { return graph.IsNaN(in[0]) }},
		"int":        {tensors{ids(4, -5, 6), ids(3)}, func(in nodes) *node { return graph.Mul(graph.AddScalar(in[0], 7), in[1]) }},
		"Cast up":    {tensors{tensor.Of([]uint8{0, 7, 255}, 3)}, func(in nodes) *node { return graph.MulScalar(graph.Cast(in[0], tensor.Float32), 1.0/255) }},
		"Cast down":  {tensors{tensor.Of([]float32{-3, 7.9, 300}, 3)}, func(in nodes) *node { return graph.Cast(in[0], tensor.Uint8) }},
		"Cast int":   {tensors{tensor.Of([]float32{-3.7, 7.9, 300}, 3)}, func(in nodes) *node { return graph.Cast(in[0], tensor.Int64) }},
		"ArgMax":     {tensors{spread(1, 3, 4, 2)}, func(in nodes) *node { return graph.ArgMax(in[0], 1) }},
		"ArgMin":     {tensors{spread(1, 3, 4)}, func(in nodes) *node { return graph.ArgMin(in[0], -1) }},
		"ReduceProd": {tensors{values(1, 0.5, 2, 3, 4)}, func(in nodes) *node { return graph.ReduceProd(in[0], 0) }},
		"OneHot":     {tensors{ids(2, 0, 5, -1)}, func(in nodes) *node { return graph.OneHot(in[0], 4) }},
		"Positions": {tensors{ids(1, 2)}, func(in nodes) *node {
			return graph.Add(in[0], graph.Positions(in[0].Graph(), graph.Const(2)))
		}},
	}
	dev := cpu.New(cpu.Options{Threads: 1})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := graph.New(graph.Inference)
			in, feeds := make(nodes, len(c.in)), map[*node]graphtest.Array{}
			for i, v := range c.in {
				in[i] = g.Input(string(rune('a'+i)), v.DType(), graph.Ints(v.Shape()...)...)
				feeds[in[i]] = graphtest.ArrayOf(v)
			}
			y := c.build(in)
			got := run(t, dev, in, nodes{y}, c.in...)
			graphtest.Compare(t, "value", graphtest.ArrayOf(got[0]), graphtest.NewInterpreter(feeds).Value(y), 1e-5)
		})
	}
}

var nan = float32(math.NaN())

func logic(a, b *node) *node {
	zero := graph.Scalar(a.Graph(), 0)
	p, q := graph.Gt(a, zero), graph.Le(b, zero)
	return graph.Or(graph.And(p, graph.Not(q)), graph.And(graph.Not(p), q))
}

// run compiles and runs once.
func run(t *testing.T, dev chip.Device, in, out nodes, feeds ...*tensor.Tensor) tensors {
	t.Helper()
	e, err := graph.Compile(dev, graph.Program{Inputs: in, Outputs: out})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	outs, err := e.Run(feeds...)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(outs)
}
