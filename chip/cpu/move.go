package cpu

import (
	"github.com/macaw-ai/macaw/chip"
)

// mover copies a strided array to another place; offsets and strides are in
// elements. Strides of 0 on the source repeat it.
type mover struct {
	size                  int // bytes of one element
	dims                  []int
	from, to              []int // strides
	fromAt, toAt          int
	total                 int
	rows, row, fromS, toS int // the last axis, and how many rows there are
}

// newMover merges axes. When the source is contiguous along another axis than
// the destination, that axis is put next to the last, to be walked in tiles.
func newMover(size int, shape, from, to []int, fromAt, toAt int) *mover {
	dims, st := mergeAxes(shape, [][]int{from, to})
	m := &mover{size: size, dims: dims, from: st[0], to: st[1], fromAt: fromAt, toAt: toAt, total: 1}
	for _, d := range shape {
		m.total *= d
	}
	last := len(dims) - 1
	for i := range last {
		if m.from[last] != 1 && m.from[i] == 1 {
			for _, s := range [][]int{m.dims, m.from, m.to} {
				v := s[i]
				copy(s[i:last-1], s[i+1:last])
				s[last-1] = v
			}
			break
		}
	}
	m.row, m.fromS, m.toS = dims[last], m.from[last], m.to[last]
	if m.row > 0 {
		m.rows = m.total / m.row
	}
	return m
}

// kernel prepares the copy from src to dst.
func (m *mover) kernel(c *call, src, dst *view) kernel {
	switch m.size {
	case 1:
		return moveKernel[uint8](m, c, src, dst)
	case 2:
		return moveKernel[uint16](m, c, src, dst)
	case 4:
		return moveKernel[uint32](m, c, src, dst)
	}
	return moveKernel[uint64](m, c, src, dst)
}

func moveKernel[T uint8 | uint16 | uint32 | uint64](m *mover, c *call, src, dst *view) kernel {
	if n := len(m.dims); n >= 2 && m.from[n-2] == 1 && m.fromS != 1 && m.fromS != 0 {
		return tileKernel[T](m, c, src, dst)
	}
	return c.each(m.rows, 1+16*1024/max(1, m.row), func(lo, hi, _ int) {
		s, d := of[T](src), of[T](dst)
		for r := lo; r < hi; r++ {
			from, to := m.offsets(r, len(m.dims)-1)
			moveRow(d, s, to, from, m.row, m.toS, m.fromS)
		}
	})
}

// offsets gives where row r of the first n axes begins.
func (m *mover) offsets(r, n int) (from, to int) {
	from, to = m.fromAt, m.toAt
	for i := n - 1; i >= 0; i-- {
		k := r % m.dims[i]
		from, to = from+k*m.from[i], to+k*m.to[i]
		r /= m.dims[i]
	}
	return from, to
}

// moveRow copies n elements; ds and ss are the strides, which may be negative.
func moveRow[T any](dst, src []T, to, from, n, ds, ss int) {
	switch {
	case ds == 1 && ss == 1:
		copy(dst[to:to+n], src[from:])
	case ds == 1 && ss == 0:
		fill(dst[to:to+n], src[from])
	default:
		for i := range n {
			dst[to+i*ds] = src[from+i*ss]
		}
	}
}

// tileKernel transposes: the source runs along the last axis but one, the
// destination along the last. Tiles of 16 by 16 keep both in whole cache lines.
func tileKernel[T uint8 | uint16 | uint32 | uint64](m *mover, c *call, src, dst *view) kernel {
	const tile = 16
	n := len(m.dims)
	height, outer := m.dims[n-2], 1
	for _, d := range m.dims[:n-2] {
		outer *= d
	}
	strips := (height + tile - 1) / tile
	vectorised := m.size == 4 && m.toS == 1
	return c.each(outer*strips, 1+1024/max(1, m.row), func(lo, hi, _ int) {
		s, d := of[T](src), of[T](dst)
		for u := lo; u < hi; u++ {
			from, to := m.offsets(u/strips, n-2)
			i0 := u % strips * tile
			i1 := min(height, i0+tile)
			if vectorised {
				m.transposeStrip(c.tier, of[float32](src)[from:], of[float32](dst)[to:], i0, i1)
				continue
			}
			for j0 := 0; j0 < m.row; j0 += tile {
				j1 := min(m.row, j0+tile)
				for i := i0; i < i1; i++ {
					for j := j0; j < j1; j++ {
						d[to+i*m.to[n-2]+j*m.toS] = s[from+i+j*m.fromS]
					}
				}
			}
		}
	})
}

