package cpu

import (
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip"
)

// stepBuilder lays out a training step by hand, one value after another.
type stepBuilder struct {
	chip.Program
}

func (b *stepBuilder) value(kind chip.Kind, dt chip.DType, shape ...int) int {
	v := chip.Value{DType: dt, Shape: shape, Kind: kind}
	slot := chip.Slot{DType: dt, Shape: shape}
	switch kind {
	case chip.Temp:
		v.Offset = b.Arena
		b.Arena += (v.Len()*dt.Size() + 63) &^ 63
	case chip.Input:
		v.Index = len(b.Inputs)
		b.Inputs = append(b.Inputs, slot)
	case chip.Variable:
		v.Index = len(b.Variables)
		b.Variables = append(b.Variables, slot)
	}
	b.Values = append(b.Values, v)
	return len(b.Values) - 1
}

func (b *stepBuilder) temp(shape ...int) int { return b.value(chip.Temp, chip.Float32, shape...) }

func (b *stepBuilder) view(id int, shape ...int) int {
	v := b.Values[id]
	v.Shape = shape
	b.Values = append(b.Values, v)
	return len(b.Values) - 1
}

func (b *stepBuilder) do(op chip.Op, outs []int, args ...int) {
	b.Instrs = append(b.Instrs, chip.Instr{Op: op, Args: args, Outs: outs})
}

// layer is a weight and a bias with their gradients.
type layer struct{ w, b, dw, db int }

func (b *stepBuilder) layer(w []int, k int) layer {
	return layer{b.value(chip.Variable, chip.Float32, w...), b.value(chip.Variable, chip.Float32, k), b.temp(w...), b.temp(k)}
}

var reluGrad = &chip.Map{Code: []chip.MapInstr{{Fn: chip.FnConst}, {Fn: chip.FnLt, A: 2, B: 1}, {Fn: chip.FnMul, A: 0, B: 3}}, Outs: []int{4}}

// conv adds a convolution with ReLU and pooling and returns how to go back.
func (b *stepBuilder) conv(x, n, hw, c, k, f, pad int) (out int, back func(dout int, needDx bool) int) {
	g := chip.Window{KH: f, KW: f, StrideH: 1, StrideW: 1, PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad, DilationH: 1, DilationW: 1}
	half := chip.Window{KH: 2, KW: 2, StrideH: 2, StrideW: 2, DilationH: 1, DilationW: 1}
	o, _ := g.Out(hw, hw)
	l := b.layer([]int{f, f, c, k}, k)
	y, p := b.temp(n, o, o, k), b.temp(n, o/2, o/2, k)
	index := b.value(chip.Temp, chip.Int32, n, o/2, o/2, k)
	b.do(&chip.Conv{Window: g, Groups: 1, Bias: true, Act: chip.ReLU}, []int{y}, x, l.w, l.b)
	b.do(&chip.MaxPool{Window: half}, []int{p, index}, y)
	return p, func(dout int, needDx bool) int {
		dy := b.temp(n, o, o, k)
		b.do(&chip.MaxPoolGrad{Window: half}, []int{dy}, dout, index)
		b.do(reluGrad, []int{dy}, dy, y)
		b.do(&chip.ConvGradWeight{Window: g, Groups: 1}, []int{l.dw}, x, dy)
		b.do(&chip.Reduce{Axes: []int{0, 1, 2}}, []int{l.db}, dy)
		dx := -1
		if needDx {
			dx = b.temp(n, hw, hw, c)
			b.do(&chip.ConvGradInput{Window: g, Groups: 1}, []int{dx}, dy, l.w)
		}
		b.update(l)
		return dx
	}
}

func (b *stepBuilder) linear(x, n, in, out int, act chip.Activation) (int, func(dy int) int) {
	l := b.layer([]int{in, out}, out)
	y := b.temp(n, out)
	b.do(&chip.Gemm{Bias: true, Act: act}, []int{y}, x, l.w, l.b)
	return y, func(dy int) int {
		if act == chip.ReLU {
			b.do(reluGrad, []int{dy}, dy, y)
		}
		dx := b.temp(n, in)
		b.do(&chip.Gemm{TransA: true}, []int{l.dw}, x, dy)
		b.do(&chip.Reduce{Axes: []int{0}}, []int{l.db}, dy)
		b.do(&chip.Gemm{TransB: true}, []int{dx}, dy, l.w)
		b.update(l)
		return dx
	}
}

