package onnx

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// castTarget reads the attribute to: a number, before operator set 6 a name.
func castTarget(n *call) (tensor.DType, bool) {
	if n.version >= 6 {
		dt, ok := dtypes[DataType(n.int("to", 0))]
		return dt, ok
	}
	dt, ok := dtypes[castNames[strings.ToUpper(n.str("to", ""))]]
	return dt, ok
}

// castNames are the names of the values of TensorProto.DataType.
var castNames = map[string]DataType{
	"FLOAT": TypeFloat, "UINT8": TypeUint8, "INT8": TypeInt8, "INT32": TypeInt32, "INT64": TypeInt64, "STRING": TypeString,
	"BOOL": TypeBool, "DOUBLE": TypeDouble,
	"INT16": TypeInt16, "UINT16": TypeUint16, "UINT32": TypeUint32, "UINT64": TypeUint64, "FLOAT16": TypeFloat16, "BFLOAT16": TypeBFloat16,
}

func compileCast(n *call) kernel {
	to, ok := castTarget(n)
	if !ok {
		n.fail("attribute to is missing or not supported")
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) { return cast(in[0], to) })
}

// cast converts element types: floats to integers truncate, anything to bool is
// x != 0, strings are parsed.
func cast(t *tensor.Tensor, to tensor.DType) (*tensor.Tensor, error) {
	if t.DType() == to {
		return t, nil
	}
	switch d := t.Data().(type) {
	case []float32:
		return castFloat(d, t, to)
	case []float64:
		return castFloat(d, t, to)
	case []int32:
		return castNumber(d, t, to)
	case []int64:
		return castNumber(d, t, to)
	case []uint8:
		return castNumber(d, t, to)
	case []int8:
		return castNumber(d, t, to)
	case []int16:
		return castNumber(d, t, to)
	case []uint16:
		return castNumber(d, t, to)
	case []uint32:
		return castNumber(d, t, to)
	case []uint64:
		return castNumber(d, t, to)
	case []tensor.Float16:
		return castFloat(widen(d), t, to)
	case []tensor.BFloat16:
		return castFloat(widen(d), t, to)
	case []bool:
		bits := make([]uint8, len(d))
		for i, v := range d {
			if v {
				bits[i] = 1
			}
		}
		return castNumber(bits, t, to)
	case []string:
		return castString(d, t, to)
	}
	return nil, errType(t)
}

// castFloat sends floats to the narrow integers through int64, as x86 does.
func castFloat[T float32 | float64](d []T, t *tensor.Tensor, to tensor.DType) (*tensor.Tensor, error) {
	switch to {
	case tensor.Uint8, tensor.Int8, tensor.Int16, tensor.Uint16, tensor.Int32, tensor.Uint32:
		wide := make([]int64, len(d))
		for i, v := range d {
			wide[i] = int64(v)
		}
		return castNumber(wide, t, to)
	case tensor.Uint64: // Go leaves negative numbers open
		return tensor.Of(mapValues(d, func(v T) uint64 {
			if v < 0 {
				return uint64(int64(v))
			}
			return uint64(v)
		}), t.Shape()...), nil
	}
	return castNumber(d, t, to)
}

func castNumber[T number](d []T, t *tensor.Tensor, to tensor.DType) (*tensor.Tensor, error) {
	shape := t.Shape()
	switch to {
	case tensor.Float32:
		return tensor.Of(convert[float32](d), shape...), nil
	case tensor.Float64:
		return tensor.Of(convert[float64](d), shape...), nil
	case tensor.Int32:
		return tensor.Of(convert[int32](d), shape...), nil
	case tensor.Int64:
		return tensor.Of(convert[int64](d), shape...), nil
	case tensor.Uint8:
		return tensor.Of(convert[uint8](d), shape...), nil
	case tensor.Int8:
		return tensor.Of(convert[int8](d), shape...), nil
	case tensor.Int16:
		return tensor.Of(convert[int16](d), shape...), nil
	case tensor.Uint16:
		return tensor.Of(convert[uint16](d), shape...), nil
	case tensor.Uint32:
		return tensor.Of(convert[uint32](d), shape...), nil
	case tensor.Uint64:
		return tensor.Of(convert[uint64](d), shape...), nil
	case tensor.Half:
		return tensor.Of(mapValues(d, func(v T) tensor.Float16 { return tensor.NewFloat16(float64(v)) }), shape...), nil
	case tensor.BFloat:
		return tensor.Of(mapValues(d, func(v T) tensor.BFloat16 { return tensor.NewBFloat16(float64(v)) }), shape...), nil
	case tensor.Bool:
		out := make([]bool, len(d))
		for i, v := range d {
			out[i] = v != 0
		}
		return tensor.Of(out, shape...), nil
	case tensor.String:
		out := make([]string, len(d))
		for i, v := range d {
			out[i] = formatNumber(v)
		}
		return tensor.Of(out, shape...), nil
	}
	return nil, fmt.Errorf("cannot cast %v to %v", t, to)
}

// formatNumber writes doubles as C's %.17g does, which is what onnxruntime does.
// Floats have the fewest digits that tell them apart, as ONNX's own cases want
// (onnxruntime: %.8g, which loses some), and %.8g's layout.
func formatNumber(v any) string {
	f, float := 0.0, false
	switch v := v.(type) {
	case float32:
		f, float = float64(v), true
	case float64:
		f = v
	default:
		return fmt.Sprint(v)
	}
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	}
	switch size := math.Abs(f); {
	case !float:
		return strconv.FormatFloat(f, 'g', 17, 64)
	case size != 0 && (size < 1e-4 || size >= 1e8):
		return strconv.FormatFloat(f, 'e', -1, 32)
	}
	return strconv.FormatFloat(f, 'f', -1, 32)
}

// castString parses whole numbers for integers and others for floats.
func castString(d []string, t *tensor.Tensor, to tensor.DType) (*tensor.Tensor, error) {
	switch to {
	case tensor.Int64, tensor.Int32, tensor.Int16, tensor.Int8, tensor.Uint8, tensor.Uint16, tensor.Uint32:
		whole, err := parsed(d, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
		if err != nil {
			return nil, err
		}
		return castNumber(whole, t, to)
	case tensor.Uint64:
		whole, err := parsed(d, func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) })
		if err != nil {
			return nil, err
		}
		return castNumber(whole, t, to)
	case tensor.Bool:
		return nil, fmt.Errorf("cannot cast %v to %v", t, to)
	}
	reals, err := parsed(d, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	if err != nil {
		return nil, err
	}
	return castNumber(reals, t, to)
}

func parsed[T number](d []string, parse func(string) (T, error)) ([]T, error) {
	out := make([]T, len(d))
	for i, s := range d {
		var err error
		if out[i], err = parse(strings.TrimSpace(s)); err != nil {
			return nil, fmt.Errorf("%q is no number", s)
		}
	}
	return out, nil
}

func mapValues[T, R any](d []T, f func(T) R) []R {
	out := make([]R, len(d))
	for i, v := range d {
		out[i] = f(v)
	}
	return out
}

// widen is exact.
func widen[T interface{ Float32() float32 }](d []T) []float32 { return mapValues(d, T.Float32) }
