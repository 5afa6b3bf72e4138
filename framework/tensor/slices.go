package tensor

import "slices"

// sliceOps is what a slice of one element type can do.
type sliceOps struct {
	make  func(n int) any
	clone func(data any) any
	equal func(a, b any) bool
}

// slicesOf holds the operations of each DType.
var slicesOf = [...]sliceOps{
	Float32: opsOf[float32](), Float64: opsOf[float64](), Int32: opsOf[int32](), Int64: opsOf[int64](),
	Uint8: opsOf[uint8](), Int8: opsOf[int8](), Bool: opsOf[bool](), String: opsOf[string](),
	Int16: opsOf[int16](), Uint16: opsOf[uint16](), Uint32: opsOf[uint32](), Uint64: opsOf[uint64](),
	Half: halfOps[Float16](), BFloat: halfOps[BFloat16](),
}

func known(dt DType) bool { return int(dt) < len(slicesOf) && slicesOf[dt].make != nil }

func opsOf[T Element]() sliceOps {
	return sliceOps{
		make:  func(n int) any { return make([]T, n) },
		clone: func(data any) any { return slices.Clone(data.([]T)) },
		equal: func(a, b any) bool { return slices.Equal(a.([]T), b.([]T)) },
	}
}

// halfOps compares as numbers: NaN differs from NaN, 0 is -0.
func halfOps[T interface {
	Float16 | BFloat16
	Float32() float32
}]() sliceOps {
	ops := opsOf[T]()
	ops.equal = func(a, b any) bool {
		return slices.EqualFunc(a.([]T), b.([]T), func(x, y T) bool { return x.Float32() == y.Float32() })
	}
	return ops
}

func dtypeOf[T Element]() DType {
	switch any(*new(T)).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case int8:
		return Int8
	case bool:
		return Bool
	case string:
		return String
	case int16:
		return Int16
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case Float16:
		return Half
	}
	return BFloat
}
