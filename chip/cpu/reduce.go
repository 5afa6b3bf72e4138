package cpu

import (
	"math"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// reduce runs passes from [a, r, b] to [a, b], the last reduced axes first.
func (c *call) reduce(op *chip.Reduce) kernel {
	if c.ins[0].DType == chip.Int64 {
		return reducer[int64]{call: c, rules: intRules(op.Kind)}.kernel(op)
	}
	return reducer[float32]{call: c, rules: floatRules(op.Kind, c.tier)}.kernel(op)
}

// rules say how one kind of reduction combines elements.
type rules[T float32 | int64] struct {
	none T                  // the result of no elements
	row  func(x []T) T      // combines a row
	into func(acc, x []T)   // combines elementwise into acc
	mean func(x []T, n int) // divides by the count; nil for other kinds
	rows func(acc, x []T)   // combines all rows of x into acc; nil where into does it
}

// pass is one step of a reduction.
type pass struct{ a, r, b int }

// passesOf splits a reduction into steps.
func passesOf(shape, axes []int) []pass {
	reduced := func(i int) bool { return slices.Contains(axes, i) }
	var ps []pass
	b := 1
	for i := len(shape) - 1; i >= 0; {
		if !reduced(i) {
			b *= shape[i]
			i--
			continue
		}
		r := 1
		for ; i >= 0 && reduced(i); i-- {
			r *= shape[i]
		}
		a := 1
		for _, d := range shape[:i+1] {
			a *= d
		}
		ps = append(ps, pass{a, r, b})
	}
	return ps
}

type reducer[T float32 | int64] struct {
	*call
	rules rules[T]
}

func (r reducer[T]) kernel(op *chip.Reduce) kernel {
	ps := passesOf(c0(r.ins).Shape, op.Axes)
	if len(ps) == 0 { // nothing to reduce
		ps = []pass{{1, 1, c0(r.ins).Len()}}
	}
	tmp := make([]view, len(ps)-1)
	for i, p := range ps[:len(ps)-1] {
		tmp[i] = view{alignedBytes(p.a * p.b * c0(r.ins).DType.Size()), p.a * p.b}
	}
	var ks []kernel
	from := r.in[0]
	for i, p := range ps {
		to := r.out[0]
		if i < len(tmp) {
			to = &tmp[i]
		}
		ks = append(ks, r.pass(p, from, to))
		from = to
	}
	count := 1
	for _, p := range ps {
		count *= p.r
	}
	return func() error {
		for _, k := range ks {
			if err := k(); err != nil {
				return err
			}
		}
		if r.rules.mean != nil {
			r.rules.mean(of[T](r.out[0]), count)
		}
		return nil
	}
}

func c0(vs []chip.Value) chip.Value { return vs[0] }

// pass prepares one step. Where there are fewer results than workers, the
// reduced axis is cut and the pieces' results are combined in order.
func (r reducer[T]) pass(p pass, from, to *view) kernel {
	work, threads := p.a*p.r*p.b, r.pool.threads
	if p.a >= threads || threads == 1 || work < 64*1024 || p.r < 2*threads {
		grain := 1 + 32*1024/max(1, p.r*p.b)
		return r.each(p.a, grain, func(lo, hi, _ int) {
			for a := lo; a < hi; a++ {
				r.rules.combine(of[T](to)[a*p.b:(a+1)*p.b], of[T](from)[a*p.r*p.b:(a+1)*p.r*p.b], p.b)
			}
		})
	}
	parts := threads
	size := (p.r + parts - 1) / parts
	parts = (p.r + size - 1) / size
	tmp := &view{alignedBytes(p.a * parts * p.b * c0(r.ins).DType.Size()), p.a * parts * p.b}
	first := r.each(p.a*parts, 1, func(lo, hi, _ int) {
		for u := lo; u < hi; u++ {
			a, i := u/parts, u%parts
			x := of[T](from)[a*p.r*p.b : (a+1)*p.r*p.b]
			r.rules.combine(of[T](tmp)[u*p.b:(u+1)*p.b], x[i*size*p.b:min(p.r, (i+1)*size)*p.b], p.b)
		}
	})
	second := r.pass(pass{p.a, parts, p.b}, tmp, to)
	return func() error {
		if err := first(); err != nil {
			return err
		}
		return second()
	}
}

// combine reduces x [r, b] to dst [b].
func (ru *rules[T]) combine(dst, x []T, b int) {
	if b == 1 {
		dst[0] = ru.row(x)
		return
	}
	if len(x) == 0 {
		fill(dst, ru.none)
		return
	}
	copy(dst, x)
	if ru.rows != nil {
		ru.rows(dst, x[b:])
		return
	}
	for x = x[b:]; len(x) > 0; x = x[b:] {
		ru.into(dst, x[:b])
	}
}

func floatRules(kind chip.ReduceKind, t *tier) rules[float32] {
	add := func(acc, x []float32) { t.add(acc, acc, x) }
	switch kind {
	case chip.Max:
		return rules[float32]{float32(math.Inf(-1)), t.max, func(acc, x []float32) { t.maps[chip.FnMax](acc, acc, x, nil) }, nil, nil}
	case chip.Min:
		return rules[float32]{float32(math.Inf(1)), rowMin[float32](float32(math.Inf(1))), func(acc, x []float32) { t.maps[chip.FnMin](acc, acc, x, nil) }, nil, nil}
	case chip.Prod:
		return rules[float32]{1, rowProd[float32], func(acc, x []float32) { t.maps[chip.FnMul](acc, acc, x, nil) }, nil, nil}
	case chip.Mean:
		return rules[float32]{0, t.sum, add, func(x []float32, n int) { t.scale(x, x, 1/float32(n)) }, t.colSum}
	}
	return rules[float32]{0, t.sum, add, nil, t.colSum}
}

func intRules(kind chip.ReduceKind) rules[int64] {
	into := func(f func(dst, a, b, c []int64)) func(acc, x []int64) {
		return func(acc, x []int64) { f(acc, acc, x, nil) }
	}
	add := into(intFns[chip.FnAdd])
	switch kind {
	case chip.Max:
		return rules[int64]{math.MinInt64, rowMax[int64](math.MinInt64), into(intFns[chip.FnMax]), nil, nil}
	case chip.Min:
		return rules[int64]{math.MaxInt64, rowMin[int64](math.MaxInt64), into(intFns[chip.FnMin]), nil, nil}
	case chip.Prod:
		return rules[int64]{1, rowProd[int64], into(intFns[chip.FnMul]), nil, nil}
	case chip.Mean:
		return rules[int64]{0, rowSum[int64], add, func(x []int64, n int) {
			for i := range x {
				x[i] = intDiv(x[i], int64(n))
			}
		}, nil}
	}
	return rules[int64]{0, rowSum[int64], add, nil, nil}
}

func rowMax[T float32 | int64](none T) func([]T) T {
	return func(x []T) T {
		m := none
		for _, v := range x {
			m = max(m, v)
		}
		return m
	}
}

func rowMin[T float32 | int64](none T) func([]T) T {
	return func(x []T) T {
		m := none
		for _, v := range x {
			m = min(m, v)
		}
		return m
	}
}

func rowProd[T float32 | int64](x []T) T {
	p := T(1)
	for _, v := range x {
		p *= v
	}
	return p
}

func rowSum[T float32 | int64](x []T) T {
	s := T(0)
	for _, v := range x {
		s += v
	}
	return s
}
