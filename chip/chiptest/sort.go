package chiptest

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

func refArgSort(op *chip.ArgSort, x, out array) {
	l, k := x.shape[len(x.shape)-1], out.shape[len(out.shape)-1]
	for r := 0; k > 0 && r < len(out.v)/k; r++ {
		row, at := x.v[r*l:(r+1)*l], make([]int, l)
		for i := range at {
			at[i] = i
		}
		slices.SortStableFunc(at, func(a, b int) int {
			v, w := row[a], row[b]
			if op.Descending {
				v, w = -v, -w
			}
			switch {
			case v < w || w != w && v == v:
				return -1
			case v > w || v != v && w == w:
				return 1
			}
			return 0
		})
		for i := range k {
			out.v[r*k+i] = float64(at[i])
		}
	}
}

func sortRows() []row {
	var rs []row
	special := values(chip.Float32, 2, math.NaN(), -1, math.Inf(1), 2, math.Inf(-1), math.NaN(), 0, -1)
	for _, down := range []bool{false, true} {
		add := func(name string, x array, k int) {
			shape := slices.Clone(x.shape)
			shape[len(shape)-1] = k
			rs = append(rs, row{name: name, op: &chip.ArgSort{Descending: down}, ins: []array{x}, outs: []array{empty(chip.Int64, shape...)}})
		}
		add("rows", noise(1, 3, 4, 33), 33)
		add("one", noise(1, 1), 1)
		add("empty", noise(1, 0, 5), 5)
		add("none", noise(1, 2, 5), 0)
		add("special", special, 9)
		add("special first", special, 1)
		add("ties", ints(chip.Int64, 3, 0, 3, 4, 20), 20)
		add("first of many", ints(chip.Int64, 3, -5, 5, 70, 200), 4)
		add("long", noise(5, 2, 5000), 5000)
		add("first floats", noise(5, 3, 999), 10)
	}
	return rs
}
