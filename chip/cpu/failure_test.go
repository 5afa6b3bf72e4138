package cpu

import (
	"errors"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// TestPoolPassesPanics: a panic of a worker reaches the caller of run, and the
// pool works on.
func TestPoolPassesPanics(t *testing.T) {
	p := newPool(3)
	defer p.close()
	for range 200 {
		got := func() (r any) {
			defer func() { r = recover() }()
			p.run(16, func(part, worker int) {
				if part == 11 {
					panic("part 11")
				}
			})
			return nil
		}()
		if f, ok := got.(*failure); !ok || f.value != "part 11" || len(f.stack) == 0 {
			t.Fatalf("run panicked with %v, want part 11", got)
		}
		sum := make([]int, 16)
		p.run(16, func(part, worker int) { sum[part]++ })
		for i, n := range sum {
			if n != 1 {
				t.Fatalf("after a panic part %d ran %d times", i, n)
			}
		}
	}
}

// TestBrokenKernel: a kernel that panics, in a worker or not, is an error of Run.
func TestBrokenKernel(t *testing.T) {
	d := New(Options{Threads: 2}).(*Device)
	defer d.Close()
	y := make([]float32, 4)
	p := &chip.Program{
		Values:  []chip.Value{{DType: chip.Float32, Shape: []int{4}, Kind: chip.Constant, Data: make([]float32, 4)}, {DType: chip.Float32, Shape: []int{4}, Kind: chip.Output}},
		Instrs:  []chip.Instr{{Op: &chip.Copy{}, Args: []int{0}, Outs: []int{1}, Label: "here"}},
		Outputs: []chip.Slot{{DType: chip.Float32, Shape: []int{4}}},
	}
	exec, err := d.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := d.Wrap(y)
	x := exec.(*executable)
	good := x.kernels[0]
	for name, k := range map[string]kernel{
		"serial":   func() error { panic("broken") },
		"parallel": func() error { x.pool.run(8, func(part, _ int) { _ = y[part] }); return nil },
	} {
		x.kernels[0] = k
		err := x.Run(nil, []chip.Buffer{out}, nil)
		if broken, ok := errors.AsType[*brokenKernel](err); !ok || len(broken.Stack) == 0 || !strings.Contains(err.Error(), "instruction 0 Copy here: the kernel failed: ") {
			t.Errorf("%s: error %v", name, err)
		}
		x.kernels[0] = good
		if err := x.Run(nil, []chip.Buffer{out}, nil); err != nil {
			t.Errorf("%s: the next run: %v", name, err)
		}
	}
}

// TestTooLarge: memory that the machine has not got is an error.
func TestTooLarge(t *testing.T) {
	d := New(Options{Threads: 1})
	for _, n := range []int{1 << 46, 1 << 60, 1<<62 + 1} {
		if _, err := d.NewBuffer(chip.Float32, n); err == nil || !strings.Contains(err.Error(), "GB") {
			t.Errorf("a buffer of %d: error %v", n, err)
		}
	}
	if _, err := d.Compile(&chip.Program{Arena: 1 << 50}); err == nil || !strings.Contains(err.Error(), "temporaries") {
		t.Errorf("a huge arena: error %v", err)
	}
}

// TestRunTraced: every instruction has one span of worker 0, in order.
func TestRunTraced(t *testing.T) {
	d := New(Options{Threads: 2}).(*Device)
	defer d.Close()
	exec, err := d.Compile(lenet(8))
	if err != nil {
		t.Fatal(err)
	}
	p := exec.(*executable).program
	buffers := func(slots []chip.Slot) (list []chip.Buffer) {
		for _, s := range slots {
			b, err := d.NewBuffer(s.DType, s.Len())
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, b)
		}
		return list
	}
	ins, outs, vars := buffers(p.Inputs), buffers(p.Outputs), buffers(p.Variables)
	last, next := int64(0), 0
	err = exec.(chip.Traced).RunTraced(ins, outs, vars, func(s chip.Span) {
		if s.End < s.Start || s.Worker < 0 || s.Worker > 1 {
			t.Errorf("span %+v", s)
		}
		if s.Worker != 0 {
			if s.Instr != next-1 {
				t.Errorf("span %+v of another instruction than %d", s, next-1)
			}
			return
		}
		if s.Instr != next || s.Start < last {
			t.Errorf("span %+v after instruction %d, which ended at %d", s, next-1, last)
		}
		next, last = next+1, s.End
	})
	if err != nil || next != len(p.Instrs) {
		t.Errorf("%d spans of %d instructions, error %v", next, len(p.Instrs), err)
	}
}
