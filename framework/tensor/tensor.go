// Package tensor holds dense arrays in host memory.
//
// A Tensor is a shape, an element type and a flat row-major slice. It carries
// values into and out of computations; it computes nothing itself. The element
// type is a value, not a type parameter, so that code can hold tensors of
// several types side by side.
//
// Shapes are lists of dimensions, the last one contiguous: element [i,j,k] of
// [A,B,C] is number (i·B+j)·C+k. Nothing is strided and nothing is a view but
// Reshape's result. Read Of, New and the accessors (Float32s, Values); half.go has
// the 16-bit floats.
package tensor

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// DType is the type of an element.
type DType = chip.DType

// The element types, under the names that users of this package write.
const (
	Float32 = chip.Float32
	Float64 = chip.Float64
	Int32   = chip.Int32
	Int64   = chip.Int64
	Uint8   = chip.Uint8
	Int8    = chip.Int8
	Bool    = chip.Bool
	String  = chip.String

	// Types of the host alone but for BFloat, which chips store and multiply. Half
	// has elements of Go type Float16, BFloat of BFloat16.
	Int16  = chip.Int16
	Uint16 = chip.Uint16
	Uint32 = chip.Uint32
	Uint64 = chip.Uint64
	Half   = chip.Float16
	BFloat = chip.BFloat16
)

// Element lists the Go types that a tensor can hold, one for each DType.
type Element interface {
	float32 | float64 | int32 | int64 | uint8 | int8 | bool | string | int16 | uint16 | uint32 | uint64 | Float16 | BFloat16
}

// Tensor is a dense row-major array. The zero value is no tensor.
type Tensor struct {
	dtype DType
	shape []int
	data  any // the slice of the Go type that dtype stands for
}

// Of makes a tensor of data, which it keeps and does not copy. With no dims it
// is a scalar. It panics when the shape does not hold len(data) elements.
func Of[T Element](data []T, dims ...int) *Tensor {
	if n := Size(dims); n != len(data) {
		panic(fmt.Sprintf("tensor.Of: shape %v holds %d elements, data has %d", dims, n, len(data)))
	}
	return &Tensor{dtype: dtypeOf[T](), shape: slices.Clone(dims), data: data}
}

// Scalar makes a tensor of rank 0.
func Scalar[T Element](v T) *Tensor { return Of([]T{v}) }

// New makes a zeroed tensor.
func New(dt DType, dims ...int) *Tensor {
	if !known(dt) {
		panic(fmt.Sprintf("tensor.New: unknown element type %v", dt))
	}
	return &Tensor{dtype: dt, shape: slices.Clone(dims), data: slicesOf[dt].make(Size(dims))}
}

// DType returns the element type.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns the dimensions; the caller must not change them.
func (t *Tensor) Shape() []int { return t.shape }

// Rank returns the number of dimensions; 0 for a scalar.
func (t *Tensor) Rank() int { return len(t.shape) }

// Len returns the number of elements.
func (t *Tensor) Len() int { return Size(t.shape) }

// Data returns the flat slice behind t: a []float32 for Float32, and so on.
func (t *Tensor) Data() any { return t.data }

// Values returns the flat elements without copying. It panics when T is not
// the tensor's element type.
func Values[T Element](t *Tensor) []T {
	v, ok := t.data.([]T)
	if !ok {
		panic(fmt.Sprintf("tensor.Values: tensor holds %v, asked for %T", t.dtype, v))
	}
	return v
}

// Float32s returns the flat elements of a Float32 tensor without copying.
func (t *Tensor) Float32s() []float32 { return Values[float32](t) }

// Int64s returns the flat elements of an Int64 tensor without copying.
func (t *Tensor) Int64s() []int64 { return Values[int64](t) }

// Uint8s returns the flat elements of a Uint8 tensor without copying.
func (t *Tensor) Uint8s() []uint8 { return Values[uint8](t) }

// Strings returns the flat elements of a String tensor without copying.
func (t *Tensor) Strings() []string { return Values[string](t) }

// Reshape returns a tensor of the same elements in another shape. One
// dimension may be -1, which stands for what is left.
func (t *Tensor) Reshape(dims ...int) *Tensor {
	dims = slices.Clone(dims)
	if i := slices.Index(dims, -1); i >= 0 {
		dims[i] = 1
		if n := Size(dims); n > 0 {
			dims[i] = t.Len() / n
		}
	}
	if Size(dims) != t.Len() {
		panic(fmt.Sprintf("tensor.Reshape: %v does not fit into %v", t.shape, dims))
	}
	return &Tensor{dtype: t.dtype, shape: dims, data: t.data}
}

// Clone returns a copy with elements of its own.
func (t *Tensor) Clone() *Tensor {
	return &Tensor{dtype: t.dtype, shape: slices.Clone(t.shape), data: slicesOf[t.dtype].clone(t.data)}
}

// Equal reports whether a and b have the same type, shape and bits of value
// (NaN differs from NaN, as in Go).
func Equal(a, b *Tensor) bool {
	if a.dtype != b.dtype || !slices.Equal(a.shape, b.shape) {
		return false
	}
	return known(a.dtype) && slicesOf[a.dtype].equal(a.data, b.data)
}

// Size returns the number of elements of a shape: the product of its
// dimensions, 1 for a scalar.
func Size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// String describes t by type and shape: "float32[2 3]".
func (t *Tensor) String() string { return fmt.Sprintf("%v%v", t.dtype, t.shape) }
