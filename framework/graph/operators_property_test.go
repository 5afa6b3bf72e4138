package graph_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/tensor"
	"pgregory.net/rapid"
)

// garden grows a random graph over nearly all operators. Values stay bounded,
// so that float32 and float64 agree; functions with jumps or kinks, such as
// Round or ArgMax, take inputs alone, whose values are the same in both.
type garden struct {
	t     *rapid.T
	g     *graph.Graph
	exact nodes // inputs
	float nodes // all float32 values
	ids   *node // int64 [3] in 0..2
}

func (d *garden) int(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(d.t, name) }

func (d *garden) flag(name string) bool { return rapid.Bool().Draw(d.t, name) }

// any draws a float value of one of the ranks; of all when none is given.
func (d *garden) any(ranks ...int) *node { return d.from(d.float, ranks) }

func (d *garden) input(ranks ...int) *node { return d.from(d.exact, ranks) }

func (d *garden) from(list nodes, ranks []int) *node {
	fit := slices.DeleteFunc(slices.Clone(list), func(n *node) bool { return len(ranks) > 0 && !slices.Contains(ranks, n.Rank()) })
	if len(fit) == 0 {
		return nil
	}
	return fit[d.int("value", 0, len(fit)-1)]
}

func (d *garden) axis(x *node) int { return d.int("axis", -x.Rank(), x.Rank()-1) }

func (d *garden) axes(x *node) []int { return []int{d.axis(x)} }

// weights makes a constant; dimensions must be known.
func (d *garden) weights(dims ...graph.Dim) *node {
	known, _ := graph.Shape(dims).Known()
	return d.g.Const(values(uint64(d.int("seed", 1, 1000)), -0.5, 0.5, known...))
}

// positive maps x into 0.3..1.7 smoothly.
func positive(x *node) *node {
	return graph.AddScalar(graph.MulScalar(graph.Tanh(x), 0.7), 1)
}

func (d *garden) window() graph.ConvOptions {
	return graph.ConvOptions{Stride: d.int("stride", 1, 2), Pad: d.int("pad", 0, 2), Dilation: d.int("dilation", 1, 2)}
}

