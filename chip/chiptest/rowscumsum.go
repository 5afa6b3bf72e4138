package chiptest

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
)

func cumSumRows() []row {
	var rs []row
	for _, c := range []struct {
		shape []int
		axis  int
	}{{[]int{7}, 0}, {[]int{5, 33}, 1}, {[]int{33, 5}, 0}, {[]int{3, 40, 17}, 1}, {[]int{2, 3, 4, 5}, 2}, {[]int{3, 1000}, 1}, {[]int{0, 3}, 1}, {[]int{3, 0}, 1}, {[]int{3, 0}, 0}} {
		for k := range 4 {
			op := &chip.CumSum{Axis: c.axis, Exclusive: k&1 > 0, Reverse: k&2 > 0}
			rs = append(rs, row{name: fmt.Sprintf("%+v", *op), op: op, ins: []array{noise(1, c.shape...)}, outs: []array{f32(c.shape...)}, tol: sumTol(c.shape[c.axis])})
		}
	}
	return rs
}

// refCumSum adds up anew for each element.
func refCumSum(op *chip.CumSum, x, out array) {
	positions(x.shape, func(i int, at []int) {
		place := at[op.Axis]
		from := append([]int(nil), at...)
		for j := range x.shape[op.Axis] {
			counts := j < place && !op.Reverse || j > place && op.Reverse || j == place && !op.Exclusive
			if from[op.Axis] = j; counts {
				out.v[i] += x.get(from...)
			}
		}
	})
}
