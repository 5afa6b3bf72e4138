package graph

import (
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Einsum evaluates Einstein's summation, such as "bij,bjk->bik" for a batched
// product: the result has the labels right of the arrow, and all others are
// summed over. Without an arrow the result has the labels that occur once, in
// alphabetical order. A label that one operand has twice takes its diagonal;
// "..." stands for leading or inner axes that broadcast between operands.
//
// Operands are float32 and are combined from left to right, by matrix products.
// Source: numpy.einsum.
func Einsum(equation string, operands ...*Node) *Node {
	e := parseEinsum(equation, operands)
	acc := e.terms[0]
	for i := range e.terms[1:] {
		needed := slices.Clone(e.out)
		for _, t := range e.terms[i+2:] {
			needed = append(needed, t.labels...)
		}
		acc = e.product(acc.without(needed, e.terms[i+1].labels), e.terms[i+1].without(needed, acc.labels), needed)
	}
	return acc.without(e.out, nil).arranged(e.out).x
}

// labelled is a node whose axes have names; axes of an ellipsis are the negative
// numbers that count from the right.
type labelled struct {
	x      *Node
	labels []rune
}

type einsum struct {
	terms    []labelled
	out      []rune
	operands []*Node
}

func (e *einsum) fail(format string, args ...any) { Fail("Einsum", e.operands, format, args...) }

func parseEinsum(equation string, operands []*Node) *einsum {
	e := &einsum{operands: operands}
	text := strings.ReplaceAll(equation, " ", "")
	left, right, arrow := strings.Cut(text, "->")
	parts := strings.Split(left, ",")
	if len(parts) != len(operands) {
		e.fail("%q names %d operands, not %d", equation, len(parts), len(operands))
	}
	dots, counts := 0, map[rune]int{}
	for i, part := range parts {
		labels := e.labels(part, operands[i].Rank())
		for _, l := range labels {
			counts[l]++
			dots = max(dots, -int(l))
		}
		e.terms = append(e.terms, labelled{operands[i], labels}.diagonal())
	}
	if arrow {
		e.out = e.labels(right, len(strings.Replace(right, "...", "", 1))+dots)
	} else {
		for l, n := range counts {
			if l < 0 || n == 1 {
				e.out = append(e.out, l)
			}
		}
		slices.Sort(e.out)
	}
	for i, l := range e.out {
		if counts[l] == 0 || slices.Contains(e.out[:i], l) {
			e.fail("the result of %q has a label twice or one that no operand has", equation)
		}
	}
	return e
}

// labels names the axes of an operand of the given rank.
func (e *einsum) labels(part string, rank int) []rune {
	before, after, dots := strings.Cut(part, "...")
	extra := rank - len(before) - len(after)
	if extra < 0 || extra > 0 && !dots {
		e.fail("%q does not fit %d axes", part, rank)
	}
	labels := []rune(before)
	for i := range extra {
		labels = append(labels, rune(i-extra))
	}
	labels = append(labels, []rune(after)...)
	for _, l := range labels {
		if l >= 0 && !(l >= 'a' && l <= 'z' || l >= 'A' && l <= 'Z') {
			e.fail("%q is not a label", l)
		}
	}
	return labels
}

// diagonal merges axes of one label.
func (t labelled) diagonal() labelled {
	for i := 0; i < len(t.labels); i++ {
		j := slices.Index(t.labels[i+1:], t.labels[i]) + i + 1
		if j == i {
			continue
		}
		n := t.x.shape[i]
		if !n.Equal(t.x.shape[j]) {
			Fail("Einsum", []*Node{t.x}, "the axes %q differ", t.labels[i])
		}
		at := Positions(t.x.Graph(), n)
		same := Eq(Reshape(at, along(i, t.x.Rank(), n)...), Reshape(at, along(j, t.x.Rank(), n)...))
		t.x = Sum(Mul(t.x, Cast(same, tensor.Float32)), j)
		t.labels = slices.Delete(slices.Clone(t.labels), j, j+1)
		i--
	}
	return t
}

// without sums over the labels that are in neither list.
func (t labelled) without(needed, other []rune) labelled {
	var axes []int
	var kept []rune
	for i, l := range t.labels {
		if slices.Contains(needed, l) || slices.Contains(other, l) {
			kept = append(kept, l)
		} else {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return t
	}
	return labelled{Sum(t.x, axes...), kept}
}

// arranged transposes t to the order of labels.
func (t labelled) arranged(labels []rune) labelled {
	perm := make([]int, len(labels))
	for i, l := range labels {
		perm[i] = slices.Index(t.labels, l)
	}
	if len(perm) < 2 {
		return t
	}
	return labelled{Transpose(t.x, perm...), labels}
}

// dim is the length of the axis of label l.
func (t labelled) dim(l rune) Dim { return t.x.shape[slices.Index(t.labels, l)] }

// product multiplies a and b and sums over the labels of both that are not
// needed: a batched matrix product [batch, rows, inner]·[batch, inner, columns].
func (e *einsum) product(a, b labelled, needed []rune) labelled {
	var batch, inner, rows, columns []rune
	for _, l := range a.labels {
		switch {
		case !slices.Contains(b.labels, l):
			rows = append(rows, l)
		case slices.Contains(needed, l):
			batch = append(batch, l)
		default:
			inner = append(inner, l)
		}
	}
	for _, l := range b.labels {
		if !slices.Contains(a.labels, l) {
			columns = append(columns, l)
		}
	}
	a, b = e.agree(a, b, append(slices.Clone(batch), inner...))
	sizes := func(t labelled, groups ...[]rune) (dims Shape) {
		for _, g := range groups {
			n := Const(1)
			for _, l := range g {
				n = n.Mul(t.dim(l))
			}
			dims = append(dims, n)
		}
		return dims
	}
	left := Reshape(a.arranged(slices.Concat(batch, rows, inner)).x, sizes(a, batch, rows, inner)...)
	right := Reshape(b.arranged(slices.Concat(batch, inner, columns)).x, sizes(b, batch, inner, columns)...)
	var dims Shape
	for _, l := range slices.Concat(batch, rows) {
		dims = append(dims, a.dim(l))
	}
	for _, l := range columns {
		dims = append(dims, b.dim(l))
	}
	return labelled{Reshape(MatMul(left, right), dims...), slices.Concat(batch, rows, columns)}
}

// agree broadcasts the axes that a and b share to one length.
func (e *einsum) agree(a, b labelled, shared []rune) (_, _ labelled) {
	widen := func(t, to labelled) labelled {
		dims := slices.Clone(t.x.shape)
		for _, l := range shared {
			i := slices.Index(t.labels, l)
			switch want := to.dim(l); {
			case dims[i].Is(1):
				dims[i] = want
			case !dims[i].Equal(want) && !want.Is(1):
				e.fail("the axes %q are %v and %v long", l, dims[i], want)
			}
		}
		return labelled{Broadcast(t.x, dims...), t.labels}
	}
	a = widen(a, b)
	return a, widen(b, a)
}
