package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Profile is where the time of a program's runs went, slowest first.
type Profile struct {
	Runs   int
	Wall   time.Duration // of the fastest whole run
	Instrs []InstrTime
}

// InstrTime is the time of one instruction.
type InstrTime struct {
	Op    string        // the chip's operator; "host" and the name for what runs beside the device
	Label string        // the graph's operator and the variable it reads
	Types string        // of operands and results
	Time  time.Duration // of its fastest run, which other programs disturb least
	FLOPs int64         // of one run; see chip.FLOPs
	Bytes int64         // see chip.Bytes
}

// Profile runs the program, updates included, some times and measures each
// instruction. It fails on devices that cannot time them.
func (e *Executable) Profile(runs int, inputs ...*tensor.Tensor) (*Profile, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, err := e.run(inputs)
	if err != nil {
		return nil, err
	}
	timed, ok := s.exec.(chip.Timed)
	if !ok {
		return nil, fmt.Errorf("profile: device %s cannot time its instructions", e.device.Info().Kind)
	}
	p := &Profile{Runs: max(runs, 1), Instrs: describeAll(s.code)}
	nanos := make([]int64, len(s.code.Instrs))
	for run := range p.Runs {
		clear(nanos)
		start := time.Now()
		if err := timed.RunTimed(s.ins, s.outs, s.variables, nanos); err != nil {
			return nil, fmt.Errorf("profile: %w", err)
		}
		p.addRun(run, nanos, time.Since(start))
	}
	p.sort()
	return p, nil
}

// describeAll lists the instructions without times.
func describeAll(code *chip.Program) []InstrTime {
	list := make([]InstrTime, len(code.Instrs))
	for i, in := range code.Instrs {
		ins, outs := code.Ins(i), code.OutsOf(i)
		list[i] = InstrTime{Op: describe(in.Op), Label: in.Label, Types: typesOf(ins) + " to " + typesOf(outs),
			FLOPs: chip.FLOPs(in.Op, ins, outs), Bytes: chip.Bytes(in.Op, ins, outs)}
	}
	return list
}

func typesOf(vs []chip.Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = v.String()
	}
	return strings.Join(parts, ", ")
}

// addRun keeps the fastest time of each instruction and of the whole.
func (p *Profile) addRun(run int, nanos []int64, wall time.Duration) {
	for i, n := range nanos {
		if t := time.Duration(n); run == 0 || t < p.Instrs[i].Time {
			p.Instrs[i].Time = t
		}
	}
	if run == 0 || wall < p.Wall {
		p.Wall = wall
	}
}

func (p *Profile) sort() {
	slices.SortStableFunc(p.Instrs, func(a, b InstrTime) int { return cmp.Compare(b.Time, a.Time) })
}

// ProfileOf makes a profile of the spans of several runs of one program, each
// with the time of the whole run; see Executable.RunTraced.
func ProfileOf(runs [][]Span, walls []time.Duration) (*Profile, error) {
	p := &Profile{Runs: len(runs)}
	for run, spans := range runs {
		var nanos []int64
		var list []InstrTime
		for _, s := range spans {
			if s.Worker == 0 {
				list, nanos = append(list, s.InstrTime), append(nanos, int64(s.Time))
			}
		}
		if run == 0 {
			p.Instrs = list
		}
		if len(list) != len(p.Instrs) {
			return nil, fmt.Errorf("profile: run %d has %d instructions, the first %d", run+1, len(list), len(p.Instrs))
		}
		p.addRun(run, nanos, walls[run])
	}
	p.sort()
	return p, nil
}

// Total is the sum of the instructions' times.
func (p *Profile) Total() time.Duration {
	var sum time.Duration
	for _, i := range p.Instrs {
		sum += i.Time
	}
	return sum
}

// String lists the instructions with their share and rate.
func (p *Profile) String() string {
	var b strings.Builder
	total := p.Total()
	fmt.Fprintf(&b, "%v per run, %d instructions\n", total, len(p.Instrs))
	for _, i := range p.Instrs {
		fmt.Fprintf(&b, "%6.2f%% %10v %7.2f GFLOP/s  %s  # %s\n", 100*float64(i.Time)/max(float64(total), 1), i.Time,
			float64(i.FLOPs)/max(float64(i.Time), 1), i.Op, i.Label)
	}
	return b.String()
}
