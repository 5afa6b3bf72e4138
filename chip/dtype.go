package chip

import "fmt"

// DType is the type of one element of a buffer.
type DType uint8

const (
	Float32 DType = iota + 1
	Float64
	Int32
	Int64
	Uint8
	Int8
	Bool   // one byte, 0 or 1
	String // host memory only; no device computes on it
)

var dtypeNames = [...]string{"invalid", "float32", "float64", "int32", "int64", "uint8", "int8", "bool", "string"}

func (d DType) String() string {
	if int(d) < len(dtypeNames) {
		return dtypeNames[d]
	}
	return fmt.Sprintf("dtype(%d)", uint8(d))
}

// Size is the number of bytes of one element; 0 for String.
func (d DType) Size() int {
	switch d {
	case Float32, Int32:
		return 4
	case Float64, Int64:
		return 8
	case Uint8, Int8, Bool:
		return 1
	}
	return 0
}
