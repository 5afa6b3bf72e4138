package cpu

import (
	"math"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// requant is the epilogue of integer products over n rows of sums:
//
//	v = float32(sum + bias[j])·scale[j] (+ (add - addZero)·addScale)
//	out = min(max(v, low), high) as float32, or rounded, plus zero, as a byte
//
// with every step rounded to float32. Steps are bytes from row to row.
type requant struct {
	sums, bias, scale, out, add uintptr
	n                           int
	sumStep, outStep, addStep   int
	low, high                   float32
	zero                        int32
	addScale                    float32
	addZero                     int32
	outType, addType            chip.DType // addType is the output's where nothing is added
	adds                        bool
}

// requant prepares the epilogue of op; rows are still to be placed.
func (c *call) requant(op chip.Integer) requant {
	q := requant{outType: c.outs[0].DType, low: noFloor, high: -noFloor, adds: op.Add, addScale: op.AddScale, addZero: int32(op.ZeroAdd)}
	if q.outType == chip.Uint8 {
		q.zero = int32(op.ZeroY)
		q.low, q.high = -float32(op.ZeroY), 255-float32(op.ZeroY)
	}
	if op.Act == chip.ReLU {
		q.low = 0
	}
	n := c.outs[0].Shape[len(c.outs[0].Shape)-1]
	q.outStep = n * q.outType.Size()
	if q.adds {
		q.addType = c.ins[4].DType
		q.addStep = n * q.addType.Size()
	}
	return q
}

// place sets the columns from j on of the results from row on.
func (q *requant) place(c *call, row, j int) {
	q.bias, q.scale = address(c.in[2])+uintptr(4*j), address(c.in[3])+uintptr(4*j)
	q.out = address(c.out[0]) + uintptr(row*q.outStep+j*q.outType.Size())
	if q.adds {
		q.add = address(c.in[4]) + uintptr(row*q.addStep+j*q.addType.Size())
	}
}

// advance moves on by some columns.
func (q *requant) advance(columns int) {
	q.sums, q.bias, q.scale = q.sums+uintptr(4*columns), q.bias+uintptr(4*columns), q.scale+uintptr(4*columns)
	q.out += uintptr(columns * q.outType.Size())
	if q.adds {
		q.add += uintptr(columns * q.addType.Size())
	}
}

// row is the epilogue of one row of sums, a whole output row that begins at element at.
func (q *requant) row(c *call, at int, sums []int32) {
	q.place(c, at/max(1, len(sums)), 0)
	q.sums, q.n = uintptr(unsafe.Pointer(unsafe.SliceData(sums))), 1
	goRequantise(q, len(sums))
}

// goRequantise is the Go twin of the kernels, for any number of columns.
func goRequantise(q *requant, cols int) {
	bias, scale := unsafe.Slice((*int32)(pointerAt(q.bias)), cols), floatsAt(q.scale, cols)
	for r := range q.n {
		sums := unsafe.Slice((*int32)(pointerAt(q.sums+uintptr(r*q.sumStep))), cols)
		out, add := q.out+uintptr(r*q.outStep), q.add+uintptr(r*q.addStep)
		for j, sum := range sums {
			v := float32(float32(sum+bias[j]) * scale[j])
			switch {
			case q.adds && q.addType == chip.Uint8:
				v += float32(float32(int32(*(*uint8)(pointerAt(add + uintptr(j))))-q.addZero) * q.addScale)
			case q.adds:
				v += float32(*floatAt(add, j) * q.addScale)
			}
			v = min(max(v, q.low), q.high)
			if q.outType == chip.Float32 {
				*floatAt(out, j) = v
			} else {
				*(*uint8)(pointerAt(out + uintptr(j))) = uint8(int32(math.RoundToEven(float64(v))) + q.zero)
			}
		}
	}
}
