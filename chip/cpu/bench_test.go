package cpu

import (
	"flag"
	"fmt"
	"math"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip"
)

// peak is that of the threads that a benchmark uses.
var peak = sync.OnceValue(func() float64 {
	one, together := Peak(*threads)
	if *threads == 1 {
		return one
	}
	return together
})

var threads = flag.Int("threads", 0, "threads of the benchmarks' device; 0 means all")

var profile = flag.Bool("profile", false, "print the time of each instruction")

// benchOp times one operator; rates are of the fastest run, which a busy
// neighbour disturbs least.
func benchOp(b *testing.B, flops float64, op chip.Op, ins, outs [][]int) {
	b.Helper()
	d := New(Options{Threads: *threads}).(*Device)
	defer d.Close()
	p := &chip.Program{Instrs: []chip.Instr{{Op: op}}}
	var bufs [2][]chip.Buffer
	for side, shapes := range [][][]int{ins, outs} {
		for i, s := range shapes {
			slot := chip.Slot{DType: chip.Float32, Shape: s}
			data := make([]float32, slot.Len())
			for j := range data {
				data[j] = float32(j%17)/17 - 0.4
			}
			w, err := d.Wrap(data)
			if err != nil {
				b.Fatal(err)
			}
			bufs[side] = append(bufs[side], w)
			id := len(p.Values)
			if side == 0 {
				p.Inputs = append(p.Inputs, slot)
				p.Values = append(p.Values, chip.Value{DType: chip.Float32, Shape: s, Kind: chip.Input, Index: i})
				p.Instrs[0].Args = append(p.Instrs[0].Args, id)
			} else {
				p.Outputs = append(p.Outputs, slot)
				p.Values = append(p.Values, chip.Value{DType: chip.Float32, Shape: s, Kind: chip.Output, Index: i})
				p.Instrs[0].Outs = append(p.Instrs[0].Outs, id)
			}
		}
	}
	benchProgram(b, d, p, bufs[0], bufs[1], flops)
}

func benchProgram(b *testing.B, d *Device, p *chip.Program, ins, outs []chip.Buffer, flops float64) {
	b.Helper()
	x, err := d.Compile(p)
	if err != nil {
		b.Fatal(err)
	}
	benchRun(b, flops, func() error { return x.Run(ins, outs, nil) })
}

// benchRun times runs and reports the fastest.
func benchRun(b *testing.B, flops float64, run func() error) {
	b.Helper()
	peak()
	if err := run(); err != nil {
		b.Fatal(err)
	}
	best, used := math.Inf(1), processTime()
	for b.Loop() {
		start := time.Now()
		if err := run(); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start).Seconds())
	}
	used = processTime() - used
	b.ReportMetric(best*1e3, "best-ms")
	if flops > 0 {
		one, _ := Peak(1)
		b.ReportMetric(100*flops*float64(b.N)/used/one, "%peak-cpu")
		b.ReportMetric(flops/best/1e9, "GFLOP/s")
		b.ReportMetric(100*flops/best/peak(), "%peak")
	}
}

// processTime is the processor time used so far, in seconds. Rates by it leave
// out the time that a neighbour had the core.
func processTime() float64 {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return 0
	}
	return float64(ru.Utime.Sec+ru.Stime.Sec) + float64(ru.Utime.Usec+ru.Stime.Usec)/1e6
}

func BenchmarkSGEMM(b *testing.B) {
	for _, n := range []int{64, 128, 256, 512, 1024, 2048} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := [][]int{{n, n}, {n, n}}
			benchOp(b, 2*float64(n)*float64(n)*float64(n), &chip.Gemm{}, s, s[:1])
		})
	}
	for _, v := range []string{"TA", "TB"} {
		b.Run("512"+v, func(b *testing.B) {
			s := [][]int{{512, 512}, {512, 512}}
			benchOp(b, 2*512*512*512, &chip.Gemm{TransA: v == "TA", TransB: v == "TB"}, s, s[:1])
		})
	}
	for _, s := range [][3]int{{64, 512, 784}, {1, 1024, 1024}, {8, 1024, 1024}, {64, 120, 400}, {400, 120, 64}} {
		m, n, k := s[0], s[1], s[2]
		b.Run(fmt.Sprintf("%dx%dx%d", m, n, k), func(b *testing.B) {
			benchOp(b, 2*float64(m)*float64(n)*float64(k), &chip.Gemm{}, [][]int{{m, k}, {k, n}}, [][]int{{m, n}})
		})
	}
}

