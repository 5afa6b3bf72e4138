package onnx

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var dtypes = map[DataType]tensor.DType{
	TypeFloat: tensor.Float32, TypeDouble: tensor.Float64, TypeInt32: tensor.Int32, TypeInt64: tensor.Int64,
	TypeUint8: tensor.Uint8, TypeInt8: tensor.Int8, TypeBool: tensor.Bool, TypeString: tensor.String,
	TypeInt16: tensor.Int16, TypeUint16: tensor.Uint16, TypeUint32: tensor.Uint32, TypeUint64: tensor.Uint64,
	TypeFloat16: tensor.Half, TypeBFloat16: tensor.BFloat,
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
		if err := readRaw(out.Data(), t.RawData); err != nil {
			return nil, fmt.Errorf("onnx: tensor %q: %w", t.Name, err)
		}
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
	case tensor.Uint32, tensor.Uint64:
		return int64(len(t.Uint64Data))
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
	case []uint64:
		copy(d, t.Uint64Data)
	case []uint32:
		narrow(d, t.Uint64Data)
	case []uint8:
		narrow(d, t.Int32Data)
	case []int8:
		narrow(d, t.Int32Data)
	case []int16:
		narrow(d, t.Int32Data)
	case []uint16:
		narrow(d, t.Int32Data)
	case []tensor.Float16:
		narrow(d, t.Int32Data)
	case []tensor.BFloat16:
		narrow(d, t.Int32Data)
	case []bool:
		for i, v := range t.Int32Data {
			d[i] = v != 0
		}
	}
}

// narrow copies the low bits of each element.
func narrow[D uint8 | int8 | uint16 | int16 | uint32 | tensor.Float16 | tensor.BFloat16, S int32 | uint64](dst []D, src []S) {
	for i, v := range src {
		dst[i] = D(v)
	}
}

// readRaw reads little-endian elements; raw holds as many as dst.
func readRaw(dst any, raw []byte) error {
	switch d := dst.(type) {
	case []tensor.Float16: // binary.Decode is slow on named types
		for i := range d {
			d[i] = tensor.Float16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
		return nil
	case []tensor.BFloat16:
		for i := range d {
			d[i] = tensor.BFloat16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
		return nil
	}
	_, err := binary.Decode(raw, binary.LittleEndian, dst)
	return err
}

// NewTensorProto converts t; numbers go into raw data, little-endian.
func NewTensorProto(name string, t *tensor.Tensor) *TensorProto {
	p := &TensorProto{Name: name, DataType: dataTypes[t.DType()]}
	for _, d := range t.Shape() {
		p.Dims = append(p.Dims, int64(d))
	}
	if t.DType() == tensor.String {
		p.StringData = slices.Clone(t.Strings())
		return p
	}
	if t.Len() > 0 {
		p.RawData, _ = binary.Append(nil, binary.LittleEndian, t.Data()) // fails on types without a size alone
	}
	return p
}
