package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// runOp runs one operator on float32 values and returns its first output, of
// operands that are constants and of operands that are inputs.
func runOp(t *testing.T, d *Device, op chip.Op, out []int, ins ...chip.Value) (results [][]float32) {
	t.Helper()
	for _, kind := range []chip.Kind{chip.Constant, chip.Input} {
		p := &chip.Program{Values: slices.Clone(ins), Instrs: []chip.Instr{{Op: op}}}
		var inputs []chip.Buffer
		for i, v := range ins {
			p.Instrs[0].Args = append(p.Instrs[0].Args, i)
			if kind == chip.Input {
				p.Values[i] = chip.Value{DType: v.DType, Shape: v.Shape, Kind: chip.Input, Index: i}
				p.Inputs = append(p.Inputs, chip.Slot{DType: v.DType, Shape: v.Shape})
				b, err := d.Wrap(v.Data)
				if err != nil {
					t.Fatal(err)
				}
				inputs = append(inputs, b)
			}
		}
		p.Outputs = []chip.Slot{{DType: chip.Float32, Shape: out}}
		p.Values = append(p.Values, chip.Value{DType: chip.Float32, Shape: out, Kind: chip.Output})
		p.Instrs[0].Outs = []int{len(ins)}
		x, err := d.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		y := newGuarded(make([]float32, p.Outputs[0].Len()))
		b, err := d.Wrap(y.in)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second run finds the scratch used
			if err := x.Run(inputs, []chip.Buffer{b}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if !y.intact() {
			t.Errorf("%s writes outside its output %v", op.Name(), out)
		}
		results = append(results, y.in)
	}
	return results
}

func constant(r *rand.Rand, shape ...int) chip.Value {
	v := chip.Value{DType: chip.Float32, Shape: shape, Kind: chip.Constant}
	v.Data = random(r, v.Len())
	return v
}

func toBFloats(v chip.Value) []chip.BFloat {
	x := make([]chip.BFloat, v.Len())
	goShorten(x, v.Data.([]float32))
	return x
}

// compareSums allows the rounding of sums of k products of numbers up to 2.
func compareSums(t *testing.T, results [][]float32, want []float64, k int) {
	t.Helper()
	tol := 1e-5 * (1 + math.Sqrt(float64(k)))
	for _, got := range results {
		for i, w := range want {
			if !(math.Abs(float64(got[i])-w) <= tol) {
				t.Fatalf("element %d of %d is %v, want %v", i, len(want), got[i], w)
			}
		}
	}
}

// FuzzGemm tries shapes against a plain loop in float64.
func FuzzGemm(f *testing.F) {
	for _, s := range [][4]uint16{{1, 1, 1, 0}, {7, 17, 400, 1}, {100, 9, 33, 2}, {6, 16, 384, 3}, {13, 30, 2100, 4}, {5, 100, 9, 7}, {80, 200, 100, 12}, {3, 40, 70, 10}, {143, 104, 0, 0x87},
		{13, 30, 40, 0x20}, {40, 200, 401, 0x31}, {17, 210, 33, 0x22}, {30, 65, 4, 0x23}, {5, 5, 1, 0x20}, {9, 12, 2299, 0x3b}, {90, 7, 2000, 0x2c}} {
		f.Add(s[0], s[1], s[2], uint8(s[3]))
	}
	f.Fuzz(func(t *testing.T, m16, n16, k16 uint16, flags uint8) {
		m, n, k := int(m16%160), int(n16%210), int(k16%2300)
		if m*n*k > 2_000_000 {
			t.Skip("too large")
		}
		r := rand.New(rand.NewPCG(uint64(m), uint64(n)))
		op := &chip.Gemm{TransA: flags&1 != 0, TransB: flags&2 != 0, Bias: flags&4 != 0}
		if flags&8 != 0 {
			op.Act, op.Alpha = chip.ReLU, 0.5
		}
		a, b, bias := constant(r, m, k), constant(r, k, n), constant(r, n)
		if flags&32 != 0 {
			goWiden(a.Data.([]float32), toBFloats(a))
			goWiden(b.Data.([]float32), toBFloats(b))
		}
		at := func(v chip.Value, i, j int, trans bool, cols, rows int) float64 {
			if trans {
				return float64(v.Data.([]float32)[j*rows+i])
			}
			return float64(v.Data.([]float32)[i*cols+j])
		}
		if op.TransA {
			a.Shape = []int{k, m}
		}
		if op.TransB {
			b.Shape = []int{n, k}
		}
		want := make([]float64, m*n)
		for i := range want {
			for p := range k {
				want[i] += at(a, i/n, p, op.TransA, k, m) * at(b, p, i%n, op.TransB, n, k)
			}
			if op.Alpha != 0 {
				want[i] *= float64(op.Alpha)
			}
			if op.Bias {
				want[i] += float64(bias.Data.([]float32)[i%n])
			}
			if op.Act == chip.ReLU {
				want[i] = max(want[i], 0)
			}
		}
		if flags&32 != 0 {
			a.DType, a.Data = chip.BFloat16, toBFloats(a)
			b.DType, b.Data = chip.BFloat16, toBFloats(b)
		}
		ins := []chip.Value{a, b}
		if op.Bias {
			ins = append(ins, bias)
		}
		for _, tier := range append(usable(), &largeTiles, withoutPairs()) {
			d := newDevice(1+int(flags>>4&1), tier)
			compareSums(t, runOp(t, d, op, []int{m, n}, ins...), want, k)
			d.Close()
		}
	})
}

// FuzzConv tries windows, channels and groups of all three passes against a
// plain loop in float64.
func FuzzConv(f *testing.F) {
	f.Add([]byte{2, 8, 8, 3, 4, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Add([]byte{1, 9, 7, 2, 6, 2, 2, 4, 2, 3, 0, 1, 2, 0, 1, 2})
	f.Add([]byte{3, 12, 12, 16, 16, 1, 1, 1, 2, 2, 0, 0, 0, 0, 1, 1})
	f.Add([]byte{1, 5, 5, 1, 1, 8, 3, 3, 2, 1, 1, 1, 1, 1, 2, 1})
	f.Add([]byte{1, 6, 6, 33, 20, 1, 3, 3, 1, 1, 2, 2, 2, 2, 1, 1})
	f.Add([]byte{2, 11, 3, 5, 9, 1, 5, 2, 3, 2, 4, 4, 0, 0, 1, 2})
	f.Add([]byte{0, 12, 12, 39, 39, 0, 4, 2, 1, 0, 1, 1, 1, 1, 0, 0}) // every other row has a gradient of nine taps
	f.Fuzz(func(t *testing.T, s []byte) {
		if len(s) < 16 {
			t.Skip("too short")
		}
		pick := func(i, n int) int { return int(s[i]) % n }
		groups := 1 + pick(5, 8)
		g := chip.Window{KH: 1 + pick(6, 5), KW: 1 + pick(7, 5), StrideH: 1 + pick(8, 4)%3, StrideW: 1 + pick(9, 4)%3,
			PadTop: pick(10, 5), PadBottom: pick(11, 5), PadLeft: pick(12, 5), PadRight: pick(13, 5), DilationH: 1 + pick(14, 3)%2, DilationW: 1 + pick(15, 3)%2}
		n, h, w, c, k := 1+pick(0, 3), 1+pick(1, 13), 1+pick(2, 13), groups*(1+pick(3, 40)), groups*(1+pick(4, 40))
		oh, ow := g.Out(h, w)
		if h+g.PadTop+g.PadBottom <= g.DilationH*(g.KH-1) || w+g.PadLeft+g.PadRight <= g.DilationW*(g.KW-1) || n*oh*ow*k*c/groups*g.KH*g.KW > 3_000_000 {
			t.Skip("no such convolution, or too large")
		}
		r := rand.New(rand.NewPCG(uint64(c), uint64(k)))
		x, wt, dy := constant(r, n, h, w, c), constant(r, g.KH, g.KW, c/groups, k), constant(r, n, oh, ow, k)
		y, dx, dw := convInFloat64(g, groups, x, wt, dy)
		cg, kg := c/groups, k/groups
		for _, tier := range append(usable(), &largeTiles) {
			d := newDevice(1+int(s[0]>>7), tier)
			compareSums(t, runOp(t, d, &chip.Conv{Window: g, Groups: groups}, dy.Shape, x, wt), y, g.KH*g.KW*cg)
			compareSums(t, runOp(t, d, &chip.ConvGradInput{Window: g, Groups: groups}, x.Shape, dy, wt), dx, g.KH*g.KW*kg)
			compareSums(t, runOp(t, d, &chip.ConvGradWeight{Window: g, Groups: groups}, wt.Shape, x, dy), dw, n*oh*ow)
			d.Close()
		}
	})
}

// convInFloat64 is a plain loop for all three passes of a convolution of x by
// wt: the output, and for the output's gradient dy those by x and wt.
func convInFloat64(g chip.Window, groups int, x, wt, dy chip.Value) (y, dx, dw []float64) {
	h, w, c := x.Shape[1], x.Shape[2], x.Shape[3]
	oh, ow, k := dy.Shape[1], dy.Shape[2], dy.Shape[3]
	y, dx, dw = make([]float64, dy.Len()), make([]float64, x.Len()), make([]float64, wt.Len())
	xs, ws, ds := x.Data.([]float32), wt.Data.([]float32), dy.Data.([]float32)
	cg, kg := c/groups, k/groups
	for o := range dy.Shape[0] * oh * ow {
		for tap := range g.KH * g.KW {
			ih, iw := o/ow%oh*g.StrideH-g.PadTop+tap/g.KW*g.DilationH, o%ow*g.StrideW-g.PadLeft+tap%g.KW*g.DilationW
			if ih < 0 || iw < 0 || ih >= h || iw >= w {
				continue
			}
			for q := range k {
				for p := range cg {
					xi, wi, yi := ((o/(oh*ow)*h+ih)*w+iw)*c+q/kg*cg+p, (tap*cg+p)*k+q, o*k+q
					y[yi] += float64(xs[xi]) * float64(ws[wi])
					dx[xi] += float64(ds[yi]) * float64(ws[wi])
					dw[wi] += float64(xs[xi]) * float64(ds[yi])
				}
			}
		}
	}
	return y, dx, dw
}
