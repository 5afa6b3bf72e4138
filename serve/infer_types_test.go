package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/model"
)

// sentence says whether an error's text is one for users.
func sentence(s string) bool {
	return strings.HasSuffix(s, ".") && !strings.ContainsAny(s, "\n\t") && !strings.Contains(s, "goroutine") && !strings.Contains(s, ".go:")
}

// TestInferEveryType takes a request of each datatype through a model that joins its
// input to itself, and refuses wrong elements in one sentence.
func TestInferEveryType(t *testing.T) {
	for dt, c := range map[tensor.DType]struct {
		in, out string   // elements as sent and as answered
		wrong   []string // elements that are not of the type
	}{
		tensor.Bool:    {`true,0`, `true,false`, []string{`2`, `null`, `"true"`}},
		tensor.Uint8:   {`0,255`, `0,255`, []string{`256`, `-1`, `1.5`, `null`, `"1"`, `1e1`}},
		tensor.Uint16:  {`0,65535`, `0,65535`, []string{`65536`, `-1`, `1.5`}},
		tensor.Uint32:  {`0,4294967295`, `0,4294967295`, []string{`4294967296`, `-1`, `null`}},
		tensor.Uint64:  {`0,18446744073709551615`, `0,18446744073709551615`, []string{`18446744073709551616`, `-1`}},
		tensor.Int8:    {`-128,127`, `-128,127`, []string{`128`, `-129`, `1.5`, `true`}},
		tensor.Int16:   {`-32768,32767`, `-32768,32767`, []string{`32768`, `-32769`, `null`}},
		tensor.Int32:   {`-2147483648,2147483647`, `-2147483648,2147483647`, []string{`2147483648`}},
		tensor.Int64:   {`-9223372036854775808,9223372036854775807`, `-9223372036854775808,9223372036854775807`, []string{`9223372036854775808`, `0.5`}},
		tensor.Half:    {`0.1,null`, `0.099975586,null`, []string{`65520`, `-65520`, `"1"`, `true`}},
		tensor.BFloat:  {`0.1,null`, `0.100097656,null`, []string{`3.4e38`, `"NaN"`}},
		tensor.Float32: {`0.1,null`, `0.1,null`, []string{`1e39`, `false`, `"1"`}},
		tensor.Float64: {`0.1,null`, `0.1,null`, []string{`1e309`, `"1"`, `{}`}},
		tensor.String:  {`"a\"\n",""`, `"a\"\n",""`, []string{`1`, `null`, `true`}},
	} {
		t.Run(datatypes[dt], func(t *testing.T) {
			b := onnx.NewBuilder("twice")
			x := b.Input("x", dt, "N")
			b.Output("y", b.Op("Concat", onnx.Attrs{"axis": 0}, x, x), dt, "M")
			s, err := onnx.NewSession(b.Model(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			parse := func(datatype, data string) (*inference, error) {
				body := fmt.Sprintf(`{"inputs":[{"name":"x","shape":[2],"datatype":%q,"data":[%s]}]}`, datatype, data)
				return parseInfer([]byte(body), []model.Value{{Name: "x", DType: dt, Shape: []int{-1}}}, []model.Value{{Name: "y", DType: dt, Shape: []int{-1}}})
			}
			req, err := parse(datatypes[dt], c.in)
			if err != nil {
				t.Fatal(err)
			}
			results, err := s.Run(context.Background(), req.inputs)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(req.response(&served{name: "twice", version: "1"}, results))
			want := fmt.Sprintf(`{"model_name":"twice","model_version":"1","outputs":[{"name":"y","shape":[4],"datatype":%q,"data":[%s,%s]}]}`, datatypes[dt], c.out, c.out)
			if err != nil || string(got) != want {
				t.Errorf("answer %s, %v\nwant %s", got, err, want)
			}
			for _, wrong := range c.wrong {
				first, _, _ := strings.Cut(c.in, ",")
				if _, err := parse(datatypes[dt], first+","+wrong); err == nil || !sentence(err.Error()) || !strings.Contains(err.Error(), `The data of the input "x" is wrong: `) {
					t.Errorf("%s: %v", wrong, err)
				}
			}
			other := "FP32"
			if dt == tensor.Float32 {
				other = "FP64"
			}
			if _, err := parse(other, c.in); err == nil || !sentence(err.Error()) || !strings.Contains(err.Error(), "the model wants "+datatypes[dt]+".") {
				t.Errorf("%s: %v", other, err)
			}
		})
	}
}

// TestV2NumbersThatAreNotFinite: over HTTP null stands for NaN and for infinities.
func TestV2NumbersThatAreNotFinite(t *testing.T) {
	r := start(t, Options{}, registryOf(t, prices))
	body := `{"inputs":[{"name":"rooms","shape":[3,1],"datatype":"FP32","data":[null,3e38,2]}]}`
	status, got := r.do(t, "POST", "/v2/models/prices/infer", "application/json", []byte(body))
	data := got["outputs"].([]any)[0].(map[string]any)["data"]
	if want := []any{nil, nil, 6.0}; status != 200 || fmt.Sprint(data) != fmt.Sprint(want) {
		t.Errorf("answer %d %v, want %v", status, data, want)
	}
}

// TestV2RefusesOtherTypes sends every datatype but the model's over HTTP, and JSON that
// is none.
func TestV2RefusesOtherTypes(t *testing.T) {
	r := start(t, Options{}, registryOf(t, prices))
	refuse := func(datatype, data, says string) {
		t.Helper()
		body := fmt.Sprintf(`{"inputs":[{"name":"rooms","shape":[1,1],"datatype":%q,"data":[%s]}]}`, datatype, data)
		status, got := r.do(t, "POST", "/v2/models/prices/infer", "application/json", []byte(body))
		if text := fmt.Sprint(got["error"]); status != 400 || len(got) != 1 || !sentence(text) || !strings.Contains(text, says) {
			t.Errorf("%s of %s: %d %v, want 400 with %q", data, datatype, status, got, says)
		}
	}
	for dt, name := range datatypes {
		if dt != tensor.Float32 {
			refuse(name, "1", "the model wants FP32.")
		}
	}
	refuse("FLOAT", "1", `"FLOAT"; the model wants FP32.`)
	refuse("FP32", "NaN", "not the JSON")
	refuse("FP32", "Infinity", "not the JSON")
	refuse("FP32", "1e39", "element 0, 1e39, cannot be read: value out of range.")
}
