package chip_test

import (
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// TestCost lists instructions with their arithmetic and memory by hand.
func TestCost(t *testing.T) {
	slot := 0
	f := func(shape ...int) chip.Value {
		slot++
		return chip.Value{DType: chip.Float32, Shape: shape, Kind: chip.Input, Index: slot}
	}
	of := func(dt chip.DType, shape ...int) chip.Value {
		v := f(shape...)
		v.DType = dt
		return v
	}
	ids := func(n int) chip.Value { return of(chip.Int64, n) }
	values := func(vs ...chip.Value) []chip.Value { return vs }
	g := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, DilationH: 1, DilationW: 1}
	x, w, y := f(2, 8, 8, 4), f(3, 3, 4, 16), f(2, 8, 8, 16)
	a := f(10, 20)
	cases := []struct {
		name         string
		op           chip.Op
		ins, outs    []chip.Value
		flops, bytes int64
	}{
		{"product", &chip.Gemm{}, values(f(3, 5), f(5, 7)), values(f(3, 7)), 2 * 3 * 5 * 7, 4 * (15 + 35 + 21)},
		{"transposed", &chip.Gemm{TransA: true, TransB: true}, values(f(5, 3), f(7, 5)), values(f(3, 7)), 2 * 3 * 5 * 7, 4 * (15 + 35 + 21)},
		{"batched with epilogue", &chip.Gemm{Bias: true, Act: chip.ReLU}, values(f(6, 3, 5), f(5, 7), f(7)), values(f(6, 3, 7)), 6 * 3 * 7 * (2*5 + 2), 4 * (90 + 35 + 7 + 126)},
		{"accumulating", &chip.Gemm{Accumulate: true}, values(f(3, 5), f(5, 7)), values(f(3, 7)), 2 * 3 * 5 * 7, 4 * (15 + 35 + 2*21)},
		{"square", &chip.Gemm{TransB: true}, values(a, a), values(f(10, 10)), 2 * 10 * 10 * 20, 4 * (200 + 100)},
		{"convolution", &chip.Conv{Window: g, Groups: 1}, values(x, w), values(y), 2 * 2 * 64 * 16 * 36, 4 * (512 + 576 + 2048)},
		{"by input", &chip.ConvGradInput{Window: g, Groups: 1}, values(y, w), values(x), 2 * 2 * 64 * 16 * 36, 4 * (512 + 576 + 2048)},
		{"by weights", &chip.ConvGradWeight{Window: g, Groups: 1}, values(x, y), values(w), 2 * 2 * 64 * 16 * 36, 4 * (512 + 576 + 2048)},
		{"depthwise", &chip.Conv{Window: g, Groups: 4}, values(x, f(3, 3, 1, 4)), values(x), 2 * 512 * 9, 4 * (512 + 36 + 512)},
		{"map", &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnConst, Imm: 2}, {Fn: chip.FnMul, A: 0, B: 1}, {Fn: chip.FnTanh, A: 2}}, Outs: []int{3}}, values(a), values(f(10, 20)), 2 * 200, 4 * 400},
		{"reduce", &chip.Reduce{Axes: []int{1}}, values(a), values(f(10)), 200, 4 * 210},
		{"pool", &chip.MaxPool{Window: chip.Window{KH: 2, KW: 2, StrideH: 2, StrideW: 2, DilationH: 1, DilationW: 1}}, values(x), values(f(2, 4, 4, 4)), 4 * 128, 4 * (512 + 128)},
		{"softmax in place", &chip.Softmax{}, values(a), values(a), 5 * 200, 4 * 400},
		{"transpose", &chip.Transpose{Perm: []int{1, 0}}, values(a), values(f(20, 10)), 0, 4 * 400},
		{"gather", &chip.Gather{}, values(f(1000, 8), ids(3)), values(f(3, 8)), 0, 4*(24+24) + 8*3},
		{"slice", &chip.Slice{Start: []int{2, 0}, Step: []int{1, 1}}, values(a), values(f(3, 20)), 0, 4 * 120},
		{"sgd", &chip.SGD{Momentum: 0.9}, values(a, f(10, 20), f(10, 20), f(1), f(1)), values(a, f(10, 20)), 7 * 200, 4 * (600 + 2 + 400)},
		{"integers", &chip.GemmInt8{}, values(of(chip.Uint8, 3, 5), of(chip.Int8, 5, 7), of(chip.Int32, 7), f(7)), values(f(3, 7)), 3 * 7 * (2*5 + 2), 15 + 35 + 4*7 + 4*7 + 4*21},
		{"requantised", &chip.GemmInt8{Integer: chip.Integer{Act: chip.ReLU}}, values(of(chip.Uint8, 3, 5), of(chip.Int8, 5, 7), of(chip.Int32, 7), f(7)), values(of(chip.Uint8, 3, 7)), 3 * 7 * (2*5 + 5), 15 + 35 + 4*7 + 4*7 + 21},
		{"integer convolution", &chip.ConvInt8{Window: g, Groups: 1}, values(of(chip.Uint8, 2, 8, 8, 4), of(chip.Int8, 3, 3, 4, 16), of(chip.Int32, 16), f(16)), values(y), 2 * 64 * 16 * (2*36 + 2), 512 + 576 + 4*32 + 4*2048},
		{"lstm", &chip.LSTM{}, values(f(2, 3, 20), f(5, 20), f(2, 5), f(2, 5)), values(f(2, 3, 5), f(2, 5), f(2, 5), f(2, 3, 20), f(2, 3, 5), f(2, 3, 5)),
			2 * 3 * (2*5*20 + 5*9), 4 * (120 + 100 + 20 + 30 + 20 + 120 + 60)},
		{"lstm gradient", &chip.LSTMGrad{Peephole: true}, values(f(2, 3, 20), f(2, 3, 5), f(5, 20), f(2, 3, 5), f(2, 5), f(2, 5), f(15)), values(f(2, 3, 20), f(2, 5), f(2, 5)),
			2 * 3 * (2*5*20 + 5*33), 4 * (120 + 30 + 100 + 30 + 20 + 15 + 120 + 20)},
		{"gru", &chip.GRU{ResetAfter: true}, values(f(2, 3, 15), f(5, 15), f(2, 5), f(5)), values(f(2, 3, 5), f(2, 5), f(2, 3, 15), f(2, 3, 5), f(2, 3, 5)),
			2 * 3 * (2*5*15 + 5*9), 4 * (90 + 75 + 10 + 5 + 30 + 10 + 90 + 60)},
		{"gru gradient", &chip.GRUGrad{}, values(f(2, 3, 15), f(2, 3, 5), f(2, 3, 5), f(5, 15), f(2, 3, 5), f(2, 5)), values(f(2, 3, 15), f(2, 5)),
			2 * 3 * (2*5*15 + 5*18), 4 * (90 + 60 + 75 + 30 + 10 + 90 + 10)},
		{"cumulative sum", &chip.CumSum{}, values(a), values(f(10, 20)), 200, 4 * 400},
		{"best of each row", &chip.TopK{}, values(a), values(of(chip.Int64, 10, 1)), 200, 4*200 + 8*10},
		{"sort", &chip.TopK{}, values(a), values(of(chip.Int64, 10, 20)), 200 * 5, 4*200 + 8*200},
		{"ctc", &chip.CTC{}, values(f(2, 6, 4), of(chip.Int64, 2, 3), ids(2)), values(f(2), f(2, 6, 4)), 2 * 6 * 7 * 24, 4*48 + 8*8 + 4*50},
		{"insert", &chip.Insert{Axis: 1}, values(f(2, 100, 3), f(2, 1, 3), ids(1)), values(f(2, 100, 3)), 0, 4*2*6 + 8},
		{"nothing", &chip.Copy{}, values(f(0, 4)), values(f(0, 4)), 0, 0},
	}
	for _, c := range cases {
		if got := chip.FLOPs(c.op, c.ins, c.outs); got != c.flops {
			t.Errorf("%s: %d operations, want %d", c.name, got, c.flops)
		}
		if got := chip.Bytes(c.op, c.ins, c.outs); got != c.bytes {
			t.Errorf("%s: %d bytes, want %d", c.name, got, c.bytes)
		}
	}
}
