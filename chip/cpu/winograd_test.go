package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/chiptest"
)

// TestWinogradTwins compares the transforms with their Go twins, with all
// epilogues.
func TestWinogradTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, tier := range usable() {
		for i, f := range []*transforms{tier.f2, tier.f4} {
			if f == nil {
				continue
			}
			twin := []*transforms{goWinograds.f2, goWinograds.f4}[i]
			size := f.m + 2
			for n := f.least; n <= 70; n++ {
				for _, c := range []struct {
					name      string
					run, twin func(*patch)
					side      int // pixels along an axis
					collects  bool
				}{
					{"input", f.input, twin.input, size, false}, {"weights", f.weights, twin.weights, 3, false},
					{"outputGrad", f.outputGrad, twin.outputGrad, f.m, false},
					{"output", f.output, twin.output, f.m, true}, {"weightsGrad", f.weightsGrad, twin.weightsGrad, 3, true},
				} {
					pixels, elements := random(r, c.side*c.side*n), random(r, size*size*n)
					bias, temp := random(r, n), make([]float32, patchTempFloats)
					var pix, all [2]guarded
					for j, run := range []func(*patch){c.run, c.twin} {
						pix[j], all[j] = newGuarded(pixels), newGuarded(elements)
						p := &patch{all: addressOf(all[j].in), step: 4 * n, n: n, temp: addressOf(temp), floor: noFloor}
						for k := range c.side * c.side { // pixels lie anywhere
							p.at[k] = addressOf(pix[j].in[k*7%(c.side*c.side)*n:])
						}
						if n%2 == 1 {
							p.bias, p.floor = addressOf(bias), 0
						}
						run(p)
					}
					if err := closeTo(pix[0].all, pix[1].all, 2e-5); err != nil {
						t.Fatalf("%s %d %s of %d channels: pixels: %v", tier.name, f.m, c.name, n, err)
					}
					if err := closeTo(all[0].all, all[1].all, 2e-5); err != nil {
						t.Fatalf("%s %d %s of %d channels: patch: %v", tier.name, f.m, c.name, n, err)
					}
				}
			}
		}
	}
}

// TestWinogradMatrices holds the identity of the algorithm along one axis:
// Aᵀ[(G g) ⊙ (Bᵀ d)] is the correlation of d and g.
func TestWinogradMatrices(t *testing.T) {
	for _, c := range []struct{ bt, g, at [][]float32 }{{bt2, g2, at2}, {bt4, g4, at4}} {
		for tap := range 3 {
			for at := range c.bt[0] {
				for o, row := range c.at {
					got := 0.0
					for e, f := range row {
						got += float64(f) * float64(c.g[e][tap]) * float64(c.bt[e][at])
					}
					want := 0.0
					if at == o+tap {
						want = 1
					}
					if d := got - want; d > 3e-7 || d < -3e-7 {
						t.Errorf("m = %d: output %d takes weight %d by input %d %v times, want %v", len(c.at), o, tap, at, got, want)
					}
				}
			}
		}
	}
}

// winogradDevices compute by transforms wherever they can: those of each tier
// of this machine, and the Go twins.
func winogradDevices(threads int) map[string]*Device {
	twins := generic
	twins.winograds = goWinograds
	ds := map[string]*Device{}
	for _, tier := range append(usable(), &twins) {
		for _, a := range []algorithm{winograd2, winograd4} {
			if tier.f2 != nil {
				d := newDevice(threads, tier)
				d.algorithm = a
				ds[fmt.Sprintf("%s, algorithm %d", tier.name, a)] = d
			}
		}
	}
	return ds
}

// roundsMore allows errors of transforms that are twice those of sums.
const roundsMore = 4

