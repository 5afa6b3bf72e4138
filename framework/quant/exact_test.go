package quant_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/quant"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// exact computes an exported integer model with integers of 64 bits.
type exact struct {
	values    map[string]units
	saturated int // products of two neighbours whose sum does not fit into 16 bits
	clipped   int // activations at the ends of their grid
}

// units are the numbers ints·unit, the unit one for all or by index of an axis.
type units struct {
	shape []int
	ints  []int64
	unit  []float64
	axis  int
	zero  int64 // what was subtracted from the stored integers
}

func (u units) real(i int) float64 {
	return float64(u.ints[i]) * u.unit[i/tensor.Size(u.shape[min(u.axis+1, len(u.shape)):])%len(u.unit)]
}

// of holds a tensor's numbers: integers as they are, one of floats as the unit of a 1.
func (units) of(t *tensor.Tensor) units {
	u := units{shape: t.Shape(), ints: make([]int64, t.Len()), unit: []float64{1}}
	switch v := t.Data().(type) {
	case []float32: // scales
		u.unit = make([]float64, len(v))
		for i, x := range v {
			u.ints[i], u.unit[i] = 1, float64(x)
		}
	case []int8:
		for i, x := range v {
			u.ints[i] = int64(x)
		}
	case []uint8:
		for i, x := range v {
			u.ints[i] = int64(x)
		}
	case []int32:
		for i, x := range v {
			u.ints[i] = int64(x)
		}
	}
	return u
}

// run computes m for x, whose numbers are multiples of step.
func (e *exact) run(t *testing.T, m *onnx.Model, x *tensor.Tensor, step float64) units {
	t.Helper()
	in := units{shape: x.Shape(), unit: []float64{step}}
	for _, v := range x.Float32s() {
		in.ints = append(in.ints, int64(math.Round(float64(v)/step)))
	}
	e.values = map[string]units{m.Graph.Inputs[0].Name: in}
	for _, p := range m.Graph.Initializers {
		v, err := p.Tensor()
		if err != nil {
			t.Fatal(err)
		}
		e.values[p.Name] = units{}.of(v)
	}
	for _, n := range m.Graph.Nodes {
		var ins []units
		for _, name := range n.Inputs {
			ins = append(ins, e.values[name])
		}
		attrs := map[string][]int64{}
		for _, a := range n.Attributes {
			attrs[a.Name] = a.Ints
		}
		x := ins[0]
		y := units{shape: x.shape, ints: slices.Clone(x.ints), unit: x.unit, axis: x.axis, zero: x.zero}
		switch n.OpType {
		case "QuantizeLinear":
			y.unit = []float64{1}
			for i := range y.ints {
				q := int64(math.RoundToEven(x.real(i)/ins[1].unit[0])) + ins[2].ints[0]
				if y.ints[i] = min(max(q, 0), 255); q <= 0 || q >= 255 {
					e.clipped++
				}
			}
		case "DequantizeLinear":
			y.unit = ins[1].unit
			if len(ins) > 2 {
				y.zero = ins[2].ints[0]
			}
			for i := range y.ints {
				y.ints[i] -= y.zero
			}
		case "Relu":
			for i := range y.ints {
				y.ints[i] = max(y.ints[i], 0)
			}
		case "Transpose":
			y = transposed(x, attrs["perm"])
		case "Gemm": // [N,K]·[K,M] is a convolution of images of one pixel
			w := transposed(ins[1], []int64{1, 0})
			w.shape = append(w.shape, 1, 1)
			x.shape = append(slices.Clone(x.shape), 1, 1)
			y = e.conv(x, w, ins[2], []int64{0, 0, 0, 0}, []int64{1, 1})
			y.shape = y.shape[:2]
		case "Conv":
			y = e.conv(x, ins[1], ins[2], attrs["pads"], attrs["strides"])
		default:
			t.Fatalf("operator %s is not known here", n.OpType)
		}
		e.values[n.Outputs[0]] = y
	}
	return e.values[m.Graph.Outputs[0].Name]
}

func transposed(x units, perm []int64) units {
	y := units{unit: x.unit, axis: slices.Index(perm, int64(x.axis)), zero: x.zero}
	for _, p := range perm {
		y.shape = append(y.shape, x.shape[p])
	}
	for i := range x.ints {
		at := make([]int, len(perm)) // of element i of y
		for d, rest := len(perm)-1, i; d >= 0; d-- {
			at[perm[d]], rest = rest%y.shape[d], rest/y.shape[d]
		}
		from := 0
		for d, k := range at {
			from = from*x.shape[d] + k
		}
		y.ints = append(y.ints, x.ints[from])
	}
	return y
}

