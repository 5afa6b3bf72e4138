package chiptest

import (
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// int8Rows have integer operands of the full range; results are exact.
func int8Rows() []row {
	var rs []row
	add := func(name string, op chip.Op, x, w, y []int) {
		k := y[len(y)-1]
		ins := []array{ints(chip.Uint8, 1, 0, 256, x...), ints(chip.Int8, 2, -128, 128, w...), ints(chip.Int32, 3, -5000, 5000, k),
			noise(4, k).with(func(v float64) float64 { return (v + 1.1) / 500 })}
		rs = append(rs, row{name: name, op: op, ins: ins, outs: []array{f32(y...)}}, row{name: name + ",requantised", op: op, ins: ins, outs: []array{empty(chip.Uint8, y...)}})
	}
	for _, e := range []chip.Integer{{}, {ZeroX: 7, ZeroY: 130}, {ZeroX: 255, ZeroY: 100, Act: chip.ReLU}} {
		name := fmt.Sprintf("zero %d %d,%d", e.ZeroX, e.ZeroY, e.Act)
		for _, s := range [][3]int{{1, 1, 1}, {1, 17, 33}, {5, 16, 7}, {13, 8, 300}, {97, 65, 129}, {0, 4, 4}, {4, 4, 0}} {
			add(name, &chip.GemmInt8{Integer: e}, []int{s[0], s[2]}, []int{s[2], s[1]}, []int{s[0], s[1]})
		}
		add(name+",batch", &chip.GemmInt8{Integer: e}, []int{2, 3, 9}, []int{9, 5}, []int{2, 3, 5})
		for _, c := range convCases {
			if c.c > 64 {
				continue
			}
			oh, ow := c.g.Out(c.h, c.w)
			add(fmt.Sprintf("%s,%dx%d,s%d%d,d%d,g%d", name, c.g.KH, c.g.KW, c.g.StrideH, c.g.StrideW, c.g.DilationH, c.groups),
				&chip.ConvInt8{Window: c.g, Groups: c.groups, Integer: e}, []int{c.n, c.h, c.w, c.c}, []int{c.g.KH, c.g.KW, c.c / c.groups, c.k}, []int{c.n, oh, ow, c.k})
		}
	}
	return rs
}

// refInt8 adds up integers, which float64 holds exactly, and then computes in
// float32, as the operators' comment says.
func refInt8(op chip.Op, ins, outs []array) bool {
	x, y := ins[0], outs[0]
	var e chip.Integer
	switch op := op.(type) {
	case *chip.GemmInt8:
		e = op.Integer
		k, n := ins[1].shape[0], ins[1].shape[1]
		for i := range y.v {
			for j := range k {
				y.v[i] += (x.v[i/n*k+j] - float64(e.ZeroX)) * ins[1].v[j*n+i%n]
			}
		}
	case *chip.ConvInt8:
		e = op.Integer
		refConv(op.Window, op.Groups, x.shape, ins[1].shape, y.shape, func(xi, wi, yi int) { y.v[yi] += (x.v[xi] - float64(e.ZeroX)) * ins[1].v[wi] })
	default:
		return false
	}
	for i, acc := range y.v {
		k := i % y.shape[len(y.shape)-1]
		v := float64(float32(acc+ins[2].v[k]) * float32(ins[3].v[k]))
		low := math.Inf(-1)
		if y.dt == chip.Uint8 {
			v, low = math.RoundToEven(v)+float64(e.ZeroY), 0
		}
		if e.Act == chip.ReLU {
			low = float64(e.ZeroY)
			if y.dt == chip.Float32 {
				low = 0
			}
		}
		y.v[i] = max(v, low)
		if y.dt == chip.Uint8 {
			y.v[i] = min(y.v[i], 255)
		}
	}
	return true
}
