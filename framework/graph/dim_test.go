package graph

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDim(t *testing.T) {
	n, h := Symbol("N"), Symbol("H")
	cases := []struct {
		name string
		got  Dim
		want string
	}{
		{"constant", Const(3).Mul(Const(4)).AddInt(1), "13"},
		{"sum", n.Add(h).Add(n), "H+2*N"},
		{"difference", n.Sub(n), "0"},
		{"product", n.AddInt(1).Mul(h.AddInt(2)), "H+H*N+2*N+2"},
		{"exact quotient", n.MulInt(6).Div(Const(3)), "2*N"},
		{"quotient of a product", n.Mul(h).MulInt(4).Div(h.MulInt(2)), "2*N"},
		{"whole part", h.MulInt(4).AddInt(7).Div(Const(4)), "H+1"},
		{"floor", h.AddInt(-1).Div(Const(2)).AddInt(1), "floor((H+1)/(2))"},
		{"nested floor", h.Div(Const(2)).Div(Const(3)), "floor((H)/(6))"},
		{"negative", n.MulInt(-1).AddInt(3), "-N+3"},
		{"itself", n.AddInt(2).Div(n.AddInt(2)), "1"},
	}
	for _, c := range cases {
		if got := c.got.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// formula is a random expression, as a Dim and as its value.
type formula struct {
	dim   Dim
	value int
}

func TestDimEvaluates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		symbols := map[string]int{"A": rapid.IntRange(1, 9).Draw(t, "A"), "B": rapid.IntRange(1, 9).Draw(t, "B")}
		pool := []formula{{Symbol("A"), symbols["A"]}, {Symbol("B"), symbols["B"]}}
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			x, y := rapid.SampledFrom(pool).Draw(t, "x"), rapid.SampledFrom(pool).Draw(t, "y")
			k := rapid.IntRange(1, 5).Draw(t, "k")
			next := []formula{
				{x.dim.Add(y.dim), x.value + y.value},
				{x.dim.Sub(y.dim), x.value - y.value},
				{x.dim.AddInt(k), x.value + k},
				{x.dim.MulInt(-k), -k * x.value},
				{x.dim.Div(Const(k)), floorDiv(x.value, k)},
				{x.dim.Mul(y.dim), x.value * y.value},
			}
			if y.value > 0 {
				next = append(next, formula{x.dim.Div(y.dim), floorDiv(x.value, y.value)})
			}
			if f := rapid.SampledFrom(next).Draw(t, "f"); f.value < 1e6 && f.value > -1e6 {
				pool = append(pool, f)
			}
		}
		for _, f := range pool {
			if got, err := f.dim.Eval(symbols); err != nil || got != f.value {
				t.Fatalf("%v with %v is %d, %v; want %d", f.dim, symbols, got, err, f.value)
			}
			if !f.dim.Sub(f.dim).Is(0) {
				t.Fatalf("%v - itself is %v", f.dim, f.dim.Sub(f.dim))
			}
		}
	})
}
