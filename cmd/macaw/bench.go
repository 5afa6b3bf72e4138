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
products (SGEMM) and 3x3 convolutions, forward and both backwards, and products of 8-bit integers, of
which the peak is another. What a kernel computes with fewer products than its definition has counts as
if it took them all, and may pass the peak. Each figure is the best of several
runs, some seconds apart: a busy neighbour on a shared machine spoils a few of them, not all.`
}

// benchRow is one measured kernel.
type benchRow struct {
	Kernel string  `json:"kernel"`
	GFLOPS float64 `json:"gflops"` // 1e9 floating-point operations a second
	Share  float64 `json:"share"`  // of the peak, for integers of theirs
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
			if k.int8 {
				_, all := cpu.PeakInt8(info.Threads)
				r.PeakInt8 = max(r.PeakInt8, all/1e9)
			}
			speed, err := k.measure(dev)
			if err != nil {
				return err
			}
			r.Kernels[i] = benchRow{Kernel: k.name, GFLOPS: max(r.Kernels[i].GFLOPS, speed/1e9)}
		}
	}
	for i, k := range list {
		peak := r.Peak
		if k.int8 {
			peak = r.PeakInt8
		}
		r.Kernels[i].Share = r.Kernels[i].GFLOPS / peak
	}
	if c.JSON {
		return writeJSON(e.out, r)
	}
	fmt.Fprintf(e.out, "%s, %d threads, %v\npeak: %.1f GFLOP/s of one thread, %.1f of all, single precision; %.1f of all, 8-bit integers\n\n", r.Processor, r.Threads, r.Features, r.PeakOne, r.Peak, r.PeakInt8)
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
	int8  bool // the operands are those of chip.GemmInt8 or chip.ConvInt8
}

func kernels() []kernel {
	var list []kernel
	for _, n := range []int{512, 1024, 2048} {
		list = append(list, kernel{fmt.Sprintf("sgemm %d", n), &chip.Gemm{}, [][]int{{n, n}, {n, n}}, []int{n, n}, 2 * float64(n) * float64(n) * float64(n), false})
	}
	for _, s := range []struct{ n, side, channels int }{{32, 56, 64}, {32, 28, 128}, {32, 14, 256}} {
		w := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, DilationH: 1, DilationW: 1}
		x, k := []int{s.n, s.side, s.side, s.channels}, []int{3, 3, s.channels, s.channels}
		flops := 2 * float64(s.n*s.side*s.side) * float64(9*s.channels*s.channels)
		name := fmt.Sprintf("3x3, %d channels, %d pixels a side", s.channels, s.side)
		list = append(list,
			kernel{"convolution " + name, &chip.Conv{Window: w, Groups: 1}, [][]int{x, k}, x, flops, false},
			kernel{"  gradient by input", &chip.ConvGradInput{Window: w, Groups: 1}, [][]int{x, k}, x, flops, false},
			kernel{"  gradient by weights", &chip.ConvGradWeight{Window: w, Groups: 1}, [][]int{x, x}, k, flops, false},
			kernel{"  forward, 8-bit integers", &chip.ConvInt8{Window: w, Groups: 1}, [][]int{x, k, {s.channels}, {s.channels}}, x, flops, true})
	}
	return list
}

// measure runs a kernel for a fifth of a second and returns the operations per
// second of the fastest run.
func (k *kernel) measure(dev chip.Device) (float64, error) {
	p := &chip.Program{}
	instr := chip.Instr{Op: k.op, Outs: []int{len(k.ins)}}
	var ins []chip.Buffer
	dt := chip.Float32
	if k.int8 {
		dt = chip.Uint8
	}
	for i, shape := range k.ins {
		instr.Args = append(instr.Args, i)
		if k.int8 && i > 0 {
			p.Values = append(p.Values, int8Constant(i, shape))
			continue
		}
		p.Values = append(p.Values, chip.Value{DType: dt, Shape: shape, Kind: chip.Input, Index: i})
		p.Inputs = append(p.Inputs, chip.Slot{DType: dt, Shape: shape})
		b, err := filled(dev, dt, p.Values[i].Len())
		if err != nil {
			return 0, err
		}
		defer b.Free()
		ins = append(ins, b)
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
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i%7-3) / 8
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
