package cpu

import (
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// TestRunAllocatesNothing runs a small chain on two threads.
func TestRunAllocatesNothing(t *testing.T) {
	d := New(Options{Threads: 2}).(*Device)
	defer d.Close()
	const n = 64 * 1024
	p := &chip.Program{
		Values: []chip.Value{
			{DType: chip.Float32, Shape: []int{64, 1024}, Kind: chip.Input},
			{DType: chip.Float32, Shape: []int{1024}, Kind: chip.Constant, Data: make([]float32, 1024)},
			{DType: chip.Float32, Shape: []int{64, 1024}, Kind: chip.Temp},
			{DType: chip.Float32, Shape: []int{64}, Kind: chip.Output},
		},
		Instrs: []chip.Instr{
			{Op: &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnAdd, A: 0, B: 1}, {Fn: chip.FnConst, Imm: 2}, {Fn: chip.FnMul, A: 2, B: 3}}, Outs: []int{4}}, Args: []int{0, 1}, Outs: []int{2}},
			{Op: &chip.Softmax{}, Args: []int{2}, Outs: []int{2}},
			{Op: &chip.Reduce{Kind: chip.Sum, Axes: []int{1}}, Args: []int{2}, Outs: []int{3}},
		},
		Inputs:  []chip.Slot{{Name: "x", DType: chip.Float32, Shape: []int{64, 1024}}},
		Outputs: []chip.Slot{{Name: "y", DType: chip.Float32, Shape: []int{64}}},
		Arena:   4 * n,
	}
	x, err := d.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := d.NewBuffer(chip.Float32, n)
	out, _ := d.NewBuffer(chip.Float32, 64)
	ins, outs := []chip.Buffer{in}, []chip.Buffer{out}
	if a := testing.AllocsPerRun(20, func() {
		if err := x.Run(ins, outs, nil); err != nil {
			t.Fatal(err)
		}
	}); a != 0 {
		t.Errorf("a run allocates %v times", a)
	}
	got := make([]float32, 64)
	if err := out.Read(got); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if v < 0.999 || v > 1.001 {
			t.Errorf("row %d of softmax sums to %v", i, v)
		}
	}
}