// conv is Σ x·w + b for x [N,C,H,W] and w [K,C,R,S].
func (e *exact) conv(x, w, b units, pads, strides []int64) units {
	n, c, h, wd := x.shape[0], x.shape[1], x.shape[2], x.shape[3]
	k, r, s := w.shape[0], w.shape[2], w.shape[3]
	oh, ow := (h+int(pads[0]+pads[2])-r)/int(strides[0])+1, (wd+int(pads[1]+pads[3])-s)/int(strides[1])+1
	y := units{shape: []int{n, k, oh, ow}, unit: make([]float64, k), axis: 1}
	for i := range k {
		y.unit[i] = x.unit[0] * w.unit[i%len(w.unit)]
	}
	for at := range n * k * oh * ow {
		image, out, row, col := at/(k*oh*ow), at/(oh*ow)%k, at/ow%oh, at%ow
		sum, before := b.ints[out], int64(0)
		for i := range c * r * s {
			// Channels turn fastest, as they lie in the memory of kernels.
			channel, dy, dx := i%c, i/c/s, i/c%s
			py, px := row*int(strides[0])-int(pads[0])+dy, col*int(strides[1])-int(pads[1])+dx
			q := int64(0)
			if py >= 0 && py < h && px >= 0 && px < wd {
				q = x.ints[((image*c+channel)*h+py)*wd+px]
			}
			weight := w.ints[((out*c+channel)*r+dy)*s+dx]
			sum += q * weight
			stored := (q + x.zero) * weight
			if i%2 == 1 && (stored+before > math.MaxInt16 || stored+before < math.MinInt16) {
				e.saturated++
			}
			before = stored
		}
		y.ints = append(y.ints, sum)
	}
	return y
}

// powers sets weights to n·2^-6, and in every other channel n·2^-7, for integers
// n from -127 to 127, both in every channel, so that scales are powers of two.
func powers(t *testing.T, r *rand.Rand, p *nn.Params) {
	t.Helper()
	for _, v := range p.Trainable() {
		w := v.Value()
		k := v.Shape()[len(v.Shape())-1]
		for i := range w.Float32s() {
			n := r.IntN(255) - 127
			if i < 2*k {
				n = []int{127, -127}[i/k]
			}
			w.Float32s()[i] = float32(n) / float32(int(64)<<(i%k%2))
			if len(v.Shape()) == 1 { // multiples of what sums count in
				w.Float32s()[i] = float32(r.IntN(8001)-4000) / 64 / 64
			}
		}
		if err := v.Set(w); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullRangeIsExact: with weights over all of -127..127, where adding two
// products in 16 bits overflows, integer layers compute what 64-bit integers give
// for the exported model, and so does a Session that runs the exported model.
// All scales are powers of two and no sum passes 2^24, so float32 is exact too
// and equal means equal bits, the rounding of halves included.
func TestFullRangeIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const step = 1. / 64
	input := quant.Range{Lo: -100 * step, Hi: 155 * step}
	dense, images := nn.NewParams(1), nn.NewParams(1)
	for name, c := range map[string]struct {
		params *nn.Params
		dims   []any
		shape  []int
		net    nn.Sequential
		hidden float32 // the step of the second layer's operand
	}{
		"linear": {dense, []any{"N", 160}, []int{9, 160},
			nn.Sequential{nn.NewLinear(dense.Sub("a"), 160, 48), nn.Act("relu"), nn.NewLinear(dense.Sub("b"), 48, 7)}, 0.5},
		"convolution": {images, []any{"N", 9, 11, 6}, []int{2, 9, 11, 6},
			nn.Sequential{nn.NewConv2D(images.Sub("a"), 6, 12, 3, nn.ConvOptions{Pad: 1}), nn.Act("relu"), nn.NewConv2D(images.Sub("b"), 12, 5, 3, nn.ConvOptions{Stride: 2})}, 0.25},
	} {
		t.Run(name, func(t *testing.T) {
			powers(t, r, c.params)
			x := graph.New(graph.Inference).Input("x", tensor.Float32, graph.Dims(c.dims...)...)
			ranges := quant.Ranges{"a/weight": input, "b/weight": {Lo: 0, Hi: 255 * c.hidden}}
			y := integer(t, ranges, c.net.Forward(x))
			batch := tensor.New(tensor.Float32, c.shape...)
			for i := range batch.Float32s() {
				batch.Float32s()[i] = float32(r.IntN(256)-100) * step
				if i%3 == 0 {
					batch.Float32s()[i] = 155 * step
				}
			}
			b := onnx.NewBuilder("exact")
			out, err := b.Graph([]*graph.Node{y}, map[*graph.Node]string{x: b.Input("x", tensor.Float32, c.dims...)})
			if err != nil {
				t.Fatal(err)
			}
			b.Output(out[0], out[0], tensor.Float32)
			m := decode(t, b.Model().Marshal())

			e := &exact{}
			want := e.run(t, m, batch, step)
			if e.saturated == 0 || e.clipped == 0 {
				t.Fatalf("%d pairs of products overflow 16 bits, %d activations are clipped; want some", e.saturated, e.clipped)
			}
			s, err := onnx.NewSession(m, dev)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			outs, err := s.Run(t.Context(), map[string]*tensor.Tensor{"x": batch})
			if err != nil {
				t.Fatal(err)
			}
			largest := int64(0)
			for what, got := range map[string]*tensor.Tensor{"integer layers": eval(t, x, y, batch), "a session": outs[out[0]]} {
				for i, v := range got.Float32s() {
					if largest = max(largest, want.ints[i], -want.ints[i]); float64(v) != want.real(i) {
						t.Fatalf("%s: output %d is %v, want %v", what, i, v, want.real(i))
					}
				}
			}
			t.Logf("%d pairs overflow 16 bits, %d activations are clipped, the largest sum is %d", e.saturated, e.clipped, largest)
		})
	}
}
