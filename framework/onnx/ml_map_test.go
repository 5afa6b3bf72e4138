package onnx

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() { graphCases = append(graphCases, mlp+"ZipMap", mlp+"DictVectorizer", mlp+"CastMap") }

// zipMapModel names the columns of x, as converters of scikit-learn models do.
func zipMapModel() *Model {
	b := NewBuilder("zip")
	b.Output("maps", b.ML("ZipMap", Attrs{"classlabels_strings": []string{"cat", "dog"}}, b.Input("x", tensor.Float32, "N", 2)), tensor.Float32)
	m := b.Model()
	of := &TypeProto{Map: &MapType{Key: TypeString, Value: &TypeProto{Tensor: &TensorType{Elem: TypeFloat}}}}
	m.Graph.Outputs[0].Type = &TypeProto{Sequence: &ElemType{Elem: of}}
	return m
}

func TestZipMap(t *testing.T) {
	s, err := NewSession(zipMapModel(), testDevice(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x := map[string]Value{"x": TensorValue(tensor.Of([]float32{0.75, 0.25, 0, 1}, 2, 2))}
	got, err := s.RunValues(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, m := range got["maps"].Items() {
		keys, values := m.Map()
		text = append(text, fmt.Sprint(m.Kind(), keys.Strings(), values.Float32s()))
	}
	if want := "a map [cat dog] [0.75 0.25]; a map [cat dog] [0 1]"; strings.Join(text, "; ") != want {
		t.Errorf("got %q, want %q", text, want)
	}
	if _, err := s.Run(context.Background(), map[string]*tensor.Tensor{"x": x["x"].Tensor()}); err == nil {
		t.Error("Run gives a sequence as a tensor")
	}
}

// mapCase is an operator that makes a tensor of a map.
type mapCase struct {
	name  string
	attrs Attrs
	key   DataType
	value DataType // TypeFloat when 0
	in    Value
	want  string // "" for an error
}

func (c *mapCase) run(t *testing.T, op string, out tensor.DType) {
	b := NewBuilder("map")
	b.Output("y", b.ML(op, c.attrs, b.Input("m", tensor.Float32)), out)
	m := b.Model()
	m.Graph.Inputs[0].Type = &TypeProto{Map: &MapType{Key: c.key, Value: &TypeProto{Tensor: &TensorType{Elem: cmp.Or(c.value, TypeFloat)}}}}
	s, err := NewSession(m, nil)
	var got map[string]Value
	if err == nil {
		got, err = s.RunValues(context.Background(), map[string]Value{"m": c.in})
	}
	if c.want == "" {
		if err == nil {
			t.Errorf("no error but %v", got)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if y := got["y"].Tensor(); fmt.Sprintf("%v %q", y, y.Data()) != c.want && fmt.Sprint(y, y.Data()) != c.want {
		t.Errorf("got %v %v, want %s", y, y.Data(), c.want)
	}
}

func TestDictVectorizer(t *testing.T) {
	for _, c := range []mapCase{
		{"strings", Attrs{"string_vocabulary": []string{"b", "x", "a"}}, TypeString, 0, MapValue(words("a", "b", "c"), floats(1, 2, 3)), "float32[1 3] [2 0 1]"},
		{"integers", Attrs{"int64_vocabulary": []int{7, 8}}, TypeInt64, 0, MapValue(ints(8), floats(5)), "float32[1 2] [0 5]"},
		{"an empty map", Attrs{"int64_vocabulary": []int{7}}, TypeInt64, 0, MapValue(ints(), floats()), "float32[1 1] [0]"},
		{"other keys than declared", Attrs{"int64_vocabulary": []int{7}}, TypeInt64, 0, MapValue(words("a"), floats(5)), ""},
		{"other keys than the vocabulary", Attrs{"int64_vocabulary": []int{7}}, TypeString, 0, MapValue(words("a"), floats(5)), ""},
		{"a tensor", Attrs{"int64_vocabulary": []int{7}}, TypeInt64, 0, TensorValue(ints(1)), ""},
		{"no vocabulary", nil, TypeInt64, 0, MapValue(ints(8), floats(5)), ""},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, "DictVectorizer", tensor.Float32) })
	}
}

func TestCastMap(t *testing.T) {
	few := MapValue(ints(4, 1), floats(0.5, -2))
	sparse := func(max int, to string) Attrs { return Attrs{"map_form": "SPARSE", "max_map": max, "cast_to": to} }
	for _, c := range []struct {
		mapCase
		out tensor.DType
	}{
		{mapCase{"dense", nil, TypeInt64, 0, few, "float32[1 2] [-2 0.5]"}, tensor.Float32},
		{mapCase{"sparse", sparse(6, "TO_FLOAT"), TypeInt64, 0, few, "float32[1 6] [0 -2 0 0 0.5 0]"}, tensor.Float32},
		{mapCase{"to integers", Attrs{"cast_to": "TO_INT64"}, TypeInt64, 0, few, "int64[1 2] [-2 0]"}, tensor.Int64},
		{mapCase{"to strings", sparse(5, "TO_STRING"), TypeInt64, 0, few, `string[1 5] ["" "-2" "" "" "0.5"]`}, tensor.String},
		{mapCase{"of strings", nil, TypeInt64, TypeString, MapValue(ints(2, 1), words("2.5", "1")), "float32[1 2] [1 2.5]"}, tensor.Float32},
		{mapCase{"an empty map", sparse(2, "TO_FLOAT"), TypeInt64, 0, MapValue(ints(), floats()), "float32[1 2] [0 0]"}, tensor.Float32},
		{mapCase{"of no number", nil, TypeInt64, TypeString, MapValue(ints(2), words("x")), ""}, tensor.Float32},
		{mapCase{"a key at max_map", sparse(4, "TO_FLOAT"), TypeInt64, 0, few, ""}, tensor.Float32},
		{mapCase{"a negative key", sparse(4, "TO_FLOAT"), TypeInt64, 0, MapValue(ints(-1), floats(1)), ""}, tensor.Float32},
		{mapCase{"a huge max_map", sparse(1<<40, "TO_FLOAT"), TypeInt64, 0, few, ""}, tensor.Float32},
		{mapCase{"an unknown form", Attrs{"map_form": "LOOSE"}, TypeInt64, 0, few, ""}, tensor.Float32},
		{mapCase{"string keys", nil, TypeString, 0, MapValue(words("a"), floats(1)), ""}, tensor.Float32},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, "CastMap", c.out) })
	}
}