// plants are the operators; a function returns nil, or panics with a
// ShapeError, where what it drew does not fit.
var plants = map[string]func(d *garden) *node{
	"Relu": func(d *garden) *node { return graph.Relu(d.any()) }, "Sigmoid": func(d *garden) *node { return graph.Sigmoid(d.any()) },
	"Tanh": func(d *garden) *node { return graph.Tanh(d.any()) }, "SiLU": func(d *garden) *node { return graph.SiLU(d.any()) },
	"GELU": func(d *garden) *node { return graph.GELU(d.any()) }, "Softplus": func(d *garden) *node { return graph.Softplus(d.any()) },
	"LeakyRelu": func(d *garden) *node { return graph.LeakyRelu(d.any(), 0.1) }, "Neg": func(d *garden) *node { return graph.Neg(d.any()) },
	"Abs": func(d *garden) *node { return graph.Abs(d.any()) }, "Exp": func(d *garden) *node { return graph.Exp(graph.Tanh(d.any())) },
	"Log": func(d *garden) *node { return graph.Log(positive(d.any())) }, "Sqrt": func(d *garden) *node { return graph.Sqrt(positive(d.any())) },
	"Rsqrt": func(d *garden) *node { return graph.Rsqrt(positive(d.any())) }, "Recip": func(d *garden) *node { return graph.Recip(positive(d.any())) },
	"Erf": func(d *garden) *node { return graph.Erf(d.any()) }, "NormalCDF": func(d *garden) *node { return graph.NormalCDF(d.any()) }, "Sin": func(d *garden) *node { return graph.Sin(d.any()) }, "Cos": func(d *garden) *node { return graph.Cos(d.any()) },
	"Floor": func(d *garden) *node { return graph.Floor(d.input()) }, "Ceil": func(d *garden) *node { return graph.Ceil(d.input()) },
	"Round": func(d *garden) *node { return graph.Round(d.input()) }, "Sign": func(d *garden) *node { return graph.Sign(d.input()) },
	"Square": func(d *garden) *node { return graph.Tanh(graph.Square(d.any())) }, "Clip": func(d *garden) *node { return graph.Clip(d.any(), -0.4, 0.6) },
	"StopGradient": func(d *garden) *node { return graph.StopGradient(d.any()) },

	"Add": func(d *garden) *node { return graph.Add(d.any(), d.any()) }, "Sub": func(d *garden) *node { return graph.Sub(d.any(), d.any()) },
	"Mul": func(d *garden) *node { return graph.Tanh(graph.Mul(d.any(), d.any())) }, "Div": func(d *garden) *node { return graph.Tanh(graph.Div(d.any(), positive(d.any()))) },
	"Max": func(d *garden) *node { return graph.Max(d.any(), d.any()) }, "Min": func(d *garden) *node { return graph.Min(d.any(), d.any()) },
	"Pow":       func(d *garden) *node { return graph.Pow(positive(d.any()), graph.Tanh(d.any())) },
	"Mod":       func(d *garden) *node { return graph.Mod(d.input(), graph.Scalar(d.g, 0.75)) },
	"AddScalar": func(d *garden) *node { return graph.AddScalar(d.any(), 0.25) }, "MulScalar": func(d *garden) *node { return graph.MulScalar(d.any(), -0.5) },
	"Where": func(d *garden) *node {
		x := d.input()
		return graph.Where(graph.Gt(x, graph.Scalar(d.g, 0.1)), d.any(), graph.Exp(x))
	},
	"logic": func(d *garden) *node {
		a, b, zero := d.input(), d.input(), graph.Scalar(d.g, 0)
		p := graph.Or(graph.And(graph.Le(a, zero), graph.Ne(b, zero)), graph.Not(graph.Ge(b, a)))
		return graph.Cast(graph.Or(p, graph.Or(graph.IsNaN(a), graph.Eq(a, b))), tensor.Float32)
	},
	"Cast": func(d *garden) *node {
		return graph.MulScalar(graph.Cast(graph.Cast(graph.MulScalar(d.input(), 50), tensor.Int64), tensor.Float32), 0.02)
	},
	"int": func(d *garden) *node {
		i := graph.Cast(graph.MulScalar(d.input(), 9), tensor.Int64)
		return graph.MulScalar(graph.Cast(graph.Max(graph.Mul(i, i), graph.AddScalar(i, 3)), tensor.Float32), 0.01)
	},

	"MatMul": func(d *garden) *node {
		return graph.Tanh(graph.MatMulT(d.any(2, 3), d.any(2, 3), d.flag("transA"), d.flag("transB")))
	},
	"Linear": func(d *garden) *node {
		x, n := d.any(2, 3, 4), graph.Const(d.int("outputs", 1, 9))
		return graph.Tanh(graph.Linear(x, d.weights(x.Dim(-1), n), d.weights(n)))
	},
	"Conv2D": func(d *garden) *node {
		x, o := d.any(4), d.window()
		k := graph.Const(d.int("filters", 1, 5))
		w := d.weights(graph.Const(d.int("kh", 1, 3)), graph.Const(d.int("kw", 1, 3)), x.Dim(3), k)
		if c, _ := x.Dim(3).Known(); d.flag("depthwise") {
			o.Groups, k = c, x.Dim(3)
			w = d.weights(graph.Const(3), graph.Const(3), graph.Const(1), k)
		}
		if d.flag("bias") {
			return graph.Tanh(graph.Conv2D(x, w, d.weights(k), o))
		}
		return graph.Tanh(graph.Conv2D(x, w, nil, o))
	},
	"Conv1D": func(d *garden) *node {
		x := d.any(3)
		return graph.Tanh(graph.Conv1D(x, d.weights(graph.Const(d.int("k", 1, 3)), x.Dim(2), graph.Const(3)), nil, d.window()))
	},
	"MaxPool2D": func(d *garden) *node {
		return graph.MaxPool2D(d.input(4), graph.PoolOptions{Size: d.int("size", 1, 3), Stride: d.int("stride", 1, 2)})
	},
	"AvgPool2D": func(d *garden) *node {
		return graph.AvgPool2D(d.any(4), graph.PoolOptions{Size: d.int("size", 2, 3), Pad: d.int("pad", 0, 1), CountPad: d.flag("count")})
	},
	"GlobalAvgPool": func(d *garden) *node { return graph.GlobalAvgPool(d.any(4)) },

	"Sum": func(d *garden) *node { x := d.any(1, 2, 3, 4); return graph.Tanh(graph.Sum(x, d.axes(x)...)) }, "Mean": func(d *garden) *node { return graph.Mean(d.any()) },
	"MeanKeep": func(d *garden) *node { x := d.any(1, 2, 3, 4); return graph.MeanKeep(x, d.axes(x)...) }, "SumKeep": func(d *garden) *node { x := d.any(2, 3); return graph.Tanh(graph.SumKeep(x, 0, -1)) },
	"ReduceMax": func(d *garden) *node { x := d.any(1, 2, 3, 4); return graph.ReduceMax(x, d.axes(x)...) }, "ReduceMin": func(d *garden) *node { x := d.any(1, 2, 3, 4); return graph.ReduceMinKeep(x, d.axes(x)...) },
	"ReduceProd": func(d *garden) *node { x := d.any(1, 2, 3); return graph.ReduceProd(graph.Tanh(x), d.axes(x)...) },
	"ArgMax": func(d *garden) *node {
		x := d.input(2, 3, 4)
		return graph.MulScalar(graph.Cast(graph.ArgMax(x, d.axis(x)), tensor.Float32), 0.1)
	},
	"ArgMin": func(d *garden) *node {
		x := d.input(2, 3, 4)
		return graph.MulScalar(graph.Cast(graph.ArgMin(x, d.axis(x)), tensor.Float32), 0.1)
	},
	"Softmax": func(d *garden) *node { return graph.Softmax(d.any(1, 2, 3, 4)) }, "LogSoftmax": func(d *garden) *node { return graph.MulScalar(graph.LogSoftmax(d.any(1, 2, 3, 4)), 0.2) },
	"CrossEntropy": func(d *garden) *node {
		x := d.any(2)
		n, _ := x.Dim(0).Eval(fourRows)
		if k, known := x.Dim(1).Known(); !known || k < 3 || n < 3 {
			return nil // there are three labels up to 2
		}
		rows := graph.Slice(x, 0, 0, 3)
		return graph.MulScalar(graph.CrossEntropy(rows, d.ids, float32(d.int("smoothing", 0, 1))/10), 0.3)
	},
	"LayerNorm": func(d *garden) *node {
		x := d.any(2, 3, 4)
		return graph.Tanh(graph.LayerNorm(x, d.weights(x.Dim(-1)), d.weights(x.Dim(-1)), 1e-1))
	},
	"Attention": func(d *garden) *node {
		x := d.any(4)
		return graph.Attention(x, graph.Tanh(x), x, graph.AttentionOptions{Causal: d.flag("causal"), TimeFirst: d.flag("time first")})
	},
	"RMSNorm": func(d *garden) *node {
		x := d.any(2, 3, 4)
		return graph.Tanh(graph.RMSNorm(x, d.weights(x.Dim(-1)), 1e-1))
	},
	"BatchNorm": func(d *garden) *node {
		x := d.any(2, 4)
		n, _ := x.Dim(-1).Known()
		mean, variance := graph.NewVariable(fmt.Sprint("mean", len(d.float)), values(5, -0.1, 0.1, n), false), graph.NewVariable(fmt.Sprint("var", len(d.float)), values(6, 0.5, 1.5, n), false)
		return graph.Tanh(graph.BatchNorm(x, d.weights(x.Dim(-1)), d.weights(x.Dim(-1)), mean, variance, graph.BatchNormOptions{Eps: 1e-1}))
	},

	"Gather": func(d *garden) *node {
		x := d.any(1, 2, 3)
		axis := d.axis(x)
		if n, known := x.Dim(axis).Known(); !known || n < 3 {
			return nil // ids go up to 2
		}
		return graph.Gather(x, d.ids, axis)
	},
	"OneHot": func(d *garden) *node { return graph.MulScalar(graph.OneHot(d.ids, d.int("depth", 2, 5)), 0.5) },
	"Concat": func(d *garden) *node { x := d.any(1, 2, 3); return graph.Concat(d.axis(x), x, d.any(x.Rank()), x) },
	"Slice": func(d *garden) *node {
		x := d.any(1, 2, 3, 4)
		return graph.Slice(x, d.axis(x), d.int("start", 0, 2), graph.End)
	},
	"Stride":  func(d *garden) *node { x := d.any(1, 2, 3); return graph.Stride(x, d.axis(x), d.int("start", 0, 1), 2) },
	"Reverse": func(d *garden) *node { x := d.any(1, 2, 3); return graph.Stride(x, d.axis(x), -1, -1) },
	"Split": func(d *garden) *node {
		x := d.any(2)
		return graph.Sub(graph.Split(x, 1, 3, 3)[1], graph.Split(x, 1, 3, 3)[0])
	},
	"Pad": func(d *garden) *node {
		return graph.Pad(d.any(2), []int{d.int("before", 0, 2), 1}, []int{0, d.int("after", 0, 2)}, 0.5)
	},
	"Broadcast": func(d *garden) *node {
		x := d.any(1, 2)
		return graph.Broadcast(x, append(graph.Ints(2), x.Shape()...)...)
	},
	"Reshape":   func(d *garden) *node { x := d.any(1, 2, 3, 4); return graph.Reshape(x, x.Dim(-1), graph.Const(-1)) },
	"Flatten":   func(d *garden) *node { return graph.Flatten(d.any(2, 3, 4), 1) },
	"Unsqueeze": func(d *garden) *node { return graph.Unsqueeze(d.any(1, 2, 3), 0) },
	"Squeeze":   func(d *garden) *node { return graph.Squeeze(graph.MeanKeep(d.any(2, 3, 4), 0), 0) },
	"Transpose": func(d *garden) *node {
		x := d.any(2, 3, 4)
		return graph.Transpose(x, rapid.Permutation([]int{0, 1, 2, 3}[:x.Rank()]).Draw(d.t, "perm")...)
	},
	"Positions": func(d *garden) *node {
		x := d.any(1, 2)
		return graph.Add(x, graph.MulScalar(graph.Cast(graph.Positions(d.g, x.Dim(-1)), tensor.Float32), 0.1))
	},
}

