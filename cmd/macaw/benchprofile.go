package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/internal/atomicfile"
	"github.com/macaw-ai/macaw/internal/fault"
)

type profileCmd struct {
	Model        string         `arg:"" help:"An ONNX file, NAME, NAME@VERSION or the folder of a model package; with --train mlp, lenet, resnet18 or gpt."`
	Train        bool           `help:"Profile a built-in training step: forward, backward and optimiser."`
	BFloat16     bool           `name:"bfloat16" help:"With --train: in mixed precision."`
	Batch        int            `help:"Samples of a run; 0 means 32, with --train those of the comparison with PyTorch." placeholder:"N"`
	Dim          map[string]int `help:"Length of an open dimension of an ONNX model, by its name or as INPUT.AXIS. Default: 64." placeholder:"NAME=N"`
	Runs         int            `help:"Measured runs, of which the fastest of each instruction counts. Default: 20." default:"20" placeholder:"N"`
	Top          int            `help:"Lines of the table; the rest is summed up. Default: 12; 0 shows all." default:"12" placeholder:"N"`
	Instructions bool           `help:"A line for each layer's instructions in place of each operator; those without a layer of a name share one."`
	Threads      int            `help:"Workers. Default: all cores." placeholder:"N"`
	JSON         bool           `name:"json" help:"Print JSON."`
	Trace        string         `help:"Write the last run as Chrome trace JSON, for ui.perfetto.dev." placeholder:"FILE"`
}

func (c *profileCmd) Help() string {
	return `OF PEAK is the least time that this machine's measured arithmetic or memory speed allows, whichever needs longer
(BOUND BY), over the time spent. Data that the caches still hold moves faster than memory, so an operator bound
by memory can exceed 100 %. What a model does beside the device is called "host"; its work is not counted.

  macaw bench profile digits --batch 64
  macaw bench profile network.onnx --dim seq=128 --instructions
  macaw bench profile --train lenet --trace lenet.json`
}

// workload is something to profile.
type workload interface {
	// run does one run and tells where its time went.
	run() ([]graph.Span, error)
	close()
}

func (c *profileCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	dev, begin := device(c.Threads), time.Now()
	w, err := c.open(e, dev)
	if err != nil {
		return err
	}
	defer w.close()
	if _, err := w.run(); err != nil { // compiles and touches all memory
		return err
	}
	first := time.Since(begin)
	var runs [][]graph.Span
	var walls []time.Duration
	for range c.Runs {
		if e.ctx.Err() != nil {
			return e.ctx.Err()
		}
		start := time.Now()
		spans, err := w.run()
		if err != nil {
			return err
		}
		runs, walls = append(runs, spans), append(walls, time.Since(start))
	}
	p, err := graph.ProfileOf(runs, walls)
	if err != nil {
		return err
	}
	if c.Trace != "" {
		last := runs[len(runs)-1]
		if err := atomicfile.Write(c.Trace, func(w io.Writer) error { return graph.WriteTrace(w, last) }); err != nil {
			return fault.Errorf(fault.Invalid, "The trace cannot be written: %w", err)
		}
	}
	return c.print(e.out, dev.Info(), p, first)
}

// check finds mistakes before anything is measured.
func (c *profileCmd) check() error {
	switch {
	case c.Batch < 0 || c.Runs < 1 || c.Top < 0 || c.Threads < 0:
		return fault.Errorf(fault.Invalid, "--runs must be at least 1; --batch, --top and --threads cannot be negative.")
	case c.BFloat16 && !c.Train:
		return fault.Errorf(fault.Invalid, "--bfloat16 is for built-in training steps; a model computes in the types that it has.")
	case c.Train && len(c.Dim) > 0:
		return fault.Errorf(fault.Invalid, "--dim is for ONNX models; a built-in training step has --batch alone.")
	case c.Trace == "":
		return nil
	}
	if info, err := os.Stat(c.Trace); err == nil && info.IsDir() {
		return fault.Errorf(fault.Invalid, "%s is a folder; --trace needs the name of a file.", c.Trace)
	}
	if dir := filepath.Dir(c.Trace); dir != "." {
		if _, err := os.Stat(dir); err != nil {
			return fault.Errorf(fault.NotFound, "There is no folder %s to write %s to.", dir, filepath.Base(c.Trace))
		}
	}
	return nil
}

func (c *profileCmd) open(e *env, dev chip.Device) (workload, error) {
	if c.Train {
		precision := graph.FullPrecision
		if c.BFloat16 {
			precision = graph.MixedPrecision
		}
		return newTrainStep(c.Model, c.Batch, precision, dev)
	}
	return c.openModel(e, dev)
}

