package chiptest

import (
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// runFaults checks what must be an error and not a panic.
func runFaults(t *testing.T, dev chip.Device) {
	for _, bad := range []row{
		{name: "outside", op: &chip.Gather{}, ins: []array{noise(1, 4, 2), values(chip.Int64, 0, 4)}, outs: []array{f32(2, 2)}},
		{name: "far below", op: &chip.Gather{}, ins: []array{noise(1, 4, 2), values(chip.Int32, 0, -5)}, outs: []array{f32(2, 2)}},
		{name: "outside", op: &chip.Insert{}, ins: []array{noise(1, 4, 2), noise(2, 2, 2), values(chip.Int64, 3)}, outs: []array{f32(4, 2)}},
		{name: "before", op: &chip.Insert{}, ins: []array{noise(1, 4, 2), noise(2, 2, 2), values(chip.Int64, -1)}, outs: []array{f32(4, 2)}},
		{name: "label", op: &chip.CrossEntropy{}, ins: []array{noise(1, 2, 3), values(chip.Int64, 0, 3)}, outs: []array{f32(2), f32(2, 3)}},
		{name: "label", op: &chip.CTC{}, ins: []array{noise(1, 1, 2, 3), labels(3), values(chip.Int64, 2)}, outs: []array{f32(1), f32(1, 2, 3)}},
		{name: "blank", op: &chip.CTC{}, ins: []array{noise(1, 1, 2, 3), labels(0), values(chip.Int64, 2)}, outs: []array{f32(1), f32(1, 2, 3)}},
		{name: "frames", op: &chip.CTC{}, ins: []array{noise(1, 1, 2, 3), labels(1), values(chip.Int64, 3)}, outs: []array{f32(1), f32(1, 2, 3)}},
		{name: "outside", op: &chip.GatherGrad{}, ins: []array{noise(1, 2, 2), values(chip.Int64, 0, 4)}, outs: []array{f32(4, 2)}},
	} {
		t.Run("run "+bad.String(), func(t *testing.T) {
			if err := bad.tryRun(t, dev); err == nil {
				t.Error("the run succeeded")
			}
		})
	}
	for _, bad := range []row{
		{name: "inner sizes", op: &chip.Gemm{}, ins: []array{f32(2, 3), f32(4, 5)}, outs: []array{f32(2, 5)}},
		{name: "bias length", op: &chip.Gemm{Bias: true}, ins: []array{f32(2, 3), f32(3, 5), f32(4)}, outs: []array{f32(2, 5)}},
		{name: "channels", op: &chip.Conv{Window: square(3, 1, 1, 1), Groups: 1}, ins: []array{f32(1, 4, 4, 3), f32(3, 3, 2, 8)}, outs: []array{f32(1, 4, 4, 8)}},
		{name: "stride 0", op: &chip.Conv{Window: chip.Window{KH: 1, KW: 1, DilationH: 1, DilationW: 1}, Groups: 1}, ins: []array{f32(1, 4, 4, 3), f32(1, 1, 3, 8)}, outs: []array{f32(1, 4, 4, 8)}},
		{name: "permutation", op: &chip.Transpose{Perm: []int{0, 5}}, ins: []array{f32(2, 3)}, outs: []array{f32(2, 3)}},
		{name: "type", op: &chip.Softmax{}, ins: []array{empty(chip.Int64, 2, 3)}, outs: []array{empty(chip.Int64, 2, 3)}},
		{name: "leaves the array", op: &chip.Slice{Start: []int{2}, Step: []int{1}}, ins: []array{f32(4)}, outs: []array{f32(3)}},
		{name: "operand", op: &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnNeg, A: 3}}, Outs: []int{1}}, ins: []array{f32(4)}, outs: []array{f32(4)}},
		{name: "axis", op: &chip.Reduce{Axes: []int{2}}, ins: []array{f32(4, 2)}, outs: []array{f32(4, 2)}},
		{name: "no arguments", op: &chip.Softmax{}},
		{name: "axis", op: &chip.CumSum{Axis: 2}, ins: []array{f32(4, 2)}, outs: []array{f32(4, 2)}},
		{name: "type", op: &chip.CumSum{}, ins: []array{empty(chip.Int64, 4)}, outs: []array{empty(chip.Int64, 4)}},
		{name: "too many", op: &chip.TopK{}, ins: []array{f32(2, 3)}, outs: []array{empty(chip.Int64, 2, 4)}},
		{name: "blank", op: &chip.CTC{Blank: 3}, ins: []array{f32(1, 2, 3), labels(1), values(chip.Int64, 2)}, outs: []array{f32(1), f32(1, 2, 3)}},
		{name: "types", op: &chip.Insert{}, ins: []array{f32(4, 2), empty(chip.Int64, 1, 2), values(chip.Int64, 0)}, outs: []array{f32(4, 2)}},
		{name: "widths", op: &chip.Insert{}, ins: []array{f32(4, 2), f32(1, 3), values(chip.Int64, 0)}, outs: []array{f32(4, 2)}},
		{name: "gates", op: &chip.LSTM{}, ins: []array{f32(2, 3, 6), f32(2, 8), f32(2, 2), f32(2, 2)}, outs: []array{f32(2, 3, 2), f32(2, 2), f32(2, 2), f32(2, 3, 6), f32(2, 3, 2), f32(2, 3, 2)}},
		{name: "lengths", op: &chip.LSTMGrad{Lengths: true}, ins: []array{f32(2, 3, 8), f32(2, 3, 2), f32(2, 8), f32(2, 3, 2), f32(2, 2), f32(2, 2), values(chip.Int64, 3)},
			outs: []array{f32(2, 3, 8), f32(2, 2), f32(2, 2)}},
		{name: "weights", op: &chip.GRU{}, ins: []array{f32(2, 3, 6), f32(2, 8), f32(2, 2)}, outs: []array{f32(2, 3, 2), f32(2, 2), f32(2, 3, 6), f32(2, 3, 2), f32(2, 3, 2)}},
		{name: "state", op: &chip.GRUGrad{}, ins: []array{f32(2, 3, 6), f32(2, 3, 2), f32(2, 3, 2), f32(2, 6), f32(2, 3, 2), f32(3, 2)}, outs: []array{f32(2, 3, 6), f32(2, 2)}},
		{name: "terms", op: &chip.GemmInt8{}, ins: []array{empty(chip.Uint8, 1, chip.MaxInt8Terms+1), empty(chip.Int8, chip.MaxInt8Terms+1, 1), empty(chip.Int32, 1), f32(1)}, outs: []array{f32(1, 1)}},
		{name: "types", op: &chip.GemmInt8{}, ins: []array{empty(chip.Int8, 1, 2), empty(chip.Int8, 2, 1), empty(chip.Int32, 1), f32(1)}, outs: []array{f32(1, 1)}},
		{name: "activation", op: &chip.ConvInt8{Window: square(1, 1, 0, 1), Groups: 1, Integer: chip.Integer{Act: chip.GELU}},
			ins: []array{empty(chip.Uint8, 1, 2, 2, 3), empty(chip.Int8, 1, 1, 3, 4), empty(chip.Int32, 4), f32(4)}, outs: []array{f32(1, 2, 2, 4)}},
		{name: "host type", op: &chip.Copy{}, ins: []array{empty(chip.Float16, 4)}, outs: []array{empty(chip.Float16, 4)}},
		{name: "host type", op: &chip.Cast{}, ins: []array{empty(chip.Uint32, 4)}, outs: []array{f32(4)}},
	} {
		t.Run("compile "+bad.String(), func(t *testing.T) {
			p, _, _, _ := bad.program()
			if _, err := dev.Compile(p); err == nil {
				t.Error("it compiled")
			}
			if dev.Supports(bad.op, p.Ins(0), p.OutsOf(0)) {
				t.Error("the device says that it supports it")
			}
		})
	}
}

// tryRun compiles and runs and gives Run's error.
func (r row) tryRun(t *testing.T, dev chip.Device) error {
	p, in, out, _ := r.program()
	x, err := dev.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	var bufs [2][]chip.Buffer
	for i, as := range [][]array{in, out} {
		for _, a := range as {
			b, err := dev.NewBuffer(a.dt, len(a.v))
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Write(a.host()); err != nil {
				t.Fatal(err)
			}
			bufs[i] = append(bufs[i], b)
		}
	}
	return x.Run(bufs[0], bufs[1], nil)
}
