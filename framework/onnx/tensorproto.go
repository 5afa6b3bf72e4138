package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var dtypes = map[DataType]tensor.DType{
	TypeFloat: tensor.Float32, TypeDouble: tensor.Float64, TypeInt32: tensor.Int32, TypeInt64: tensor.Int64,
	TypeUint8: tensor.Uint8, TypeInt8: tensor.Int8, TypeBool: tensor.Bool, TypeString: tensor.String,
}

var dataTypes = func() map[tensor.DType]DataType {
	m := map[tensor.DType]DataType{}
	for k, v := range dtypes {
		m[v] = k
	}
	return m
}()

// maxElements bounds one constant tensor.
const maxElements = 1 << 31

// Tensor converts t. Types without a counterpart, data in other files and data
// that does not fit the dims are errors.
func (t *TensorProto) Tensor() (*tensor.Tensor, error) {
	dt, ok := dtypes[t.DataType]
	if !ok {
		return nil, fmt.Errorf("onnx: tensor %q: element type %d is not supported", t.Name, t.DataType)
	}
	if t.Location != 0 || len(t.External) > 0 {
		return nil, fmt.Errorf("onnx: tensor %q: external data is not supported; store the weights inside the model", t.Name)
	}
	n := int64(1)
	dims := make([]int, len(t.Dims))
	for i, d := range t.Dims {
		if d < 0 || d > maxElements || n*max(d, 1) > maxElements {
			return nil, fmt.Errorf("onnx: tensor %q: dims %v are out of range", t.Name, t.Dims)
		}
		dims[i] = int(d)
		n *= max(d, 1)
	}
	n = int64(tensor.Size(dims))
	if have := t.elements(dt); have != n {
		return nil, fmt.Errorf("onnx: tensor %q: dims %v want %d elements, data has %d", t.Name, t.Dims, n, have)
	}
	out := tensor.New(dt, dims...)
	if len(t.RawData) > 0 {
		readRaw(out.Data(), t.RawData)
	} else {
		t.readTyped(out)
	}
	return out, nil
}

// elements counts the elements that the data fields hold; -1 when raw data is
// no whole number of them.
func (t *TensorProto) elements(dt tensor.DType) int64 {
	if len(t.RawData) > 0 {
		if dt.Size() == 0 || len(t.RawData)%dt.Size() != 0 {
			return -1
		}
		return int64(len(t.RawData) / dt.Size())
	}
	switch dt {
	case tensor.Float32:
		return int64(len(t.FloatData))
	case tensor.Float64:
		return int64(len(t.DoubleData))
	case tensor.Int64:
		return int64(len(t.Int64Data))
	case tensor.String:
		return int64(len(t.StringData))
	}
	return int64(len(t.Int32Data))
}

func (t *TensorProto) readTyped(out *tensor.Tensor) {
	switch d := out.Data().(type) {
	case []float32:
		copy(d, t.FloatData)
	case []float64:
		copy(d, t.DoubleData)
	case []int64:
		copy(d, t.Int64Data)
	case []string:
		copy(d, t.StringData)
	case []int32:
		copy(d, t.Int32Data)
	case []uint8:
		for i, v := range t.Int32Data {
			d[i] = uint8(v)
		}
	case []int8:
		for i, v := range t.Int32Data {
			d[i] = int8(v)
		}
	case []bool:
		for i, v := range t.Int32Data {
			d[i] = v != 0
		}
	}
}

func readRaw(dst any, raw []byte) {
	le := binary.LittleEndian
	switch d := dst.(type) {
	case []float32:
		for i := range d {
			d[i] = math.Float32frombits(le.Uint32(raw[4*i:]))
		}
	case []float64:
		for i := range d {
			d[i] = math.Float64frombits(le.Uint64(raw[8*i:]))
		}
	case []int32:
		for i := range d {
			d[i] = int32(le.Uint32(raw[4*i:]))
		}
	case []int64:
		for i := range d {
			d[i] = int64(le.Uint64(raw[8*i:]))
		}
	case []uint8:
		copy(d, raw)
	case []int8:
		for i := range d {
			d[i] = int8(raw[i])
		}
	case []bool:
		for i := range d {
			d[i] = raw[i] != 0
		}
	}
}

// NewTensorProto converts t; numbers go into raw data, little-endian.
func NewTensorProto(name string, t *tensor.Tensor) *TensorProto {
	p := &TensorProto{Name: name, DataType: dataTypes[t.DType()]}
	for _, d := range t.Shape() {
		p.Dims = append(p.Dims, int64(d))
	}
	le := binary.LittleEndian
	raw := make([]byte, 0, t.Len()*t.DType().Size())
	switch d := t.Data().(type) {
	case []float32:
		for _, v := range d {
			raw = le.AppendUint32(raw, math.Float32bits(v))
		}
	case []float64:
		for _, v := range d {
			raw = le.AppendUint64(raw, math.Float64bits(v))
		}
	case []int32:
		for _, v := range d {
			raw = le.AppendUint32(raw, uint32(v))
		}
	case []int64:
		for _, v := range d {
			raw = le.AppendUint64(raw, uint64(v))
		}
	case []uint8:
		raw = append(raw, d...)
	case []int8:
		for _, v := range d {
			raw = append(raw, byte(v))
		}
	case []bool:
		for _, v := range d {
			b := byte(0)
			if v {
				b = 1
			}
			raw = append(raw, b)
		}
	case []string:
		p.StringData = append([]string(nil), d...)
	}
	if len(raw) > 0 {
		p.RawData = raw
	}
	return p
}
