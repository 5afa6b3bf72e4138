package cpu

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip"
)

// BenchmarkWinograd times direct and Winograd's convolutions in turn and
// reports medians and their ratios. Rates count the operations of the direct one.
func BenchmarkWinograd(b *testing.B) {
	for _, s := range []struct{ n, side, channels int }{
		{32, 56, 64}, {32, 28, 128}, {32, 14, 256}, {32, 7, 512}, {64, 32, 64}, {64, 16, 128}, {64, 8, 256}, {64, 4, 512},
		{1, 56, 64}, {1, 28, 128}, {1, 14, 256}, {1, 7, 512}, {64, 32, 16}, {64, 32, 32},
	} {
		g := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, DilationH: 1, DilationW: 1}
		x, w := []int{s.n, s.side, s.side, s.channels}, []int{3, 3, s.channels, s.channels}
		flops := 2 * float64(s.n*s.side*s.side) * float64(9*s.channels*s.channels)
		for _, pass := range []struct {
			name string
			op   chip.Op
			ins  [][]int
			out  []int
		}{
			{"forward", &chip.Conv{Window: g, Groups: 1}, [][]int{x, w}, x},
			{"gradInput", &chip.ConvGradInput{Window: g, Groups: 1}, [][]int{x, w}, x},
			{"gradWeight", &chip.ConvGradWeight{Window: g, Groups: 1}, [][]int{x, x}, w},
		} {
			b.Run(fmt.Sprintf("%dx%dx%d,batch%d/%s", s.side, s.side, s.channels, s.n, pass.name), func(b *testing.B) {
				benchAlgorithms(b, flops, pass.op, pass.ins, pass.out)
			})
		}
	}
}

func benchAlgorithms(b *testing.B, flops float64, op chip.Op, ins [][]int, out []int) {
	names := []string{"direct", "F2", "F4"}
	var runs []func() error
	for i := range names {
		d := New(Options{Threads: *threads}).(*Device)
		defer d.Close()
		d.algorithm = []algorithm{direct, winograd2, winograd4}[i]
		p := &stepBuilder{}
		var args []int
		var bufs, outs []chip.Buffer
		for _, s := range ins {
			args = append(args, p.value(chip.Input, chip.Float32, s...))
			data := make([]float32, p.Inputs[len(p.Inputs)-1].Len())
			for j := range data {
				data[j] = float32(j%17)/17 - 0.4
			}
			w, _ := d.Wrap(data)
			bufs = append(bufs, w)
		}
		p.Outputs = []chip.Slot{{DType: chip.Float32, Shape: out}}
		p.Values = append(p.Values, chip.Value{DType: chip.Float32, Shape: out, Kind: chip.Output})
		p.do(op, []int{len(p.Values) - 1}, args...)
		y, _ := d.NewBuffer(chip.Float32, p.Outputs[0].Len())
		outs = append(outs, y)
		x, err := d.Compile(&p.Program)
		if err != nil {
			b.Fatal(err)
		}
		defer x.Close()
		runs = append(runs, func() error { return x.Run(bufs, outs, nil) })
	}
	times, used := make([][]float64, len(runs)), make([][]float64, len(runs))
	for range 2 {
		for _, run := range runs {
			if err := run(); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		for i, run := range runs {
			start, cpu := time.Now(), processTime()
			if err := run(); err != nil {
				b.Fatal(err)
			}
			times[i] = append(times[i], time.Since(start).Seconds())
			used[i] = append(used[i], processTime()-cpu)
		}
	}
	median := func(t []float64) float64 {
		slices.Sort(t)
		return t[len(t)/2]
	}
	for i, name := range names {
		b.ReportMetric(1e3*median(times[i]), name+"-ms")
		b.ReportMetric(flops/median(times[i])/1e9, name+"-GFLOP/s")
		b.ReportMetric(median(times[0])/median(times[i]), name+"-ratio")
		b.ReportMetric(median(used[0])/median(used[i]), name+"-cpu-ratio") // without what a neighbour took
	}
	b.ReportMetric(0, "ns/op")
}
