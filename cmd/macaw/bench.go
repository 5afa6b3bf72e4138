package main

import (
	"fmt"
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
products (SGEMM) and 3x3 convolutions, forward and both backwards. Each figure is the best of several
runs, some seconds apart: a busy neighbour on a shared machine spoils a few of them, not all.

The operations of a convolution are counted as its definition has them, nine multiply-adds of each
output and pair of channels. Winograd's algorithm gets by with as little as a quarter of them, so
convolutions can exceed the peak.`
}

// benchRow is one measured kernel.
type benchRow struct {
	Kernel string  `json:"kernel"`
	GFLOPS float64 `json:"gflops"` // 1e9 floating-point operations a second
	Share  float64 `json:"share"`  // of the peak
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
			speed, err := k.measure(dev)
			if err != nil {
				return err
			}
			r.Kernels[i] = benchRow{Kernel: k.name, GFLOPS: max(r.Kernels[i].GFLOPS, speed/1e9)}
		}
	}
	for i := range r.Kernels {
		r.Kernels[i].Share = r.Kernels[i].GFLOPS / r.Peak
	}
	if c.JSON {
		return writeJSON(e.out, r)
	}
	fmt.Fprintf(e.out, "%s, %d threads, %v\npeak: %.1f GFLOP/s of one thread, %.1f of all, single precision\n\n", r.Processor, r.Threads, r.Features, r.PeakOne, r.Peak)
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
}

func kernels() []kernel {
	var list []kernel
	for _, n := range []int{512, 1024, 2048} {
		list = append(list, kernel{fmt.Sprintf("sgemm %d", n), &chip.Gemm{}, [][]int{{n, n}, {n, n}}, []int{n, n}, 2 * float64(n) * float64(n) * float64(n)})
	}
	for _, s := range []struct{ n, side, channels int }{{32, 56, 64}, {32, 28, 128}, {32, 14, 256}} {
		w := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, DilationH: 1, DilationW: 1}
		x, k := []int{s.n, s.side, s.side, s.channels}, []int{3, 3, s.channels, s.channels}
		flops := 2 * float64(s.n*s.side*s.side) * float64(9*s.channels*s.channels)
		name := fmt.Sprintf("3x3, %d channels, %d pixels a side", s.channels, s.side)
		list = append(list,
			kernel{"convolution " + name, &chip.Conv{Window: w, Groups: 1}, [][]int{x, k}, x, flops},
			kernel{"  gradient by input", &chip.ConvGradInput{Window: w, Groups: 1}, [][]int{x, k}, x, flops},
			kernel{"  gradient by weights", &chip.ConvGradWeight{Window: w, Groups: 1}, [][]int{x, x}, k, flops})
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
		p.Values = append(p.Values, chip.Value{DType: chip.Float32, Shape: shape, Kind: chip.Input, Index: i})
		p.Inputs = append(p.Inputs, chip.Slot{DType: chip.Float32, Shape: shape})
		instr.Args = append(instr.Args, i)
		b, err := filled(dev, p.Values[i].Len())
		if err != nil {
			return 0, err
		}
		defer b.Free()
		ins = append(ins, b)
	}
	out := chip.Value{DType: chip.Float32, Shape: k.out, Kind: chip.Output}
	p.Values = append(p.Values, out)
	p.Outputs = []chip.Slot{{DType: chip.Float32, Shape: k.out}}
	p.Instrs = []chip.Instr{instr}
	exec, err := dev.Compile(p)
	if err != nil {
		return 0, err
	}
	defer exec.Close()
	result, err := dev.NewBuffer(chip.Float32, out.Len())
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

// filled makes a buffer of n small numbers that are not zero.
func filled(dev chip.Device, n int) (chip.Buffer, error) {
	b, err := dev.NewBuffer(chip.Float32, n)
	if err != nil {
		return nil, err
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i%7-3) / 8
	}
	return b, b.Write(v)
}