func BenchmarkConv(b *testing.B) {
	for _, s := range []struct{ n, hw, c, k, f, stride, pad int }{
		{32, 56, 64, 64, 3, 1, 1}, {32, 28, 128, 128, 3, 1, 1}, {64, 28, 1, 6, 5, 1, 2}, {64, 14, 6, 16, 5, 1, 0},
		{64, 32, 3, 16, 3, 1, 1}, {64, 32, 16, 16, 3, 1, 1}, {64, 32, 32, 64, 3, 2, 1}, {64, 16, 64, 64, 3, 1, 1}, {64, 8, 128, 128, 3, 1, 1}, {64, 16, 32, 64, 1, 1, 0},
	} {
		g := chip.Window{KH: s.f, KW: s.f, StrideH: s.stride, StrideW: s.stride, PadTop: s.pad, PadBottom: s.pad, PadLeft: s.pad, PadRight: s.pad, DilationH: 1, DilationW: 1}
		oh, ow := g.Out(s.hw, s.hw)
		x, w, y := []int{s.n, s.hw, s.hw, s.c}, []int{s.f, s.f, s.c, s.k}, []int{s.n, oh, ow, s.k}
		flops := 2 * float64(s.n*oh*ow*s.k) * float64(s.f*s.f*s.c)
		name := fmt.Sprintf("%dx%d,%d-%d,%dpx", s.f, s.f, s.c, s.k, s.hw)
		b.Run("forward/"+name, func(b *testing.B) {
			benchOp(b, flops, &chip.Conv{Window: g, Groups: 1}, [][]int{x, w}, [][]int{y})
		})
		b.Run("gradInput/"+name, func(b *testing.B) {
			benchOp(b, flops, &chip.ConvGradInput{Window: g, Groups: 1}, [][]int{y, w}, [][]int{x})
		})
		b.Run("gradWeight/"+name, func(b *testing.B) {
			benchOp(b, flops, &chip.ConvGradWeight{Window: g, Groups: 1}, [][]int{x, y}, [][]int{w})
		})
	}
}