// fourRows is N of gardenFeeds.
var fourRows = map[string]int{"N": 4}

// gardenFeeds are images [N,5,4,2], sequences [N,6,3], rows [N,6] and ids.
var gardenFeeds = tensors{spread(21, 4, 5, 4, 2), values(22, -1, 1, 4, 6, 3), values(23, -1, 1, 4, 6), ids(2, 0, 1)}

// drawGarden makes a program with some outputs and, behind them, the gradients
// of the last one's mean where no rounding can turn them.
func drawGarden(t *rapid.T, mode graph.Mode) (p graph.Program, forward int) {
	g := graph.New(mode)
	d := &garden{t: t, g: g}
	images, steps, rows := g.Input("images", tensor.Float32, graph.Dims("N", 5, 4, 2)...), g.Input("steps", tensor.Float32, graph.Dims("N", 6, 3)...), g.Input("rows", tensor.Float32, graph.Dims("N", 6)...)
	d.ids = g.Input("ids", tensor.Int64, graph.Dims(3)...)
	d.exact = nodes{images, steps, rows}
	w := g.Var(graph.NewVariable("w", values(24, -1, 1, 6, 6), true))
	d.float = append(slices.Clone(d.exact), graph.MulScalar(images, 0.25), w)
	names := make([]string, 0, len(plants))
	for name := range plants {
		names = append(names, name)
	}
	slices.Sort(names)
	for range rapid.IntRange(1, 12).Draw(t, "operators") {
		plant := plants[rapid.SampledFrom(names).Draw(t, "operator")]
		var y *node
		if err := graph.Trace(func() { y = plant(d) }); err == nil && y != nil && filled(y) {
			d.float = append(d.float, y)
		}
	}
	p.Inputs = append(slices.Clone(d.exact), d.ids)
	for range rapid.IntRange(1, 3).Draw(t, "outputs") {
		p.Outputs = append(p.Outputs, d.float[d.int("output", 0, len(d.float)-1)])
	}
	// The newest value is an output, so that no operator is drawn in vain.
	p.Outputs = append(p.Outputs, d.float[len(d.float)-1])
	forward = len(p.Outputs)
	if smooth(g) {
		p.Outputs = append(p.Outputs, graph.Grad(graph.Mean(p.Outputs[forward-1]), append(slices.Clone(d.exact), w)...)...)
	}
	return p, forward
}

