package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Einsum": {1, unlimited, compileEinsum},
})

// compileEinsum multiplies its operands, aligned by the labels that the equation
// gives their axes, and sums over the labels that the result lacks. The operands
// are contracted from left to right; a label that no later operand and not the
// result needs is summed as soon as possible.
func compileEinsum(n *call) kernel {
	eq, err := parseEquation(n.str("equation", ""))
	if err != nil {
		n.fail("equation: %w", err)
		return nil
	}
	if len(eq.terms) != len(n.node.Inputs) {
		n.fail("the equation has %d terms for %d inputs", len(eq.terms), len(n.node.Inputs))
	}
	threads := n.threads
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		if err := sameTypes(in); err != nil {
			return nil, err
		}
		switch in[0].DType() {
		case tensor.Float32:
			return result(einsum[float32](ctx, eq, in, threads))
		case tensor.Float64:
			return result(einsum[float64](ctx, eq, in, threads))
		case tensor.Int32:
			return result(einsum[int32](ctx, eq, in, threads))
		case tensor.Int64:
			return result(einsum[int64](ctx, eq, in, threads))
		case tensor.Uint8:
			return result(einsum[uint8](ctx, eq, in, threads))
		case tensor.Int8:
			return result(einsum[int8](ctx, eq, in, threads))
		case tensor.Int16:
			return result(einsum[int16](ctx, eq, in, threads))
		case tensor.Uint16:
			return result(einsum[uint16](ctx, eq, in, threads))
		case tensor.Uint32:
			return result(einsum[uint32](ctx, eq, in, threads))
		case tensor.Uint64:
			return result(einsum[uint64](ctx, eq, in, threads))
		}
		return nil, errType(in[0])
	}
}

// labelled is a tensor whose axes have distinct labels.
type labelled struct {
	t      *tensor.Tensor
	labels []int
}

func (l labelled) dim(label int) int {
	if i := slices.Index(l.labels, label); i >= 0 {
		return l.t.Shape()[i]
	}
	return 1
}

// take makes a dense tensor with the labels given; one that l lacks has size 1.
func (l labelled) take(labels []int) labelled {
	steps := rowMajor(l.t.Shape())
	shape, by := make([]int, len(labels)), make([]int, len(labels))
	for i, label := range labels {
		shape[i] = l.dim(label)
		if at := slices.Index(l.labels, label); at >= 0 {
			by[i] = steps[at]
		}
	}
	out := tensor.New(l.t.DType(), shape...)
	strided(out, l.t, shape, 0, by)
	return labelled{out, labels}
}

// diagonal gives repeated labels one axis: the elements where their indices agree.
func diagonal(t *tensor.Tensor, labels []int) (labelled, error) {
	var shape, by, unique []int
	for i, step := range rowMajor(t.Shape()) {
		at := slices.Index(unique, labels[i])
		if at < 0 {
			unique, shape, by = append(unique, labels[i]), append(shape, t.Shape()[i]), append(by, step)
			continue
		}
		if shape[at] != t.Shape()[i] {
			return labelled{}, fmt.Errorf("%v has axes of one label that differ in size", t)
		}
		by[at] += step
	}
	if len(unique) == len(labels) {
		return labelled{t, labels}, nil
	}
	out := tensor.New(t.DType(), shape...)
	strided(out, t, shape, 0, by)
	return labelled{out, unique}, nil
}

func einsum[T number](ctx context.Context, eq equation, in []*tensor.Tensor, threads int) (*tensor.Tensor, error) {
	terms, output, err := eq.resolve(in)
	if err != nil {
		return nil, err
	}
	operands := make([]labelled, len(in))
	sizes := map[int]int{}
	for i, t := range in {
		if operands[i], err = diagonal(t, terms[i]); err != nil {
			return nil, err
		}
		for _, label := range operands[i].labels {
			d, old := operands[i].dim(label), sizes[label]
			if _, seen := sizes[label]; seen && d != old && d != 1 && old != 1 {
				return nil, fmt.Errorf("one label stands for %d and %d", old, d)
			} else if !seen || old == 1 {
				sizes[label] = d
			}
		}
	}
	acc := operands[0]
	for i := range operands {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		needed := slices.Clone(output)
		for _, o := range operands[i+1:] {
			needed = append(needed, o.labels...)
		}
		other := labelled{tensor.Of([]T{1}), nil}
		if i > 0 {
			other = operands[i]
		}
		if acc, err = contract[T](acc, other, needed, threads); err != nil {
			return nil, err
		}
	}
	acc = acc.take(output)
	want := make([]int, len(output))
	for i, label := range output {
		want[i] = sizes[label]
	}
	return expandTo(acc.t, want)
}

// contract multiplies a and b and sums over the labels that are not needed. It
// is one matrix product [batch..., rows, k]·[batch..., k, columns].
func contract[T number](a, b labelled, needed []int, threads int) (labelled, error) {
	a, b = sumAlone[T](a, b, needed), sumAlone[T](b, a, needed)
	var batch, rows, columns, inner []int
	for _, label := range a.labels {
		switch {
		case !slices.Contains(b.labels, label):
			rows = append(rows, label)
		case slices.Contains(needed, label):
			batch = append(batch, label)
		default:
			inner = append(inner, label)
		}
	}
	for _, label := range b.labels {
		if !slices.Contains(a.labels, label) {
			columns = append(columns, label)
		}
	}
	// A summed axis of size 1 on one side alone repeats: it is as long as the other's.
	for _, label := range inner {
		n := max(a.dim(label), b.dim(label))
		for _, l := range []*labelled{&a, &b} {
			if l.dim(label) == n {
				continue
			}
			shape := slices.Clone(l.t.Shape())
			shape[slices.Index(l.labels, label)] = n
			t, err := expandTo(l.t, shape)
			if err != nil {
				return labelled{}, err
			}
			l.t = t
		}
	}
	left, right := a.take(slices.Concat(batch, rows, inner)), b.take(slices.Concat(batch, inner, columns))
	ls, rs, nb := left.t.Shape(), right.t.Shape(), len(batch)
	m, k := tensor.Size(ls[nb:nb+len(rows)]), tensor.Size(ls[nb+len(rows):])
	cols := tensor.Size(rs[nb+len(inner):])
	x := left.t.Reshape(append(slices.Clone(ls[:nb]), m, k)...)
	y := right.t.Reshape(append(slices.Clone(rs[:nb]), k, cols)...)
	z, err := matMul[T](x, y, threads)
	if err != nil {
		return labelled{}, err
	}
	shape := slices.Concat(z.Shape()[:nb], ls[nb:nb+len(rows)], rs[nb+len(inner):])
	return labelled{z.Reshape(shape...), slices.Concat(batch, rows, columns)}, nil
}

// sumAlone sums a over the labels that it has alone and that are not needed.
func sumAlone[T number](a, b labelled, needed []int) labelled {
	var keep, gone []int
	for _, label := range a.labels {
		if slices.Contains(needed, label) || slices.Contains(b.labels, label) {
			keep = append(keep, label)
		} else {
			gone = append(gone, label)
		}
	}
	if gone == nil {
		return a
	}
	moved := a.take(slices.Concat(keep, gone))
	shape := moved.t.Shape()[:len(keep)]
	n := tensor.Size(moved.t.Shape()[len(keep):])
	out, v := make([]T, tensor.Size(shape)), tensor.Values[T](moved.t)
	for i := range out {
		for _, w := range v[i*n : (i+1)*n] {
			out[i] += w
		}
	}
	return labelled{tensor.Of(out, shape...), keep}
}