func BenchmarkRows(b *testing.B) {
	s := []int{4096, 1024}
	b.Run("softmax", func(b *testing.B) { benchOp(b, 0, &chip.Softmax{}, [][]int{s}, [][]int{s}) })
	b.Run("layernorm", func(b *testing.B) {
		benchOp(b, 0, &chip.LayerNorm{Eps: 1e-5}, [][]int{s, {1024}, {1024}}, [][]int{s, {4096}, {4096}})
	})
	b.Run("layernormGrad", func(b *testing.B) {
		benchOp(b, 0, &chip.LayerNormGrad{}, [][]int{s, {1024}, {4096}, {4096}, s}, [][]int{s, {1024}, {1024}})
	})
	img := []int{64, 32, 32, 64}
	v := []int{64}
	b.Run("batchnorm", func(b *testing.B) {
		benchOp(b, 0, &chip.BatchNorm{Eps: 1e-5, Momentum: 0.1, Act: chip.ReLU}, [][]int{img, v, v, v, v}, [][]int{img, v, v, v, v})
	})
	b.Run("batchnormGrad", func(b *testing.B) {
		benchOp(b, 0, &chip.BatchNormGrad{Act: chip.ReLU}, [][]int{img, v, v, v, img, img}, [][]int{img, v, v})
	})
	b.Run("gelu", func(b *testing.B) {
		op := &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnConst, Imm: 0.70710678}, {Fn: chip.FnMul, A: 0, B: 1}, {Fn: chip.FnErf, A: 2}, {Fn: chip.FnMul, A: 0, B: 3}, {Fn: chip.FnAdd, A: 0, B: 4}}, Outs: []int{5}}
		benchOp(b, 0, op, [][]int{s}, [][]int{s})
	})
	b.Run("biasRelu6", func(b *testing.B) {
		op := &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnAdd, A: 0, B: 1}, {Fn: chip.FnRelu, A: 2}}, Outs: []int{3}}
		benchOp(b, 0, op, [][]int{{64, 28, 28, 6}, {6}}, [][]int{{64, 28, 28, 6}})
	})
	b.Run("transpose", func(b *testing.B) {
		benchOp(b, 0, &chip.Transpose{Perm: []int{1, 0}}, [][]int{s}, [][]int{{1024, 4096}})
	})
	b.Run("sumRows", func(b *testing.B) {
		benchOp(b, 0, &chip.Reduce{Axes: []int{1}}, [][]int{s}, [][]int{{4096}})
	})
	b.Run("sumColumns", func(b *testing.B) {
		benchOp(b, 0, &chip.Reduce{Axes: []int{0}}, [][]int{s}, [][]int{{1024}})
	})
	b.Run("adamw10M", func(b *testing.B) {
		p := &stepBuilder{}
		var ids [4]int
		for i := range ids {
			ids[i] = p.value(chip.Variable, chip.Float32, 10_000_000)
		}
		lr, step := p.value(chip.Input, chip.Float32, 1), p.value(chip.Input, chip.Int64, 1)
		p.do(&chip.AdamW{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.01}, []int{ids[0], ids[2], ids[3]}, ids[0], ids[1], ids[2], ids[3], lr, step, lr)
		d := New(Options{Threads: *threads}).(*Device)
		defer d.Close()
		benchBuffers(b, d, &p.Program)
	})
	b.Run("maxpool", func(b *testing.B) {
		g := chip.Window{KH: 2, KW: 2, StrideH: 2, StrideW: 2, DilationH: 1, DilationW: 1}
		benchOp(b, 0, &chip.MaxPool{Window: g}, [][]int{{64, 28, 28, 6}}, [][]int{{64, 14, 14, 6}})
	})
}

func BenchmarkTransposed(b *testing.B) {
	for _, s := range [][3]int{{384, 384, 2048}, {384, 1536, 2048}, {1536, 384, 2048}} {
		m, n, k := s[0], s[1], s[2]
		b.Run(fmt.Sprintf("%dx%dx%d", m, n, k), func(b *testing.B) {
			benchOp(b, 2*float64(m)*float64(n)*float64(k), &chip.Gemm{TransA: true}, [][]int{{k, m}, {k, n}}, [][]int{{m, n}})
		})
	}
}

func BenchmarkAttention(b *testing.B) {
	x, lse := []int{8, 256, 6, 64}, []int{8, 6, 256}
	for _, causal := range []bool{true, false} {
		b.Run(fmt.Sprintf("causal=%v", causal), func(b *testing.B) {
			op := &chip.Attention{Scale: 0.125, Causal: causal, TimeFirst: true}
			v := chip.Value{Shape: x}
			benchOp(b, float64(chip.FLOPs(op, []chip.Value{v, v, v}, []chip.Value{v})), op, [][]int{x, x, x}, [][]int{x, lse})
		})
		b.Run(fmt.Sprintf("gradient,causal=%v", causal), func(b *testing.B) {
			op := &chip.AttentionGrad{Scale: 0.125, Causal: causal, TimeFirst: true}
			v := chip.Value{Shape: x}
			benchOp(b, float64(chip.FLOPs(op, []chip.Value{v, v, v}, []chip.Value{v})), op, [][]int{x, x, x, x, lse, x}, [][]int{x, x, x})
		})
	}
}