func (b *stepBuilder) update(l layer) {
	for _, p := range [][2]int{{l.w, l.dw}, {l.b, l.db}} {
		v := b.value(chip.Variable, chip.Float32, b.Values[p[0]].Shape...)
		b.do(&chip.SGD{Momentum: 0.9}, []int{p[0], v}, p[0], p[1], v, 1, 2)
	}
}

// lenet is one training step of LeNet-5 on a batch of n.
func lenet(n int) *chip.Program {
	b := &stepBuilder{}
	x := b.value(chip.Input, chip.Float32, n, 28, 28, 1)
	b.value(chip.Input, chip.Float32, 1) // 1: learning rate
	b.value(chip.Input, chip.Float32, 1) // 2: scale
	label := b.value(chip.Input, chip.Int64, n)
	p1, back1 := b.conv(x, n, 28, 1, 6, 5, 2)
	p2, back2 := b.conv(p1, n, 14, 6, 16, 5, 0)
	y1, back3 := b.linear(b.view(p2, n, 400), n, 400, 120, chip.ReLU)
	y2, back4 := b.linear(y1, n, 120, 84, chip.ReLU)
	y3, back5 := b.linear(y2, n, 84, 10, chip.NoActivation)
	loss, soft, dloss := b.temp(n), b.temp(n, 10), b.temp(n)
	b.do(&chip.CrossEntropy{}, []int{loss, soft}, y3, label)
	b.do(&chip.Map{Code: []chip.MapInstr{{Fn: chip.FnConst, Imm: 1 / float32(n)}}, Outs: []int{0}}, []int{dloss})
	b.do(&chip.CrossEntropyGrad{}, []int{soft}, soft, label, dloss)
	d := back3(back4(back5(soft)))
	back1(back2(b.view(d, n, 5, 5, 16), true), false)
	return &b.Program
}

// BenchmarkLeNetStep is forward, backward and SGD with momentum on 64 digits.
func BenchmarkLeNetStep(b *testing.B) {
	d := New(Options{Threads: *threads}).(*Device)
	defer d.Close()
	p := lenet(64)
	benchBuffers(b, d, p)
}

func benchBuffers(b *testing.B, d *Device, p *chip.Program) {
	b.Helper()
	bufs := func(slots []chip.Slot) (bs []chip.Buffer) {
		for _, s := range slots {
			w, err := d.NewBuffer(s.DType, s.Len())
			if err != nil {
				b.Fatal(err)
			}
			if s.DType == chip.Float32 {
				v := make([]float32, s.Len())
				for i := range v {
					v[i] = float32(uint32(i*i+i)*2654435761>>16&0xffff)/(1<<16)*0.2 - 0.1
				}
				if err := w.Write(v); err != nil {
					b.Fatal(err)
				}
			}
			bs = append(bs, w)
		}
		return bs
	}
	ins, vars := bufs(p.Inputs), bufs(p.Variables)
	for i, s := range p.Inputs {
		if s.DType == chip.Float32 && s.Len() == 1 { // the learning rate, and the gradient's scale
			if err := ins[i].Write([]float32{0.01}); err != nil {
				b.Fatal(err)
			}
		}
	}
	x, err := d.Compile(p)
	if err != nil {
		b.Fatal(err)
	}
	benchRun(b, 0, func() error { return x.Run(ins, nil, vars) })
}

// TestProfileLeNet prints the time of each instruction with -v -profile.
func TestProfileLeNet(t *testing.T) {
	if !*profile {
		t.Skip("asked for with -profile")
	}
	d := New(Options{Threads: *threads}).(*Device)
	defer d.Close()
	p := lenet(64)
	c, err := d.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	x := c.(*executable)
	bufs := func(slots []chip.Slot) (bs []chip.Buffer) {
		for _, s := range slots {
			b, _ := d.NewBuffer(s.DType, s.Len())
			bs = append(bs, b)
		}
		return bs
	}
	if err := x.Run(bufs(p.Inputs), nil, bufs(p.Variables)); err != nil {
		t.Fatal(err)
	}
	best := make([]time.Duration, len(x.kernels))
	for round := range 50 {
		for i, k := range x.kernels {
			start := time.Now()
			if err := k(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); round == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	sum := time.Duration(0)
	for i, b := range best {
		sum += b
		t.Logf("%8v %s %v", b.Round(time.Microsecond), p.Instrs[i].Op.Name(), p.OutsOf(i)[0])
	}
	t.Logf("%8v together", sum)
}
