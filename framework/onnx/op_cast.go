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
	case tensor.Uint8, tensor.Int8, tensor.Int32:
		wide := make([]int64, len(d))
		for i, v := range d {
			wide[i] = int64(v)
		}
		return castNumber(wide, t, to)
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

// formatNumber writes floats with C's %.8g and doubles with %.17g.
func formatNumber(v any) string {
	f, digits := 0.0, 8
	switch v := v.(type) {
	case float32:
		f = float64(v)
	case float64:
		f, digits = v, 17
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
	return strconv.FormatFloat(f, 'g', digits, 64)
}

func castString(d []string, t *tensor.Tensor, to tensor.DType) (*tensor.Tensor, error) {
	parsed := make([]float64, len(d))
	whole := make([]int64, len(d))
	isInt := to == tensor.Int64 || to == tensor.Int32 || to == tensor.Uint8 || to == tensor.Int8
	for i, s := range d {
		var err error
		if isInt {
			whole[i], err = strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		} else {
			parsed[i], err = strconv.ParseFloat(strings.TrimSpace(s), 64)
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no number", s)
		}
	}
	if isInt {
		return castNumber(whole, t, to)
	}
	if to == tensor.Bool {
		return nil, fmt.Errorf("cannot cast %v to %v", t, to)
	}
	return castNumber(parsed, t, to)
}