// FuzzWinograd tries images, channels and padding of all three passes against
// a plain loop in float64.
func FuzzWinograd(f *testing.F) {
	for _, s := range [][]byte{
		{0, 0, 0, 0, 0, 1, 1, 1, 1}, // one pixel
		{1, 7, 7, 0, 8, 1, 1, 1, 1},
		{0, 3, 4, 1, 25, 0, 0, 0, 0}, // no padding
		{2, 8, 5, 9, 17, 0, 2, 1, 0}, // asymmetric
		{1, 4, 9, 24, 24, 4, 3, 2, 4},
		{0, 13, 13, 56, 40, 1, 1, 1, 1},
		{2, 11, 2, 130, 3, 1, 1, 0, 2},
		{1, 5, 5, 7, 141, 2, 2, 2, 2},
		{130, 12, 12, 20, 33, 1, 0, 1, 0},
		{9, 6, 6, 20, 33, 1, 1, 1, 1}, // SiLU
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		if len(s) < 9 {
			t.Skip("too short")
		}
		pick := func(i, n int) int { return int(s[i]) % n }
		g := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: pick(5, 5), PadBottom: pick(6, 5), PadLeft: pick(7, 5), PadRight: pick(8, 5)}
		n, h, w, c, k := 1+pick(0, 3), 1+pick(1, 14), 1+pick(2, 14), 8+pick(3, 150), 8+pick(4, 150)
		oh, ow := g.Out(h, w)
		if h+g.PadTop+g.PadBottom < 3 || w+g.PadLeft+g.PadRight < 3 || n*oh*ow*k*c > 400_000 {
			t.Skip("no such convolution, or too large")
		}
		r := rand.New(rand.NewPCG(uint64(c), uint64(k)))
		x, wt, dy, bias := constant(r, n, h, w, c), constant(r, 3, 3, c, k), constant(r, n, oh, ow, k), constant(r, k)
		y, dx, dw := convInFloat64(g, 1, x, wt, dy)
		act := chip.ReLU
		if s[0]&8 != 0 {
			act = chip.SiLU
		}
		for i := range y {
			if y[i] += float64(bias.Data.([]float32)[i%k]); act == chip.ReLU {
				y[i] = max(0, y[i])
			} else {
				y[i] /= 1 + math.Exp(-y[i])
			}
		}
		for _, d := range winogradDevices(1 + int(s[0]>>7)) {
			compareSums(t, runOp(t, d, &chip.Conv{Window: g, Groups: 1, Bias: true, Act: act}, dy.Shape, x, wt, bias), y, roundsMore*9*c)
			compareSums(t, runOp(t, d, &chip.ConvGradInput{Window: g, Groups: 1}, x.Shape, dy, wt), dx, roundsMore*9*k)
			compareSums(t, runOp(t, d, &chip.ConvGradWeight{Window: g, Groups: 1}, wt.Shape, x, dy), dw, roundsMore*n*oh*ow)
			d.Close()
		}
	})
}

// TestWinogradConformance runs the suite, tolerances and all, on devices that
// compute by transforms wherever they can.
func TestWinogradConformance(t *testing.T) {
	for name := range winogradDevices(2) {
		t.Run(name, func(t *testing.T) {
			chiptest.Run(t, func() chip.Device { return winogradDevices(2)[name] })
		})
	}
}

// TestWinogradWeightsChange holds that weights which are not constant are
// transformed in each run.
func TestWinogradWeightsChange(t *testing.T) {
	g := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
	for _, side := range []int{12, 50} { // few tiles and many
		for name, d := range winogradDevices(2) {
			b := &stepBuilder{}
			x, w := b.value(chip.Input, chip.Float32, 1, side, side, 16), b.value(chip.Variable, chip.Float32, 3, 3, 16, 24)
			b.Outputs = []chip.Slot{{DType: chip.Float32, Shape: []int{1, side, side, 24}}}
			b.Values = append(b.Values, chip.Value{DType: chip.Float32, Shape: b.Outputs[0].Shape, Kind: chip.Output})
			b.do(&chip.Conv{Window: g, Groups: 1}, []int{2}, x, w)
			exec, err := d.Compile(&b.Program)
			if err != nil {
				t.Fatal(err)
			}
			data := [3][]float32{make([]float32, side*side*16), make([]float32, 9*16*24), make([]float32, side*side*24)}
			var bufs [3][]chip.Buffer
			for i, s := range data {
				buf, err := d.Wrap(s)
				if err != nil {
					t.Fatal(err)
				}
				bufs[i] = []chip.Buffer{buf}
			}
			fill(data[0], 1)
			for _, v := range []float32{1, 2} {
				fill(data[1], v)
				if err := exec.Run(bufs[0], bufs[2], bufs[1]); err != nil {
					t.Fatal(err)
				}
				middle := data[2][(side/2*side+side/2)*24]
				if want := v * 9 * 16; math.Abs(float64(middle-want)) > 1e-3 {
					t.Errorf("%s: %d pixels a side, weights of %v: the output is %v, want %v", name, side, v, middle, want)
				}
			}
			d.Close()
		}
	}
}

// TestWinogradAllocatesNothing runs all passes, with few tiles and many.
func TestWinogradAllocatesNothing(t *testing.T) {
	g := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
	for _, side := range []int{12, 50} {
		for name, d := range winogradDevices(2) {
			b := &stepBuilder{}
			x, w := b.temp(1, side, side, 20), b.temp(3, 3, 20, 20)
			b.do(&chip.Conv{Window: g, Groups: 1}, []int{b.temp(1, side, side, 20)}, x, w)
			b.do(&chip.ConvGradInput{Window: g, Groups: 1}, []int{b.temp(1, side, side, 20)}, x, w)
			b.do(&chip.ConvGradWeight{Window: g, Groups: 1}, []int{b.temp(3, 3, 20, 20)}, x, x)
			exec, err := d.Compile(&b.Program)
			if err != nil {
				t.Fatal(err)
			}
			if a := testing.AllocsPerRun(5, func() {
				if err := exec.Run(nil, nil, nil); err != nil {
					t.Error(err)
				}
			}); a > 0 {
				t.Errorf("%s: %d pixels a side: a run allocates %v times", name, side, a)
			}
			d.Close()
		}
	}
}

