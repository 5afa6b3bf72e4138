package graph

import (
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Einsum multiplies the elements of operands that share the values of their
// labels and adds up over the labels that the result lacks, by numpy's notation:
// "ij,jk->ik" is the matrix product, "ii->i" the diagonal, "...c,c" works on the
// last axis. Without "->" the result has the labels that occur once, in order of
// the alphabet. Products are done in pairs from the left as batched matrix products.
func Einsum(equation string, operands ...*Node) *Node {
	e := &einsum{op: operands, equation: equation}
	terms, output := e.parse()
	operands = slices.Clone(operands)
	for i := range operands {
		operands[i], terms[i] = e.diagonal(operands[i], terms[i])
	}
	x, labels := operands[0], terms[0]
	for i := 1; i < len(operands); i++ {
		later := []byte(output + strings.Join(terms[i+1:], ""))
		x, labels = e.product(x, labels, operands[i], terms[i], later)
	}
	x, labels = e.without(x, labels, output)
	perm := make([]int, len(output))
	for i := range output {
		perm[i] = strings.IndexByte(labels, output[i])
	}
	return Transpose(x, perm...)
}

// einsum is one call. Labels are bytes: letters, and digits for the axes of an
// ellipsis, 0 the last of them.
type einsum struct {
	op       []*Node
	equation string
}

func (e *einsum) fail(format string, args ...any) { Fail("Einsum", e.op, format, args...) }

const maxEllipsis = 10

func (e *einsum) parse() (terms []string, output string) {
	left, right, stated := strings.Cut(strings.ReplaceAll(e.equation, " ", ""), "->")
	terms = strings.Split(left, ",")
	if len(terms) != len(e.op) || len(e.op) == 0 {
		e.fail("%q has %d terms", e.equation, len(terms))
	}
	most := 0
	for i, t := range terms {
		free := e.op[i].Rank() - len(strings.Replace(t, "...", "", 1))
		if free < 0 || free > 0 && !strings.Contains(t, "...") || free > maxEllipsis {
			e.fail("%q does not name the axes of operand %d", t, i+1)
		}
		terms[i], most = e.spell(t, free), max(most, free)
	}
	if stated {
		output = e.spell(right, most)
	} else {
		all := slices.Sorted(slices.Values([]byte(strings.Join(terms, ""))))
		output = e.spell("...", most)
		for _, b := range all {
			if b > '9' && strings.Count(string(all), string(b)) == 1 {
				output += string(b)
			}
		}
	}
	for i := range output {
		if strings.IndexByte(output, output[i]) != i || !strings.Contains(strings.Join(terms, ""), output[i:i+1]) {
			e.fail("the result %q repeats a label or has one that no operand has", right)
		}
	}
	return terms, output
}

// spell writes the ellipsis of a term as n labels.
func (e *einsum) spell(term string, n int) string {
	for i := range strings.Replace(term, "...", "", 1) {
		if c := strings.Replace(term, "...", "", 1)[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			e.fail("%q is no label", string(c))
		}
	}
	return strings.Replace(term, "...", "9876543210"[maxEllipsis-n:], 1)
}

// diagonal keeps what has equal positions along axes of one label.
func (e *einsum) diagonal(x *Node, labels string) (*Node, string) {
	for i := range labels {
		j := strings.IndexByte(labels[i+1:], labels[i])
		if j < 0 {
			continue
		}
		j += i + 1
		if !x.Dim(i).Equal(x.Dim(j)) {
			e.fail("axes of the label %q have lengths %v and %v", labels[i:i+1], x.Dim(i), x.Dim(j))
		}
		g := x.Graph()
		same := Cast(Eq(PositionsAlong(g, x.Dim(i), i, x.Rank()), PositionsAlong(g, x.Dim(j), j, x.Rank())), tensor.Float32)
		return e.diagonal(Sum(Mul(x, same), j), labels[:j]+labels[j+1:])
	}
	return x, labels
}

// without adds up over the labels that are not in keep.
func (e *einsum) without(x *Node, labels, keep string) (*Node, string) {
	var axes []int
	left := ""
	for i := range labels {
		if strings.Contains(keep, labels[i:i+1]) {
			left += labels[i : i+1]
		} else {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return x, labels
	}
	return Sum(x, axes...), left
}

// product joins two operands as [batch, rows, inner] times [batch, inner, columns].
func (e *einsum) product(a *Node, la string, b *Node, lb string, later []byte) (*Node, string) {
	a, la = e.without(a, la, lb+string(later))
	b, lb = e.without(b, lb, la+string(later))
	var batch, inner, rows, columns string
	for i := range la {
		switch l := la[i : i+1]; {
		case !strings.Contains(lb, l):
			rows += l
		case slices.Contains(later, la[i]):
			batch += l
		default:
			inner += l
		}
	}
	for i := range lb {
		if !strings.Contains(la, lb[i:i+1]) {
			columns += lb[i : i+1]
		}
	}
	left := e.grouped(a, la, batch, rows, inner)
	right := e.grouped(b, lb, batch, inner, columns)
	if !left.Dim(-1).Equal(right.Dim(-2)) {
		e.fail("the labels %q have lengths %v and %v", inner, left.Dim(-1), right.Dim(-2))
	}
	y := MatMul(left, right)
	shape := slices.Clone(y.shape[:len(batch)])
	for i := range rows {
		shape = append(shape, a.Dim(strings.IndexByte(la, rows[i])))
	}
	for i := range columns {
		shape = append(shape, b.Dim(strings.IndexByte(lb, columns[i])))
	}
	return Reshape(y, shape...), batch + rows + columns
}

// grouped brings the labels of x into the order of the groups and joins the axes
// of the last two.
func (e *einsum) grouped(x *Node, labels, batch, first, second string) *Node {
	var perm []int
	for _, l := range []byte(batch + first + second) {
		perm = append(perm, strings.IndexByte(labels, l))
	}
	if len(perm) > 0 {
		x = Transpose(x, perm...)
	}
	n, m := len(batch), len(batch)+len(first)
	return Reshape(x, append(slices.Clone(x.shape[:n]), x.shape[n:m].Size(), x.shape[m:].Size())...)
}
