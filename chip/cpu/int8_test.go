package cpu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// bytesOf are random values from low on of an integer type, often the ends, at
// which 16-bit sums of two products would saturate.
func bytesOf[T uint8 | int8](r *rand.Rand, dt chip.DType, low int, shape ...int) chip.Value {
	v := chip.Value{DType: dt, Shape: shape, Kind: chip.Constant}
	data := make([]T, v.Len())
	for i := range data {
		n := r.IntN(300)
		data[i] = T(low + min(n, 255))
		if n >= 280 {
			data[i] = T(low)
		}
	}
	v.Data = data
	return v
}

// runInt8 runs an integer operator and returns its output, which it checks for
// writes outside; weights that are not constant are a variable of the program.
func runInt8(t *testing.T, d *Device, op chip.Op, dt chip.DType, out []int, variable bool, ins ...chip.Value) any {
	t.Helper()
	p := &chip.Program{Values: slices.Clone(ins), Instrs: []chip.Instr{{Op: op, Outs: []int{len(ins)}}}}
	for i := range ins {
		p.Instrs[0].Args = append(p.Instrs[0].Args, i)
	}
	var variables []chip.Buffer
	if variable {
		b, err := d.Wrap(ins[1].Data)
		if err != nil {
			t.Fatal(err)
		}
		variables = append(variables, b)
		p.Variables = []chip.Slot{{DType: chip.Int8, Shape: ins[1].Shape}}
		p.Values[1] = chip.Value{DType: chip.Int8, Shape: ins[1].Shape, Kind: chip.Variable}
	}
	p.Outputs = []chip.Slot{{DType: dt, Shape: out}}
	p.Values = append(p.Values, chip.Value{DType: dt, Shape: out, Kind: chip.Output})
	x, err := d.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	n := p.Outputs[0].Len()
	var host any
	var intact func() bool
	if dt == chip.Float32 {
		g := newGuarded(make([]float32, n))
		host, intact = g.in, g.intact
	} else {
		all := slices.Repeat([]uint8{77}, n+2*guard)
		host = all[guard : guard+n : guard+n]
		intact = func() bool {
			return !slices.ContainsFunc(append(slices.Clone(all[:guard]), all[guard+n:]...), func(v uint8) bool { return v != 77 })
		}
	}
	b, err := d.Wrap(host)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second run finds the scratch used
		if err := x.Run(nil, []chip.Buffer{b}, variables); err != nil {
			t.Fatal(err)
		}
	}
	if !intact() {
		t.Errorf("%s writes outside its output %v", op.Name(), out)
	}
	return host
}

// compareInt8 runs an operator on x and w with every kind of output and of what
// is added, and compares the bits of each tier with those of plain Go.
func compareInt8(t *testing.T, r *rand.Rand, out []int, x, w chip.Value, op func(e chip.Integer) chip.Op) {
	t.Helper()
	k := out[len(out)-1]
	bias := chip.Value{DType: chip.Int32, Shape: []int{k}, Kind: chip.Constant}
	biases := make([]int32, k)
	for i := range biases {
		biases[i] = int32(r.IntN(20001) - 10000)
	}
	bias.Data = biases
	scale := constant(r, k)
	for i, v := range scale.Data.([]float32) {
		scale.Data.([]float32)[i] = (v*v + 0.1) / 2000
	}
	for _, dt := range []chip.DType{chip.Uint8, chip.Float32} {
		for _, add := range []chip.Value{{}, bytesOf[uint8](r, chip.Uint8, 0, out...), constant(r, out...)} {
			ins := []chip.Value{x, w, bias, scale}
			e := chip.Integer{ZeroX: uint8(r.Uint32()), ZeroY: uint8(r.Uint32())}
			if add.Data != nil {
				ins = append(ins, add)
				e.Add, e.AddScale = true, 0.37
				if add.DType == chip.Uint8 {
					e.ZeroAdd = uint8(r.Uint32())
				}
			}
			if r.IntN(2) == 0 {
				e.Act = chip.ReLU
			}
			variable := r.IntN(2) == 0
			plain := newDevice(1, &generic)
			want := runInt8(t, plain, op(e), dt, out, false, ins...)
			plain.Close()
			for _, tier := range usable() {
				for _, threads := range []int{1, 3} {
					d := newDevice(threads, tier)
					d.algorithm = algorithm(r.IntN(4))
					got := runInt8(t, d, op(e), dt, out, variable, ins...)
					d.Close()
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Fatalf("%s, %d threads: %s of %v and %v to %v %v (added: %v) differs from plain Go", tier.name, threads, op(e).Name(), x.Shape, w.Shape, dt, out, add)
					}
				}
			}
		}
	}
}

