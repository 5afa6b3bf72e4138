package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
)

type benchCmd struct {
	Kernels kernelsCmd `cmd:"" default:"withargs" help:"Measure the peak and what the kernels reach of it (the default)."`
	Profile profileCmd `cmd:"" help:"Show where the time of a model or of a training step goes."`
	Peers   peersCmd   `cmd:"" help:"Compare with PyTorch and ONNX Runtime, in turn."`
	Memory  memoryCmd  `cmd:"" hidden:""`
}

type kernelsCmd struct {
	Threads int  `help:"Workers. Default: all cores." placeholder:"N"`
	JSON    bool `name:"json" help:"Print JSON."`
}

func (c *kernelsCmd) Help() string {
	return `The peak is what multiply-adds reach in registers, measured on this machine beside the kernels: matrix
products (SGEMM) and 3x3 convolutions, forward and both backwards, and products of bfloat16 and of 8-bit
integers, of which the peaks are others. What a kernel computes with fewer products than its definition has counts as
if it took them all, and may pass the peak. Each figure is the best of several
runs, some seconds apart: a busy neighbour on a shared machine spoils a few of them, not all.`
}

// benchRow is one measured kernel.
type benchRow struct {
	Kernel string  `json:"kernel"`
	GFLOPS float64 `json:"gflops"` // 1e9 floating-point operations a second
	Share  float64 `json:"share"`  // of the peak of its type
}

// benchRounds is how often every kernel gets its turn.
const benchRounds = 4

// benchReport is what bench prints with --json.
type benchReport struct {
	Processor string     `json:"processor"`
	Threads   int        `json:"threads"`
	Features  []string   `json:"features"`
	PeakOne   float64    `json:"peak_one_thread_gflops"`
	Peak      float64    `json:"peak_gflops"`
	PeakInt8  float64    `json:"peak_int8_gops"`
	PeakBF16  float64    `json:"peak_bfloat16_gflops"`
	Kernels   []benchRow `json:"kernels"`
}

func (c *kernelsCmd) Run(e *env) error {
	dev := device(c.Threads)
	info := dev.Info()
	r := benchReport{Processor: info.Model, Threads: info.Threads, Features: info.Features}
	list := kernels()
	r.Kernels = make([]benchRow, len(list))
	for range benchRounds {
		for i, k := range list {
			if e.ctx.Err() != nil {
				return e.ctx.Err()
			}
			// The peak is taken beside each kernel, as the clock of a processor wanders.
			one, all := cpu.Peak(info.Threads)
			r.PeakOne, r.Peak = max(r.PeakOne, one/1e9), max(r.Peak, all/1e9)
			switch k.of {
			case chip.Uint8:
				_, all := cpu.PeakInt8(info.Threads)
				r.PeakInt8 = max(r.PeakInt8, all/1e9)
			case chip.BFloat16:
				_, all := cpu.PeakBFloat(info.Threads)
				r.PeakBF16 = max(r.PeakBF16, all/1e9)
			}
			speed, err := k.measure(dev)
			if err != nil {
				return err
			}
			r.Kernels[i] = benchRow{Kernel: k.name, GFLOPS: max(r.Kernels[i].GFLOPS, speed/1e9)}
		}
	}
	for i, k := range list {
		peak := map[chip.DType]float64{chip.Float32: r.Peak, chip.BFloat16: r.PeakBF16, chip.Uint8: r.PeakInt8}
		r.Kernels[i].Share = r.Kernels[i].GFLOPS / peak[k.of]
	}
	if c.JSON {
		return writeJSON(e.out, r)
	}
	fmt.Fprintf(e.out, "%s, %d threads, %v\npeak: %.1f GFLOP/s of one thread, %.1f of all, single precision; %.1f of all, bfloat16; %.1f of all, 8-bit integers\n\n", r.Processor, r.Threads, r.Features, r.PeakOne, r.Peak, r.PeakBF16, r.PeakInt8)
	rows := [][]string{{"KERNEL", "GFLOP/S", "OF PEAK"}}
	for _, k := range r.Kernels {
		rows = append(rows, []string{k.Kernel, fmt.Sprintf("%.1f", k.GFLOPS), fmt.Sprintf("%.0f %%", 100*k.Share)})
	}
	return table(e.out, rows)
}

// kernel is one operator on given shapes.
type kernel struct {
	name  string
	op    chip.Op
	ins   [][]int
	out   []int
	flops float64
	of    chip.DType // of the factors; of Uint8 the operands are those of chip.ConvInt8
}