// TestPickWinograd holds what shapes are computed by which algorithm.
func TestPickWinograd(t *testing.T) {
	tier := generic
	tier.winograds = goWinograds
	for _, f := range []**transforms{&tier.f2, &tier.f4} { // the costs of eight lanes
		eight := **f
		eight.least, *f = 8, &eight
	}
	for _, c := range []struct{ n, side, c, k, forward, gradWeight int }{
		{32, 56, 64, 64, 4, 4}, {32, 28, 128, 128, 4, 4}, {32, 14, 256, 256, 4, 4}, {32, 7, 512, 512, 4, 4},
		{64, 32, 64, 64, 4, 4}, {64, 16, 128, 128, 4, 4}, {64, 8, 256, 256, 4, 4}, {64, 4, 512, 512, 4, 4},
		{1, 56, 64, 64, 4, 4}, {1, 28, 128, 128, 4, 4}, {1, 14, 256, 256, 2, 2}, {1, 7, 512, 512, 2, 0},
		{64, 32, 16, 16, 4, 4}, {64, 32, 3, 64, 0, 0}, {64, 32, 8, 8, 0, 0}, {64, 2, 64, 64, 2, 2}, {64, 1, 64, 64, 0, 0},
		{32, 14, 2048, 2048, 0, 0}, // the transformed weights would be huge
	} {
		for _, gradWeight := range []bool{false, true} {
			want := c.forward
			if gradWeight {
				want = c.gradWeight
			}
			got := 0
			if f := newDevice(1, &tier).pickWinograd(winogradShape{t: &tier, n: c.n, rows: c.side, cols: c.side, c: c.c, k: c.k, gradWeight: gradWeight}); f != nil {
				got = f.m
			}
			if got != want {
				t.Errorf("%+v, gradient by weights %v: tiles of %d, want %d", c, gradWeight, got, want)
			}
		}
	}
}

// TestPickWinogradForConstants picks for a single image, where reading the
// weights takes longer than the arithmetic.
func TestPickWinogradForConstants(t *testing.T) {
	tier := largeTiles
	tier.winograds = goWinograds
	for _, c := range []struct{ n, side, channels, want int }{
		{1, 32, 64, 4}, {1, 16, 128, 4}, {1, 8, 256, 2}, {1, 4, 512, 0}, {32, 16, 128, 4}, {32, 8, 256, 4}, {32, 4, 512, 4},
	} {
		got := 0
		s := winogradShape{t: &tier, n: c.n, rows: c.side, cols: c.side, c: c.channels, k: c.channels, fixed: true}
		if f := newDevice(1, &tier).pickWinograd(s); f != nil {
			got = f.m
		}
		if got != c.want {
			t.Errorf("%+v: tiles of %d", c, got)
		}
	}
}

// TestWinogradRepeats runs shapes of several units: all numbers of threads give
// the same bits each time.
func TestWinogradRepeats(t *testing.T) {
	g := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
	r := rand.New(rand.NewPCG(13, 14))
	x, w, dy := constant(r, 5, 30, 26, 24), constant(r, 3, 3, 24, 40), constant(r, 5, 30, 26, 40)
	y, dx, dw := convInFloat64(g, 1, x, w, dy)
	firsts := map[string][]float32{}
	for _, threads := range []int{1, 2, 3} {
		for name, d := range winogradDevices(threads) {
			for _, pass := range []struct {
				op   chip.Op
				out  []int
				ins  []chip.Value
				want []float64
				sum  int
			}{
				{&chip.Conv{Window: g, Groups: 1}, dy.Shape, []chip.Value{x, w}, y, 9 * 24},
				{&chip.ConvGradInput{Window: g, Groups: 1}, x.Shape, []chip.Value{dy, w}, dx, 9 * 40},
				{&chip.ConvGradWeight{Window: g, Groups: 1}, w.Shape, []chip.Value{x, dy}, dw, 5 * 30 * 26},
			} {
				for range 3 {
					results := runOp(t, d, pass.op, pass.out, pass.ins...)
					compareSums(t, results, pass.want, roundsMore*pass.sum)
					key := name + pass.op.Name()
					for _, got := range results {
						if firsts[key] == nil {
							firsts[key] = got
						} else if !slices.Equal(firsts[key], got) {
							t.Errorf("%s: %s of %d threads gives other bits than its first run", name, pass.op.Name(), threads)
						}
					}
				}
			}
			d.Close()
		}
	}
}