// profileReport is what profile prints with --json.
type profileReport struct {
	Processor string         `json:"processor"`
	Threads   int            `json:"threads"`
	Peak      graph.Roofline `json:"peak"` // operations and bytes a second
	Runs      int            `json:"runs"`
	First     float64        `json:"first_seconds"` // until the first run ended, all preparation included
	Wall      float64        `json:"wall_seconds"`  // of the fastest run
	Sum       float64        `json:"sum_seconds"`   // of the fastest of each instruction
	FLOPs     int64          `json:"flops"`
	Bytes     int64          `json:"bytes"`
	Rows      []profileRow   `json:"rows"`
}

type profileRow struct {
	Name    string  `json:"name"`
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	Share   float64 `json:"share"`
	FLOPs   int64   `json:"flops"`
	Bytes   int64   `json:"bytes"`
	OfPeak  float64 `json:"of_peak"`
	Bound   string  `json:"bound,omitempty"`
}

func (c *profileCmd) report(info chip.Info, p *graph.Profile) profileReport {
	threads := min(info.Threads, runtime.NumCPU()) // more do not work at once
	peakOf := cpu.Peak
	if c.BFloat16 {
		peakOf = cpu.PeakBFloat
	}
	_, peak := peakOf(threads)
	roof := graph.Roofline{FLOPS: peak, Bandwidth: cpu.Bandwidth(threads)}
	key := graph.InstrTime.Kind
	if c.Instructions {
		key = graph.InstrTime.Line
	}
	r := profileReport{Processor: info.Model, Threads: info.Threads, Peak: roof, Runs: p.Runs, Wall: p.Wall.Seconds(), Sum: p.Total().Seconds()}
	other := profileRow{}
	for i, o := range p.By(key, roof) {
		r.FLOPs, r.Bytes = r.FLOPs+o.FLOPs, r.Bytes+o.Bytes
		row := profileRow{o.Op, o.Calls, o.Time.Seconds(), o.Share, o.FLOPs, o.Bytes, o.OfPeak, o.Bound}
		if i < c.Top || c.Top == 0 {
			r.Rows = append(r.Rows, row)
			continue
		}
		other.Name = "other"
		other.OfPeak += o.OfPeak * row.Seconds // the least time, until the division below
		other.Calls, other.Seconds, other.Share = other.Calls+row.Calls, other.Seconds+row.Seconds, other.Share+row.Share
		other.FLOPs, other.Bytes = other.FLOPs+row.FLOPs, other.Bytes+row.Bytes
	}
	if other.Calls > 0 {
		other.OfPeak /= max(other.Seconds, 1e-9)
		r.Rows = append(r.Rows, other)
	}
	return r
}

func (c *profileCmd) print(out io.Writer, info chip.Info, p *graph.Profile, first time.Duration) error {
	r := c.report(info, p)
	r.First = first.Seconds()
	if c.JSON {
		return writeJSON(out, r)
	}
	fmt.Fprintf(out, "%s, %d threads: %.1f GFLOP/s, %.1f GB/s at most\n", r.Processor, r.Threads, r.Peak.FLOPS/1e9, r.Peak.Bandwidth/1e9)
	fmt.Fprintf(out, "fastest run of %d: %.3f ms; the instructions' fastest sum to %.3f ms", r.Runs, 1e3*r.Wall, 1e3*r.Sum)
	if r.FLOPs > 0 {
		fmt.Fprintf(out, ", %.1f GFLOP/s", float64(r.FLOPs)/max(r.Sum, 1e-9)/1e9)
	}
	fmt.Fprintf(out, "\nfirst run: %.0f ms, with all that is prepared once\n\n", 1e3*r.First)
	what := "OPERATOR"
	if c.Instructions {
		what = "INSTRUCTION"
	}
	rows := [][]string{{what, "CALLS", "MS", "SHARE", "GFLOP/S", "GB/S", "OF PEAK", "BOUND BY"}}
	for _, o := range r.Rows {
		rate := func(n int64) string {
			if n == 0 {
				return ""
			}
			return fmt.Sprintf("%.1f", float64(n)/max(o.Seconds, 1e-9)/1e9)
		}
		peak := ""
		if o.FLOPs+o.Bytes > 0 {
			peak = fmt.Sprintf("%.0f %%", 100*o.OfPeak)
		}
		rows = append(rows, []string{o.Name, fmt.Sprint(o.Calls), fmt.Sprintf("%.3f", 1e3*o.Seconds), fmt.Sprintf("%.1f %%", 100*o.Share), rate(o.FLOPs), rate(o.Bytes), peak, o.Bound})
	}
	return table(out, rows)
}
