package serve

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

func TestParseTensor(t *testing.T) {
	for name, c := range map[string]struct {
		raw   string
		dt    tensor.DType
		shape []int
		want  any // nil for an error
	}{
		"flat":              {`[1, 2.5,-3e1,4]`, tensor.Float32, []int{2, 2}, []float32{1, 2.5, -30, 4}},
		"nested":            {` [ [1,2] ,[3,4]]`, tensor.Int32, []int{2, 2}, []int32{1, 2, 3, 4}},
		"null":              {`[null]`, tensor.Float64, []int{1}, nil},
		"strings":           {`["a,]\"","\u00e9"]`, tensor.String, []int{2}, []string{`a,]"`, "é"}},
		"bools":             {`[true,0]`, tensor.Bool, []int{2}, []bool{true, false}},
		"bytes":             {`[[255],[0]]`, tensor.Uint8, []int{2, 1}, []uint8{255, 0}},
		"small":             {`[-128]`, tensor.Int8, []int{1}, []int8{-128}},
		"large":             {`[9223372036854775807]`, tensor.Int64, []int{1}, []int64{math.MaxInt64}},
		"half nested":       {`[[1,2],[3,4]]`, tensor.Int32, []int{2, 1, 2}, nil},
		"unevenly nested":   {`[[1],2]`, tensor.Int32, []int{2, 1}, nil},
		"uneven rows":       {`[[1],[2,3]]`, tensor.Int32, []int{3, 1}, nil},
		"turned":            {`[[1,2,3],[4,5,6]]`, tensor.Int32, []int{3, 2}, nil},
		"too deep":          {`[[1]]`, tensor.Int32, []int{1}, nil},
		"an object":         {`[{"a":1}]`, tensor.Int32, []int{1}, nil},
		"a scalar":          {`1`, tensor.Int32, []int{1}, nil},
		"a string":          {`"ab"`, tensor.String, []int{1}, nil},
		"nothing":           {``, tensor.Int32, []int{1}, nil},
		"a fraction":        {`[1.5]`, tensor.Int32, []int{1}, nil},
		"a negative byte":   {`[-1]`, tensor.Uint8, []int{1}, nil},
		"too big a byte":    {`[256]`, tensor.Uint8, []int{1}, nil},
		"a number as text":  {`[1]`, tensor.String, []int{1}, nil},
		"null as a text":    {`[null]`, tensor.String, []int{1}, nil},
		"true as a number":  {`[true]`, tensor.Float32, []int{1}, nil},
		"2 as a bool":       {`[2]`, tensor.Bool, []int{1}, nil},
		"overflow of float": {`[1e39]`, tensor.Float32, []int{1}, nil},
	} {
		got, err := parseTensor(json.RawMessage(c.raw), c.dt, c.shape)
		if name == "null" {
			if err != nil || !math.IsNaN(tensor.Values[float64](got)[0]) {
				t.Errorf("null = %v, %v, want NaN", got, err)
			}
			continue
		}
		if (err != nil) != (c.want == nil) {
			t.Errorf("%s = %v, %v", name, got, err)
			continue
		}
		if err == nil {
			a, _ := json.Marshal(got.Data())
			b, _ := json.Marshal(c.want)
			if string(a) != string(b) {
				t.Errorf("%s = %s, want %s", name, a, b)
			}
		}
	}
}

// What the decoder takes, encoding/json reads to the same numbers; it never
// panics and blames nobody but the client.
func FuzzInfer(f *testing.F) {
	for _, s := range []string{
		`{"id":"1","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,null]]},{"name":"s","shape":[2],"datatype":"BYTES","data":["a","b"]}]}`,
		`{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,-2e3]},{"name":"s","shape":[1],"datatype":"BYTES","data":["\"]"]}],"outputs":[{"name":"y"}]}`,
		`{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[[[1],2]]}]}`, `{"inputs":null}`, `[]`, `{"inputs":[{"shape":[-1]}]}`,
		`{"inputs":[{"name":"s","shape":[9223372036854775807],"datatype":"BYTES","data":["a"]}]}`,
	} {
		f.Add([]byte(s))
	}
	inputs := []model.Value{{Name: "x", DType: tensor.Float32, Shape: []int{-1, 2}}, {Name: "s", DType: tensor.String, Shape: []int{-1}}}
	outputs := []model.Value{{Name: "y", DType: tensor.Float32, Shape: []int{-1, 1}}}
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := parseInfer(body, inputs, outputs)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Errorf("error %v is not the client's", err)
			}
			return
		}
		var plain struct {
			Inputs []struct {
				Name string
				Data any
			}
		}
		if err := json.Unmarshal(body, &plain); err != nil {
			t.Fatalf("accepts what is no JSON: %v", err)
		}
		for _, in := range plain.Inputs {
			compareFlat(t, flatten(nil, in.Data), req.inputs[in.Name])
		}
	})
}

func flatten(out []any, v any) []any {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			out = flatten(out, e)
		}
		return out
	}
	return append(out, v)
}

func compareFlat(t *testing.T, want []any, got *tensor.Tensor) {
	t.Helper()
	if got.Len() != len(want) {
		t.Fatalf("%d elements, want %d", got.Len(), len(want))
	}
	for i, w := range want {
		switch data := got.Data().(type) {
		case []float32:
			if f, ok := w.(float64); ok && float64(data[i]) != f && math.Abs(float64(data[i])-f) > 1e-6*math.Abs(f)+1e-44 {
				t.Errorf("element %d = %v, want %v", i, data[i], w)
			} else if !ok && (w != nil || !math.IsNaN(float64(data[i]))) {
				t.Errorf("element %d = %v for %v", i, data[i], w)
			}
		case []string:
			if data[i] != w {
				t.Errorf("element %d = %q, want %q", i, data[i], w)
			}
		}
	}
}