// filled reports whether a value of four rows has elements: a window may not
// fit into what is left of them.
func filled(y *node) bool {
	dims, err := y.Shape().Eval(fourRows)
	return err == nil && tensor.Size(dims) > 0
}

// smooth reports whether no operator has a kink, where rounding decides which
// way a gradient goes.
func smooth(g *graph.Graph) bool {
	return !slices.ContainsFunc(g.Nodes(), func(n *node) bool {
		return slices.Contains([]string{"Relu", "LeakyRelu", "Abs", "Max", "Min", "ReduceMax", "ReduceMin", "ReduceProd", "MaxPool2D", "Pow"}, n.Op().Name)
	})
}

// tierDevices has a device for each tier of kernels of this machine and 1 and 2 threads.
func tierDevices(t *testing.T) map[string]chip.Device {
	devices := map[string]chip.Device{}
	for _, tier := range cpu.Tiers() {
		t.Setenv("MACAW_CPU", tier)
		for _, threads := range []int{1, 2} {
			devices[fmt.Sprint(tier, "/", threads)] = cpu.New(cpu.Options{Threads: threads})
		}
	}
	return devices
}

// sample sets the number of random programs: 30, or 3000 in a full check. The
// flag -rapid.checks says otherwise.
func sample(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return
	}
	n := "30"
	if os.Getenv("MACAW_CHECK") == "full" {
		n = "3000"
	}
	if err := flag.Set(checks.Name, n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(checks.Name, checks.DefValue) })
}