// transposeStrip turns the strip [i0, i1) in squares of as many lanes as the
// tier takes, up to 16 lanes beside each other so that the destination is
// written in whole cache lines.
func (m *mover) transposeStrip(t *tier, s, d []float32, i0, i1 int) {
	pitch := m.to[len(m.to)-2]
	for j0 := 0; j0 < m.row; j0 += 16 {
		for i := i0; i < i1; i += t.group {
			for j := j0; j < min(m.row, j0+16); j += t.group {
				src := addressOf(s) + uintptr(4*(i+j*m.fromS))
				t.exactly(d[i*pitch+j:], src, 4*m.fromS, min(t.group, m.row-j), min(t.group, i1-i), pitch)
			}
		}
	}
}

func (c *call) transpose(op *chip.Transpose) kernel {
	own := rowMajor(c.ins[0].Shape)
	from := make([]int, len(own))
	for i, p := range op.Perm {
		from[i] = own[p]
	}
	shape := c.outs[0].Shape
	return newMover(c.outs[0].DType.Size(), shape, from, rowMajor(shape), 0, 0).kernel(c, c.in[0], c.out[0])
}

func (c *call) concat(op *chip.Concat) kernel {
	to, at := rowMajor(c.outs[0].Shape), 0
	var ks []kernel
	for i, v := range c.ins {
		ks = append(ks, newMover(v.DType.Size(), v.Shape, rowMajor(v.Shape), to, 0, at).kernel(c, c.in[i], c.out[0]))
		at += v.Shape[op.Axis] * to[op.Axis]
	}
	return inOrder(ks...)
}

func inOrder(ks ...kernel) kernel {
	return func() error {
		for _, k := range ks {
			if err := k(); err != nil {
				return err
			}
		}
		return nil
	}
}

// window gives the strides and the offset of a slice of an array.
func sliced(shape, start, step []int) (strides []int, at int) {
	strides = rowMajor(shape)
	for i := range strides {
		at += start[i] * strides[i]
		strides[i] *= step[i]
	}
	return strides, at
}

func (c *call) slice(op *chip.Slice) kernel {
	from, at := sliced(c.ins[0].Shape, op.Start, op.Step)
	shape := c.outs[0].Shape
	return newMover(c.outs[0].DType.Size(), shape, from, rowMajor(shape), at, 0).kernel(c, c.in[0], c.out[0])
}

func (c *call) sliceGrad(op *chip.SliceGrad) kernel {
	to, at := sliced(c.outs[0].Shape, op.Start, op.Step)
	shape := c.ins[0].Shape
	return inOrder(c.clearOut(), newMover(c.ins[0].DType.Size(), shape, rowMajor(shape), to, 0, at).kernel(c, c.in[0], c.out[0]))
}

// clearOut zeroes the output.
func (c *call) clearOut() kernel {
	size := c.outs[0].DType.Size()
	return c.each(c.outs[0].Len()*size, 256*1024, func(lo, hi, _ int) {
		clear(bytesAt(c.out[0].p, c.out[0].n*size)[lo:hi])
	})
}

func (c *call) pad(op *chip.Pad) kernel {
	x, to, at := c.ins[0], rowMajor(c.outs[0].Shape), 0
	for i, b := range op.Before {
		at += b * to[i]
	}
	m := newMover(x.DType.Size(), x.Shape, rowMajor(x.Shape), to, 0, at)
	return inOrder(c.fillOut(op.Value), m.kernel(c, c.in[0], c.out[0]))
}

// fillOut writes one number, converted, to the whole output.
func (c *call) fillOut(value float64) kernel {
	if value == 0 {
		return c.clearOut()
	}
	return func() error {
		switch v := c.out[0]; c.outs[0].DType {
		case chip.Float32:
			fill(v.f32(), float32(value))
		case chip.Float64:
			fill(of[float64](v), value)
		case chip.Int64:
			fill(v.i64(), castInt[int64](value, -1<<63, 1<<63-1))
		case chip.Int32:
			fill(v.i32(), castInt[int32](value, -1<<31, 1<<31-1))
		case chip.Int8:
			fill(of[int8](v), castInt[int8](value, -128, 127))
		case chip.Uint8:
			fill(of[uint8](v), castInt[uint8](value, 0, 255))
		case chip.BFloat16:
			fill(of[chip.BFloat](v), chip.RoundBFloat(float32(value)))
		case chip.Bool:
			fill(of[bool](v), true)
		}
		return nil
	}
}

func (c *call) broadcast() kernel {
	shape := c.outs[0].Shape
	from := broadcastStrides(c.ins[0].Shape, shape)
	return newMover(c.outs[0].DType.Size(), shape, from, rowMajor(shape), 0, 0).kernel(c, c.in[0], c.out[0])
}

func (c *call) copyAll() kernel {
	size := c.outs[0].DType.Size()
	return c.each(c.outs[0].Len()*size, 256*1024, func(lo, hi, _ int) {
		copy(bytesAt(c.out[0].p, c.out[0].n*size)[lo:hi], bytesAt(c.in[0].p, c.in[0].n*size)[lo:hi])
	})
}