// TestInt8Twins compares integer products with plain Go at sizes around those of
// tiles, panels, pairs and chunks.
func TestInt8Twins(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, s := range [][3]int{{1, 1, 1}, {1, 10, 512}, {5, 8, 7}, {6, 16, 16}, {7, 17, 33}, {13, 24, 1030}, {64, 40, 100}, {300, 9, 3}} {
		m, n, k := s[0], s[1], s[2]
		compareInt8(t, r, []int{m, n}, bytesOf[uint8](r, chip.Uint8, 0, m, k), bytesOf[int8](r, chip.Int8, -128, k, n),
			func(e chip.Integer) chip.Op { return &chip.GemmInt8{Integer: e} })
	}
	sizes := map[int]int{} // how many rows take which tiles
	for _, c := range []struct {
		n, h, w, c, k, size, stride, pad, dilation, groups int
	}{
		{1, 9, 7, 3, 16, 3, 1, 1, 1, 1}, {2, 8, 8, 5, 24, 3, 2, 1, 1, 1}, {1, 6, 6, 512, 8, 3, 1, 1, 1, 1}, {3, 7, 7, 64, 20, 1, 2, 0, 1, 1},
		{1, 12, 11, 10, 12, 3, 1, 2, 2, 2}, {2, 5, 5, 12, 48, 5, 1, 2, 1, 4}, {1, 40, 33, 6, 8, 3, 1, 1, 1, 1}, {1, 8, 8, 8, 8, 3, 1, 1, 1, 8},
		// tiles: whole, over both edges, without padding, several images in a unit, rows of one
		{1, 8, 8, 16, 16, 3, 1, 1, 1, 1}, {1, 9, 7, 32, 40, 3, 1, 1, 1, 1}, {2, 10, 11, 64, 9, 3, 1, 0, 1, 1}, {13, 4, 4, 96, 16, 3, 1, 1, 1, 1},
		{1, 40, 35, 16, 8, 3, 1, 1, 1, 1}, {3, 5, 5, 512, 24, 3, 1, 1, 1, 1}, {1, 20, 20, 16, 4, 3, 1, 2, 1, 1},
		{2, 33, 31, 32, 40, 3, 1, 1, 1, 1}, {20, 8, 8, 32, 24, 3, 1, 1, 1, 1}, {1, 64, 21, 48, 9, 3, 1, 0, 1, 1}, {40, 5, 6, 16, 16, 3, 1, 2, 1, 1},
	} {
		window := chip.Window{KH: c.size, KW: c.size, StrideH: c.stride, StrideW: c.stride, DilationH: c.dilation, DilationW: c.dilation,
			PadTop: c.pad, PadBottom: c.pad, PadLeft: c.pad, PadRight: c.pad}
		oh, ow := window.Out(c.h, c.w)
		out := []int{c.n, oh, ow, c.k}
		x, w := bytesOf[uint8](r, chip.Uint8, 0, c.n, c.h, c.w, c.c), bytesOf[int8](r, chip.Int8, -128, c.size, c.size, c.c/c.groups, c.k)
		compareInt8(t, r, out, x, w, func(e chip.Integer) chip.Op { return &chip.ConvInt8{Window: window, Groups: c.groups, Integer: e} })
		for _, a := range []algorithm{direct, winograd2, winograd4} {
			sizes[tileSize(a, &chip.ConvInt8{Window: window, Groups: c.groups}, x, w, out)]++
		}
	}
	if bestTier().integers.usable() && (sizes[0] < 5 || sizes[2] < 5 || sizes[4] < 5) {
		t.Errorf("tiles by size: %v, want some of each", sizes)
	}
}

// tileSize is the size of tiles that op takes where an algorithm is wanted, 0 for none.
func tileSize(a algorithm, op *chip.ConvInt8, x, w chip.Value, out []int) int {
	weights := &view{p: unsafe.Pointer(unsafe.SliceData(w.Data.([]int8))), n: w.Len()}
	c := &call{executable: &executable{tier: bestTier(), pool: newPool(1), dev: &Device{algorithm: a}}, ins: []chip.Value{x, w}, in: []*view{nil, weights},
		outs: []chip.Value{{DType: chip.Uint8, Shape: out}}}
	if t := c.intSliding(op).winogradTile(op); t != nil {
		return t.size
	}
	return 0
}

