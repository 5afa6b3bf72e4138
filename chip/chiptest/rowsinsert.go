package chiptest

import "github.com/macaw-ai/macaw/chip"

func insertRows() []row {
	var rs []row
	for _, axis := range []int{0, 1, 2} {
		to, shape := noise(1, 4, 5, 3), []int{4, 5, 3}
		shape[axis] = 2
		rs = append(rs, row{op: &chip.Insert{Axis: axis}, ins: []array{to, noise(2, shape...), values(chip.Int64, float64(axis/2))},
			outs: []array{to.empty()}, share: map[int]int{0: 0}})
	}
	return rs
}

func refInsert(op *chip.Insert, ins, outs []array) {
	copy(outs[0].v, ins[0].v)
	positions(ins[1].shape, func(i int, at []int) {
		to := append([]int(nil), at...)
		to[op.Axis] += int(ins[2].v[0])
		outs[0].v[outs[0].offset(to)] = ins[1].v[i]
	})
}
