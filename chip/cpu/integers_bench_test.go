package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// BenchmarkIntTile runs the kernel of integers on data in the first-level cache
// and gives its share of the products in registers.
func BenchmarkIntTile(b *testing.B) {
	for _, tier := range tiers {
		if !tier.usable() || !tier.integers.usable() {
			continue
		}
		b.Run(tier.name, func(b *testing.B) {
			const steps, many = 256, 100
			rows, cols := tier.intShape.rows, tier.intShape.cols
			a, p, c := alignedFloats(rows*(steps+16)), alignedFloats(cols*steps), alignedFloats(rows*cols)
			w := new(workTile)
			t := &w.tile
			t.segs, t.nseg, t.steps = uintptr(unsafe.Pointer(&oneSegment)), 1, steps
			t.b = addressOf(p)
			t.setRows(addressOf(a), 4*apart(steps, 1), rows, rows)
			t.setOut(addressOf(c), 4*cols, rows, rows, 0)
			best, peak := math.Inf(1), 0.0
			for b.Loop() {
				start := time.Now()
				ops := tier.intLoop(many * steps)
				peak = max(peak, ops/time.Since(start).Seconds())
				start = time.Now()
				for range many {
					tier.wideWords(t)
				}
				best = min(best, time.Since(start).Seconds())
			}
			rate := 2 * float64(tier.terms) * float64(many*rows*cols*steps) / best
			b.ReportMetric(rate/1e9, "GOP/s")
			b.ReportMetric(100*rate/peak, "%peak")
		})
	}
}

// BenchmarkConvInt8 times direct and Winograd's integer convolutions of 3 by 3 in
// turn and reports medians. Rates count the operations of the direct one.
func BenchmarkConvInt8(b *testing.B) {
	for _, s := range []struct{ n, side, channels int }{
		{32, 32, 64}, {32, 16, 128}, {32, 8, 256}, {32, 4, 512}, {1, 32, 64}, {1, 16, 128}, {1, 8, 256}, {1, 4, 512}, {4, 4, 512}, {8, 4, 512}, {1, 56, 64}, {8, 16, 64}, {4, 8, 256},
	} {
		b.Run(fmt.Sprintf("%dx%dx%d,batch%d", s.side, s.side, s.channels, s.n), func(b *testing.B) {
			g := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, DilationH: 1, DilationW: 1}
			shape, k := []int{s.n, s.side, s.side, s.channels}, s.channels
			r := rand.New(rand.NewPCG(1, 2))
			weights := chip.Value{DType: chip.Int8, Shape: []int{3, 3, k, k}, Kind: chip.Constant, Data: make([]int8, 9*k*k)}
			for i := range weights.Data.([]int8) {
				weights.Data.([]int8)[i] = int8(r.IntN(61) - 30)
			}
			scale := constant(r, k)
			p := &chip.Program{
				Inputs:  []chip.Slot{{DType: chip.Uint8, Shape: shape}},
				Outputs: []chip.Slot{{DType: chip.Uint8, Shape: shape}},
				Values: []chip.Value{{DType: chip.Uint8, Shape: shape, Kind: chip.Input}, weights,
					{DType: chip.Int32, Shape: []int{k}, Kind: chip.Constant, Data: make([]int32, k)}, scale, {DType: chip.Uint8, Shape: shape, Kind: chip.Output}},
				Instrs: []chip.Instr{{Op: &chip.ConvInt8{Window: g, Groups: 1}, Args: []int{0, 1, 2, 3}, Outs: []int{4}}},
			}
			names := []string{"best", "direct", "F2", "F4"}
			times := make([][]float64, len(names))
			var runs []func() error
			for i := range names {
				d := New(Options{Threads: *threads}).(*Device)
				defer d.Close()
				d.algorithm = algorithm(i)
				x, err := d.Compile(p)
				if err != nil {
					b.Fatal(err)
				}
				defer x.Close()
				in, _ := d.NewBuffer(chip.Uint8, p.Inputs[0].Len())
				out, _ := d.NewBuffer(chip.Uint8, p.Inputs[0].Len())
				runs = append(runs, func() error { return x.Run([]chip.Buffer{in}, []chip.Buffer{out}, nil) })
			}
			for b.Loop() {
				for i, run := range runs {
					start := time.Now()
					if err := run(); err != nil {
						b.Fatal(err)
					}
					times[i] = append(times[i], time.Since(start).Seconds())
				}
			}
			for i, name := range names {
				slices.Sort(times[i])
				t := times[i][len(times[i])/2]
				b.ReportMetric(1e3*t, name+"-ms")
				b.ReportMetric(2*9*float64(p.Inputs[0].Len()*k)/t/1e9, name+"-GOP/s")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
