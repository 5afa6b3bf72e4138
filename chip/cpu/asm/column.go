package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// columnFn is a function over the columns of row-major rows: a group of
// columns keeps its parameters and sums in registers while all rows go by.
type columnFn struct {
	name, doc, signature string
	ins                  []string // row-major slices that are read
	out                  string   // row-major slice that is written, or ""
	params               []string // vectors with one element for each column
	sums                 []string // vectors that are added to
	scalars              []string
	vecs                 int // vectors of the widest group
	body                 func(in, params, sums, scalars []vec) vec
}

// columns writes the functions of normalisation over rows.
func columns(g gen) {
	const suffix = ", width int)" // rows follow from the length of x
	for _, f := range []columnFn{
		{"colSum", "adds the rows of x to sum", "func(sum, x []float32" + suffix, []string{"x"}, "", nil, []string{"sum"}, nil, 4,
			func(in, _, sums, _ []vec) vec { g.VADDPS(in[0], sums[0], sums[0]); return nil }},
		{"colSqDiff", "adds (x-mean)² to sum", "func(sum, x, mean []float32" + suffix, []string{"x"}, "", []string{"mean"}, []string{"sum"}, nil, 4,
			func(in, p, sums, _ []vec) vec {
				g.VSUBPS(p[0], in[0], in[0])
				g.VFMADD231PS(in[0], in[0], sums[0])
				return nil
			}},
		{"colAffine", "writes max(x·scale + shift, floor)", "func(dst, x, scale, shift []float32, floor float32" + suffix, []string{"x"}, "dst", []string{"scale", "shift"}, nil, []string{"floor"}, 4,
			func(in, p, _, s []vec) vec {
				g.VFMADD213PS(p[1], p[0], in[0])
				g.VMAXPS(in[0], s[0], in[0])
				return in[0]
			}},
		{"colGradSums", "adds dy to db and dy·(x-mean) to dg", "func(db, dg, x, dy, mean []float32" + suffix, []string{"x", "dy"}, "", []string{"mean"}, []string{"db", "dg"}, nil, 2,
			func(in, p, sums, _ []vec) vec { return g.gradSums(in, p, sums) }},
		{"colGatedGradSums", "is colGradSums" + g.set.suffix + " with dy counted as 0 where gate is not positive", "func(db, dg, x, dy, gate, mean []float32" + suffix, []string{"x", "dy", "gate"}, "", []string{"mean"}, []string{"db", "dg"}, nil, 2,
			func(in, p, sums, _ []vec) vec { g.gate(in); return g.gradSums(in, p, sums) }},
		{"colGradApply", "writes dy·a + x·b + c", "func(dst, x, dy, a, b, c []float32" + suffix, []string{"x", "dy"}, "dst", []string{"a", "b", "c"}, nil, nil, 2,
			func(in, p, _, _ []vec) vec { return g.gradApply(in, p) }},
		{"colGatedGradApply", "is colGradApply" + g.set.suffix + " with dy counted as 0 where gate is not positive", "func(dst, x, dy, gate, a, b, c []float32" + suffix, []string{"x", "dy", "gate"}, "dst", []string{"a", "b", "c"}, nil, nil, 2,
			func(in, p, _, _ []vec) vec { g.gate(in); return g.gradApply(in, p) }},
	} {
		g.column(f)
	}
}

func (g gen) gate(in []vec) {
	g.keep(g.compare(g.zero(), less, in[2]), in[1])
}

func (g gen) gradSums(in, p, sums []vec) vec {
	g.VADDPS(in[1], sums[0], sums[0])
	g.VSUBPS(p[0], in[0], in[0])
	g.VFMADD231PS(in[0], in[1], sums[1])
	return nil
}

func (g gen) gradApply(in, p []vec) vec {
	g.VFMADD213PS(p[2], p[1], in[0])
	g.VFMADD231PS(in[1], p[0], in[0])
	return in[0]
}

func (g gen) column(f columnFn) {
	name := g.function(f.name)
	g.Doc(fmt.Sprintf("%s %s, for rows of width columns.", name, f.doc))
	g.SignatureExpr(f.signature)
	left := g.Load(g.Param("width"), g.GP64()).(reg.GPVirtual)
	pitch := g.GP64()
	g.MOVQ(left, pitch)
	g.SHLQ(U8(2), pitch)
	bytes := g.length("x")
	g.SHLQ(U8(2), bytes)
	var scalars []vec
	for _, s := range f.scalars {
		scalars = append(scalars, g.scalar(s))
	}
	at := g.GP64() // byte offset of the group's first column
	g.XORQ(at, at)
	for _, vecs := range []int{f.vecs, 1} {
		loop, done := fmt.Sprintf("group%d", vecs), fmt.Sprintf("after%d", vecs)
		g.Label(loop)
		g.CMPQ(left, U32(g.set.lanes*vecs))
		g.JL(LabelRef(done))
		g.columnGroup(f, vecs, loop, at, pitch, bytes, scalars, nil)
		g.ADDQ(U32(g.bytes()*vecs), at)
		g.SUBQ(U32(g.set.lanes*vecs), left)
		g.JMP(LabelRef(loop))
		g.Label(done)
	}
	g.TESTQ(left, left)
	g.JZ(LabelRef("done"))
	g.columnGroup(f, 1, "masked", at, pitch, bytes, scalars, g.first(left))
	g.Label("done")
	g.VZEROUPPER()
	g.RET()
}

// columnGroup lets all rows of one group of columns go by.
func (g gen) columnGroup(f columnFn, vecs int, label string, at, pitch, bytes reg.GPVirtual, scalars []vec, mask mask) {
	ptr := g.GP64()
	vectors := func(names []string) (all [][]vec) {
		all = make([][]vec, vecs)
		for _, name := range names {
			g.Load(g.Param(name).Base(), ptr)
			for v := range vecs {
				all[v] = append(all[v], g.load(ptr, at, v, mask))
			}
		}
		return all
	}
	params, sums := vectors(f.params), vectors(f.sums)
	idx, end := g.GP64(), g.GP64()
	g.MOVQ(at, idx)
	g.MOVQ(bytes, end)
	var ins []reg.GPVirtual
	for _, name := range f.ins {
		ins = append(ins, g.slice(name))
	}
	var out reg.GPVirtual
	if f.out != "" {
		out = g.slice(f.out)
	}
	g.CMPQ(idx, end)
	g.JGE(LabelRef(label + "RowsDone"))
	g.Label(label + "Rows")
	for v := range vecs {
		var in []vec
		for _, p := range ins {
			in = append(in, g.load(p, idx, v, mask))
		}
		if y := f.body(in, params[v], sums[v], scalars); y != nil {
			g.store(y, out, idx, v, mask)
		}
	}
	g.ADDQ(pitch, idx)
	g.CMPQ(idx, end)
	g.JL(LabelRef(label + "Rows"))
	g.Label(label + "RowsDone")
	for i, name := range f.sums {
		g.Load(g.Param(name).Base(), ptr)
		for v := range vecs {
			g.store(sums[v][i], ptr, at, v, mask)
		}
	}
}