func kernels() []kernel {
	var list []kernel
	for _, n := range []int{512, 1024, 2048} {
		list = append(list, kernel{fmt.Sprintf("sgemm %d", n), &chip.Gemm{}, [][]int{{n, n}, {n, n}}, []int{n, n}, 2 * float64(n) * float64(n) * float64(n), chip.Float32},
			kernel{fmt.Sprintf("  of bfloat16 %d", n), &chip.Gemm{}, [][]int{{n, n}, {n, n}}, []int{n, n}, 2 * float64(n) * float64(n) * float64(n), chip.BFloat16})
	}
	for _, s := range []struct{ n, side, channels int }{{32, 56, 64}, {32, 28, 128}, {32, 14, 256}} {
		w := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, DilationH: 1, DilationW: 1}
		x, k := []int{s.n, s.side, s.side, s.channels}, []int{3, 3, s.channels, s.channels}
		flops := 2 * float64(s.n*s.side*s.side) * float64(9*s.channels*s.channels)
		name := fmt.Sprintf("3x3, %d channels, %d pixels a side", s.channels, s.side)
		list = append(list,
			kernel{"convolution " + name, &chip.Conv{Window: w, Groups: 1}, [][]int{x, k}, x, flops, chip.Float32},
			kernel{"  gradient by input", &chip.ConvGradInput{Window: w, Groups: 1}, [][]int{x, k}, x, flops, chip.Float32},
			kernel{"  gradient by weights", &chip.ConvGradWeight{Window: w, Groups: 1}, [][]int{x, x}, k, flops, chip.Float32},
			kernel{"  forward, 8-bit integers", &chip.ConvInt8{Window: w, Groups: 1}, [][]int{x, k, {s.channels}, {s.channels}}, x, flops, chip.Uint8})
	}
	return list
}

// measure runs a kernel for a fifth of a second and returns the operations per
// second of the fastest run.
func (k *kernel) measure(dev chip.Device) (float64, error) {
	p := &chip.Program{}
	instr := chip.Instr{Op: k.op, Outs: []int{len(k.ins)}}
	var ins []chip.Buffer
	for i, shape := range k.ins {
		instr.Args = append(instr.Args, i)
		if k.of == chip.Uint8 && i > 0 {
			p.Values = append(p.Values, int8Constant(i, shape))
			continue
		}
		p.Values = append(p.Values, chip.Value{DType: k.of, Shape: shape, Kind: chip.Input, Index: i})
		p.Inputs = append(p.Inputs, chip.Slot{DType: k.of, Shape: shape})
		b, err := filled(dev, k.of, p.Values[i].Len())
		if err != nil {
			return 0, err
		}
		defer b.Free()
		ins = append(ins, b)
	}
	dt := k.of
	if dt == chip.BFloat16 { // summed in float32
		dt = chip.Float32
	}
	out := chip.Value{DType: dt, Shape: k.out, Kind: chip.Output}
	p.Values = append(p.Values, out)
	p.Outputs = []chip.Slot{{DType: dt, Shape: k.out}}
	p.Instrs = []chip.Instr{instr}
	exec, err := dev.Compile(p)
	if err != nil {
		return 0, err
	}
	defer exec.Close()
	result, err := dev.NewBuffer(dt, out.Len())
	if err != nil {
		return 0, err
	}
	defer result.Free()
	best := 0.0
	for began := time.Now(); time.Since(began) < 200*time.Millisecond; {
		start := time.Now()
		if err := exec.Run(ins, []chip.Buffer{result}, nil); err != nil {
			return 0, err
		}
		best = max(best, k.flops/time.Since(start).Seconds())
	}
	return best, nil
}

// filled makes a buffer of n small numbers, most of them not zero.
func filled(dev chip.Device, dt chip.DType, n int) (chip.Buffer, error) {
	b, err := dev.NewBuffer(dt, n)
	if err != nil {
		return nil, err
	}
	if dt == chip.Uint8 {
		v := make([]uint8, n)
		for i := range v {
			v[i] = uint8(i % 251)
		}
		return b, b.Write(v)
	}
	v, rounded := make([]float32, n), make([]chip.BFloat, n)
	for i := range v {
		v[i] = float32(i%7-3) / 8
		rounded[i] = chip.RoundBFloat(v[i])
	}
	if dt == chip.BFloat16 {
		return b, b.Write(rounded)
	}
	return b, b.Write(v)
}

// int8Constant is argument i of an integer product: weights, bias or scales.
func int8Constant(i int, shape []int) chip.Value {
	v := chip.Value{DType: []chip.DType{chip.Int8, chip.Int32, chip.Float32}[i-1], Shape: shape, Kind: chip.Constant}
	switch v.DType {
	case chip.Int8:
		w := make([]int8, v.Len())
		for i := range w {
			w[i] = int8(i%255 - 127)
		}
		v.Data = w
	case chip.Int32:
		v.Data = make([]int32, v.Len())
	case chip.Float32:
		v.Data = slices.Repeat([]float32{1e-4}, v.Len())
	}
	return v
}