// TestEveryPath compares random programs over nearly all operators: without
// passes and optimised, on each tier of kernels, with one and two threads, all
// against the float64 interpreter, gradients against each other. A repeated run
// must give the same bits. A failure prints the seed: -rapid.seed repeats it.
func TestEveryPath(t *testing.T) {
	sample(t)
	devices := tierDevices(t)
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]graph.Mode{graph.Inference, graph.Train}).Draw(t, "mode")
		p, forward := drawGarden(t, mode)
		feeds := map[*node]graphtest.Array{}
		for i, n := range p.Inputs {
			feeds[n] = graphtest.ArrayOf(gardenFeeds[i])
		}
		interpreter := graphtest.NewInterpreter(feeds)
		var reference []graphtest.Array // the interpreter's values, then the first path's gradients
		for _, n := range p.Outputs[:forward] {
			reference = append(reference, interpreter.Value(n))
		}
		for name, dev := range devices {
			for path, build := range map[string]func(chip.Device, graph.Program) (*graph.Executable, error){"plain": graph.CompilePlain, "optimised": graph.Compile} {
				first := runOnce(t, dev, build, p)
				again := runOnce(t, dev, build, p)
				for i, n := range p.Outputs {
					what := fmt.Sprintf("%s %s: output %d, %v", path, name, i, n)
					if !sameBits(first[i], again[i]) {
						t.Fatalf("%s differs from run to run", what)
					}
					if i == len(reference) {
						reference = append(reference, graphtest.ArrayOf(first[i]))
					}
					near(t, what, graphtest.ArrayOf(first[i]), reference[i])
				}
			}
		}
	})
}

// runOnce compiles and runs a program whose random graph assigns nothing that
// outputs read, so that runs are equal.
func runOnce(t *rapid.T, dev chip.Device, build func(chip.Device, graph.Program) (*graph.Executable, error), p graph.Program) tensors {
	e, err := build(dev, p)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	outs, err := e.Run(gardenFeeds...)
	if err != nil {
		t.Fatal(err)
	}
	return outs
}

// near is same where NaN is only close to NaN.
func near(t *rapid.T, what string, got, want graphtest.Array) {
	for i, w := range want.Data {
		if d := abs(got.Data[i] - w); !(d <= 3e-4*(1+abs(w))) && (got.Data[i] == got.Data[i] || w == w) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got.Data[i], w)
		}
	}
}

// sameBits is tensor.Equal where NaN equals NaN.
func sameBits(a, b *tensor.Tensor) bool {
	if !slices.Equal(a.Shape(), b.Shape()) {
		return false
	}
	return slices.EqualFunc(a.Float32s(), b.Float32s(), func(x, y float32) bool { return x == y || x != x && y != y })
}

// unplanted are differentiable operators of which no plant is made: CTC takes
// labels that fit its frames.
var unplanted = []string{"CTC"}

// TestPlantsCoverOperators fails when a differentiable operator of a forward
// graph is never drawn.
func TestPlantsCoverOperators(t *testing.T) {
	drawn := map[string]bool{}
	missing := func() (list []string) {
		for _, name := range graph.Operators() {
			if graph.Differentiable(name) && !drawn[name] && !slices.Contains(unplanted, name) {
				list = append(list, name)
			}
		}
		return list
	}
	for round := 0; round < 50 && len(missing()) > 0; round++ { // a rare operator may have no luck for long
		rapid.Check(t, func(t *rapid.T) {
			for _, mode := range []graph.Mode{graph.Inference, graph.Train} {
				p, _ := drawGarden(t, mode)
				for _, n := range p.Inputs[0].Graph().Nodes() {
					drawn[n.Op().Name] = true
				}
			}
		})
	}
	if list := missing(); len(list) > 0 {
		t.Errorf("differentiable operators that were never drawn: %v", list)
	}
}
