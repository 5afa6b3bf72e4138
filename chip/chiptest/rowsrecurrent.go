package chiptest

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
)

func recurrentRows() []row {
	var rs []row
	for _, s := range []struct{ n, t, h int }{{1, 1, 1}, {2, 3, 4}, {5, 2, 17}, {13, 4, 40}, {1, 2, 390}, {3, 0, 2}, {0, 3, 2}} {
		for k := range 4 {
			reverse, extra, lengths := k&1 > 0, k > 1, k > 0
			rs = append(rs, lstmRows(s.n, s.t, s.h, reverse, extra, lengths)...)
			rs = append(rs, gruRows(s.n, s.t, s.h, reverse, extra, lengths)...)
		}
	}
	return rs
}

// shrunk makes values smaller so that sums over many features stay in range.
func shrunk(a array, h int) array {
	return a.with(func(v float64) float64 { return v * 2 / float64(h+1) })
}

// rounded makes an argument of what a reference gave.
func rounded(a array) array { return a.with(func(v float64) float64 { return v }) }

func rowLengths(n, t int) array { return ints(chip.Int64, 9, 0, t+1, n) }

func lstmRows(n, t, h int, reverse, peephole, lengths bool) []row {
	op := &chip.LSTM{Reverse: reverse, Peephole: peephole, Lengths: lengths}
	grad := (*chip.LSTMGrad)(op)
	all, last := f32(n, t, h), f32(n, h)
	ins := []array{noise(1, n, t, 4*h), shrunk(noise(2, h, 4*h), h), noise(3, n, h), noise(4, n, h)}
	outs := []array{all, last, last, f32(n, t, 4*h), all, all}
	var extra []array
	if peephole {
		extra = append(extra, noise(5, 3*h))
	}
	if lengths {
		extra = append(extra, rowLengths(n, t))
	}
	forward := row{op: op, ins: append(ins, extra...), outs: outs, tol: 1e-5}
	ran := forward.reference()
	name := fmt.Sprintf("%+v", *op)
	forward.name = name
	shared := forward
	shared.name, shared.share = name+" shared", map[int]int{3: 0}
	gradIns := append([]array{rounded(ran[3]), rounded(ran[5]), ins[1], noise(6, n, t, h), noise(7, n, h), noise(8, n, h)}, extra...)
	return []row{forward, shared, {name: name, op: grad, ins: gradIns, outs: []array{f32(n, t, 4*h), last, last}, tol: 2e-5}}
}

func gruRows(n, t, h int, reverse, after, lengths bool) []row {
	op := &chip.GRU{Reverse: reverse, ResetAfter: after, Lengths: lengths}
	all, last := f32(n, t, h), f32(n, h)
	ins := []array{noise(1, n, t, 3*h), shrunk(noise(2, h, 3*h), h), noise(3, n, h)}
	var count []array
	if lengths {
		count = append(count, rowLengths(n, t))
	}
	extra := count
	if after {
		extra = append([]array{noise(4, h)}, count...)
	}
	forward := row{op: op, ins: append(ins, extra...), outs: []array{all, last, f32(n, t, 3*h), all, all}, tol: 1e-5}
	ran := forward.reference()
	name := fmt.Sprintf("%+v", *op)
	forward.name = name
	shared := forward
	shared.name, shared.share = name+" shared", map[int]int{2: 0}
	gradIns := append([]array{rounded(ran[2]), rounded(ran[3]), rounded(ran[4]), ins[1], noise(6, n, t, h), noise(7, n, h)}, count...)
	return []row{forward, shared, {name: name, op: (*chip.GRUGrad)(op), ins: gradIns, outs: []array{f32(n, t, 3*h), last}, tol: 2e-5}}
}
