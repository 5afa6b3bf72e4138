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
	Instrs []InstrTime
}

// InstrTime is the time of one instruction.
type InstrTime struct {
	Op    string        // the chip's operator
	Label string        // the graph's operator and the variable it reads
	Time  time.Duration // of its fastest run, which other programs disturb least
	FLOPs int64         // of one run; see Stats
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
	runs = max(runs, 1)
	best, nanos := make([]int64, len(s.code.Instrs)), make([]int64, len(s.code.Instrs))
	for run := range runs {
		clear(nanos)
		if err := timed.RunTimed(s.ins, s.outs, s.variables, nanos); err != nil {
			return nil, fmt.Errorf("profile: %w", err)
		}
		for i, n := range nanos {
			if run == 0 || n < best[i] {
				best[i] = n
			}
		}
	}
	p := &Profile{Runs: runs}
	for i, in := range s.code.Instrs {
		p.Instrs = append(p.Instrs, InstrTime{Op: describe(in.Op), Label: in.Label, Time: time.Duration(best[i]),
			FLOPs: flops(in.Op, s.code.Ins(i), s.code.OutsOf(i))})
	}
	slices.SortStableFunc(p.Instrs, func(a, b InstrTime) int { return cmp.Compare(b.Time, a.Time) })
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
