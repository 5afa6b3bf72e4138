package chip

import "fmt"

// DType is the type of one element of a buffer.
type DType uint8

// The types of elements.
const (
	Float32 DType = iota + 1
	Float64
	Int32
	Int64
	Uint8
	Int8
	Bool   // one byte, 0 or 1
	String // host memory only, as all that follow but BFloat16; no device computes on it
	Int16
	Uint16
	Uint32
	Uint64
	Float16  // IEEE 754 binary16
	BFloat16 // the upper half of a Float32: storage and operands of products; computation is in Float32
)

var dtypeNames = [...]string{"invalid", "float32", "float64", "int32", "int64", "uint8", "int8", "bool", "string",
	"int16", "uint16", "uint32", "uint64", "float16", "bfloat16"}

// String is the name as NumPy has it: "float32".
func (d DType) String() string {
	if int(d) < len(dtypeNames) {
		return dtypeNames[d]
	}
	return fmt.Sprintf("dtype(%d)", uint8(d))
}

// Size is the number of bytes of one element; 0 for String.
func (d DType) Size() int {
	switch d {
	case Float32, Int32, Uint32:
		return 4
	case Float64, Int64, Uint64:
		return 8
	case Int16, Uint16, Float16, BFloat16:
		return 2
	case Uint8, Int8, Bool:
		return 1
	}
	return 0
}

// OnDevice reports whether devices may hold and compute on d; the other types
// exist in host memory alone.
func (d DType) OnDevice() bool { return d >= Float32 && d <= Bool || d == BFloat16 }
