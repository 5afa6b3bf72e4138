package onnx

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func sampleModel() *Model {
	b := NewBuilder("sample")
	x := b.Input("x", tensor.Float32, "N", 3)
	y := b.Op("MatMul", nil, x, b.Const(tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 3, 2)))
	y = b.Op("Add", nil, y, b.Const(tensor.Of([]float32{0, float32(math.Inf(1))}, 2)))
	b.ML("LabelEncoder", Attrs{"keys_strings": []string{"a", "", "ü"}, "values_floats": []float32{0, -1, 2}, "default_float": 0.0},
		b.Const(tensor.Of([]string{"a", "", "\xff"}, 3)))
	b.Op("Cast", Attrs{"to": tensor.Bool}, y)
	b.Op("If", Attrs{"then_branch": &Graph{Name: "inner"}, "axes": []int{-1, 0}, "flag": true}, b.Const(tensor.Scalar(true)))
	b.Output("y", y, tensor.Float32, "N", 2)
	elem := &TypeProto{Map: &MapType{Key: TypeString, Value: &TypeProto{Tensor: &TensorType{Elem: TypeFloat}}}}
	b.graph.ValueInfos = []*ValueInfo{{Name: "s", Type: &TypeProto{Sequence: &ElemType{Elem: elem}}}, {Name: "o", Type: &TypeProto{Optional: &ElemType{Elem: elem}}}}
	b.graph.Nodes[0].Attributes = []*Attribute{{Name: "type", Type: AttrType, TP: elem}, {Name: "types", Type: AttrTypes, Types: []*TypeProto{elem, {}}}}
	return b.Model()
}

func TestRoundTrip(t *testing.T) {
	m := sampleModel()
	raw := m.Marshal()
	got, err := Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Marshal(), raw) {
		t.Error("a second Marshal gives other bytes")
	}
	if !reflect.DeepEqual(got, m) {
		t.Errorf("Unmarshal(Marshal(m)) differs from m:\n%+v\n%+v", got.Graph.Nodes[2].Attributes[0], m.Graph.Nodes[2].Attributes[0])
	}
}

func TestTensorProtoRoundTrip(t *testing.T) {
	for _, in := range []*tensor.Tensor{
		tensor.Of([]float32{1, -0.5, float32(math.Inf(-1))}, 3), tensor.Of([]float64{math.Pi}, 1, 1),
		tensor.Of([]int32{-1, math.MaxInt32}, 2), tensor.Of([]int64{math.MinInt64}, 1), tensor.Of([]uint8{0, 255}, 2),
		tensor.Of([]int8{-128, 127}, 2), tensor.Of([]bool{true, false}, 2), tensor.Of([]string{"", "é"}, 1, 2),
		tensor.Scalar(float32(7)), tensor.New(tensor.Float32, 0, 4),
	} {
		p := &TensorProto{}
		if err := (&reader{}).message(appendMessage(nil, NewTensorProto("t", in)), p, 0); err != nil {
			t.Fatal(err)
		}
		got, err := p.Tensor()
		if err != nil || !tensor.Equal(got, in) {
			t.Errorf("%v came back as %v, %v", in, got, err)
		}
	}
}

func TestTensorProtoTypedData(t *testing.T) {
	p := &TensorProto{DataType: TypeUint8, Dims: []int64{2}, Int32Data: []int32{3, 255}}
	got, err := p.Tensor()
	if err != nil || !tensor.Equal(got, tensor.Of([]uint8{3, 255}, 2)) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestTensorProtoErrors(t *testing.T) {
	for want, p := range map[string]*TensorProto{
		"element type 17":  {DataType: 17},
		"want 4 elements":  {DataType: TypeFloat, Dims: []int64{2, 2}, FloatData: []float32{1}},
		"out of range":     {DataType: TypeFloat, Dims: []int64{1 << 40, 1 << 40}},
		"dims [-1]":        {DataType: TypeFloat, Dims: []int64{-1}},
		"external data":    {DataType: TypeFloat, Dims: []int64{0}, Location: 1},
		"data has -1":      {DataType: TypeFloat, Dims: []int64{1}, RawData: []byte{1, 2, 3}},
		"data has 0":       {DataType: TypeFloat, Dims: []int64{1}},
		"dims [0 -3]":      {DataType: TypeFloat, Dims: []int64{0, -3}},
		"[2147483648 4 0]": {DataType: TypeFloat, Dims: []int64{1 << 31, 4, 0}},
	} {
		if _, err := p.Tensor(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestUnmarshalNamesTheField(t *testing.T) {
	bytesField := func(num protowire.Number, body []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), body)
	}
	deep := []byte{}
	for range 40 {
		deep = bytesField(1, bytesField(5, bytesField(6, deep))) // graph.node . node.attribute . attribute.g
	}
	for want, raw := range map[string][]byte{
		"model.graph.node.op_type":     bytesField(7, bytesField(1, protowire.AppendVarint(protowire.AppendTag(nil, 4, protowire.VarintType), 3))),
		"model.ir_version":             {0x08},
		"model.graph.initializer.dims": bytesField(7, bytesField(5, bytesField(1, []byte{0xff}))),
		"model.graph: missing":         bytesField(2, []byte("x")),
		"nest deeper":                  bytesField(7, deep),
		"is empty":                     {},
	} {
		if _, err := Unmarshal(raw); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %q", err, want)
		}
	}
}

func TestUnknownFieldsSurvive(t *testing.T) {
	raw := append(sampleModel().Marshal(), protowire.AppendBytes(protowire.AppendTag(nil, 20, protowire.BytesType), []byte("fn"))...)
	m, err := Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Marshal(), raw) {
		t.Error("the unknown field 20 is lost")
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(sampleModel().Marshal())
	f.Add(valuesModel().Marshal())
	f.Add(functionModel().Marshal())
	f.Add([]byte{0x3a, 0x02, 0x0a, 0x00})
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Unmarshal(raw)
		if err != nil {
			return
		}
		for _, p := range m.Graph.Initializers {
			p.Tensor()
		}
		again, err := Unmarshal(m.Marshal())
		if err != nil {
			t.Fatalf("cannot read what Marshal wrote: %v", err)
		}
		if !bytes.Equal(again.Marshal(), m.Marshal()) {
			t.Fatal("Marshal is not stable")
		}
	})
}