// TestInt8LargestSums: sums next to what tiles of four by four can hold are exact,
// and larger ones take smaller tiles.
func TestInt8LargestSums(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	window := chip.Window{KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
	for _, c := range []struct {
		weight   int8
		channels int
		size     int
	}{{127, 96, 4}, {-128, 96, 4}, {114, 128, 4}, {-114, 128, 4}, {115, 128, 2}, {-115, 128, 2}, {-128, 1024, 2}} {
		x, w := chip.Value{DType: chip.Uint8, Shape: []int{1, 36, 36, c.channels}, Kind: chip.Constant}, chip.Value{DType: chip.Int8, Shape: []int{3, 3, c.channels, 8}, Kind: chip.Constant}
		x.Data, w.Data = slices.Repeat([]uint8{255}, x.Len()), slices.Repeat([]int8{c.weight}, w.Len())
		out := []int{1, 36, 36, 8}
		for a, size := range map[algorithm]int{winograd2: 2, winograd4: 4} {
			got := tileSize(a, &chip.ConvInt8{Window: window, Groups: 1}, x, w, out)
			if holds := c.size >= size; bestTier().integers.usable() && (got == size) != holds {
				t.Errorf("%d channels of weights %d: tiles of %d, of %d are exact: %v", c.channels, c.weight, got, size, holds)
			}
		}
		compareInt8(t, r, out, x, w, func(e chip.Integer) chip.Op {
			e.ZeroX = 0
			return &chip.ConvInt8{Window: window, Groups: 1, Integer: e}
		})
	}
}

// FuzzInt8 tries shapes of integer products against plain Go.
func FuzzInt8(f *testing.F) {
	for _, s := range [][]byte{{0, 7, 17, 33}, {0, 70, 40, 255}, {1, 2, 8, 8, 3, 4, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 3, 9, 9, 31, 15, 0, 2, 2, 0, 0, 1, 1, 1, 1, 0, 0},
		{1, 1, 12, 12, 15, 16, 1, 1, 1, 2, 2, 0, 0, 0, 0, 1, 1}, {1, 1, 5, 5, 1, 1, 7, 2, 2, 1, 1, 1, 1, 1, 2, 1, 1}} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		if len(s) < 4 || s[0]%2 == 1 && len(s) < 17 {
			t.Skip("too short")
		}
		pick := func(i, n int) int { return int(s[i]) % n }
		r := rand.New(rand.NewPCG(uint64(s[1]), uint64(s[2])))
		if s[0]%2 == 0 {
			m, n, k := int(s[1]), 1+pick(2, 70), 1+4*int(s[3])
			compareInt8(t, r, []int{m, n}, bytesOf[uint8](r, chip.Uint8, 0, m, k), bytesOf[int8](r, chip.Int8, -128, k, n),
				func(e chip.Integer) chip.Op { return &chip.GemmInt8{Integer: e} })
			return
		}
		groups := 1 + pick(6, 8)
		g := chip.Window{KH: 1 + pick(7, 5), KW: 1 + pick(8, 5), StrideH: 1 + pick(9, 3), StrideW: 1 + pick(10, 3),
			PadTop: pick(11, 4), PadBottom: pick(12, 4), PadLeft: pick(13, 4), PadRight: pick(14, 4), DilationH: 1 + pick(15, 2), DilationW: 1 + pick(16, 2)}
		n, h, w, c, k := 1+pick(1, 5), 1+pick(2, 13), 1+pick(3, 13), groups*(1+pick(4, 48)), groups*(1+pick(5, 40))
		if h+g.PadTop+g.PadBottom <= g.DilationH*(g.KH-1) || w+g.PadLeft+g.PadRight <= g.DilationW*(g.KW-1) {
			t.Skip("no such convolution")
		}
		oh, ow := g.Out(h, w)
		if n*oh*ow*k*c/groups*g.KH*g.KW > 3_000_000 {
			t.Skip("too large")
		}
		compareInt8(t, r, []int{n, oh, ow, k}, bytesOf[uint8](r, chip.Uint8, 0, n, h, w, c), bytesOf[int8](r, chip.Int8, -128, g.KH, g.KW, c/groups, k),
			func(e chip.Integer) chip.Op { return &chip.ConvInt8{Window: g, Groups: groups, Integer: e} })
	})
}
