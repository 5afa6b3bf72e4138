package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestV2Metadata(t *testing.T) {
	r := start(t, Options{Version: "1.2"}, registryOf(t, flowers, flowers, shades))
	for path, want := range map[string]string{
		"/v2":                     `{"name":"macaw","version":"1.2","extensions":[]}`,
		"/v2/health/live":         `{"live":true}`,
		"/v2/health/ready":        `{"ready":true}`,
		"/v2/models/shades/ready": `{"name":"shades","ready":true}`,
		"/v2/models/flowers": `{"name":"flowers","versions":["2","1"],"platform":"onnx",
			"inputs":[{"name":"width","datatype":"FP32","shape":[-1,1]},{"name":"colour","datatype":"BYTES","shape":[-1,1]}],
			"outputs":[{"name":"label","datatype":"BYTES","shape":[-1]},{"name":"probabilities","datatype":"FP32","shape":[-1,2]}]}`,
		"/v2/models/shades/versions/1": `{"name":"shades","versions":["1"],"platform":"onnx","inputs":[{"name":"image","datatype":"UINT8","shape":[-1,-1,-1,1]}],
			"outputs":[{"name":"label","datatype":"BYTES","shape":[-1]},{"name":"probabilities","datatype":"FP32","shape":[-1,2]}]}`,
	} {
		status, got := r.do(t, "GET", path, "", nil)
		var w map[string]any
		if err := json.Unmarshal([]byte(want), &w); err != nil {
			t.Fatal(err)
		}
		if status != 200 || !reflect.DeepEqual(got, w) {
			t.Errorf("GET %s = %d %v\nwant %v", path, status, got, w)
		}
	}
	for _, path := range []string{"/v2/models/flower", "/v2/models/flowers/versions/9", "/v2/models/flowers/versions/9/ready"} {
		if status, got := r.do(t, "GET", path, "", nil); status != 404 || got["error"] == "" {
			t.Errorf("GET %s = %d %v, want 404 and an error", path, status, got)
		}
	}
}

func TestV2Infer(t *testing.T) {
	r := start(t, Options{}, registryOf(t, flowers, shades, mails))
	for name, c := range map[string]struct{ model, body, want string }{
		"a table": {"flowers", `{"id":"42","parameters":{"x":1},"inputs":[
			{"name":"colour","shape":[2,1],"datatype":"BYTES","data":[["red"],["blue"]]},
			{"name":"width","shape":[2,1],"datatype":"FP32","data":[0.5,null]}]}`,
			`{"model_name":"flowers","model_version":"1","id":"42","outputs":[
			{"name":"label","shape":[2],"datatype":"BYTES","data":["big","big"]},
			{"name":"probabilities","shape":[2,2],"datatype":"FP32","data":[0.5,0.5,0.5,0.5]}]}`},
		"one output": {"mails", `{"inputs":[{"name":"text","shape":[2],"datatype":"BYTES","data":["buy now","hi \"you\"\n"]}],"outputs":[{"name":"label"}]}`,
			`{"model_name":"mails","model_version":"1","outputs":[{"name":"label","shape":[2],"datatype":"BYTES","data":["spam","ham"]}]}`},
		"images, nested": {"shades", `{"inputs":[{"name":"image","shape":[1,1,2,1],"datatype":"UINT8","data":[[[[255],[ 255 ]]]]}]}`,
			`{"model_name":"shades","model_version":"1","outputs":[{"name":"label","shape":[1],"datatype":"BYTES","data":["bright"]},
			{"name":"probabilities","shape":[1,2],"datatype":"FP32","data":[1,0]}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			var want map[string]any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/infer", "/versions/1/infer"} {
				status, got := r.do(t, "POST", "/v2/models/"+c.model+path, "application/json", []byte(c.body))
				if status != 200 || !reflect.DeepEqual(got, want) {
					t.Errorf("%s = %d %v\nwant %v", path, status, got, want)
				}
			}
		})
	}
}

func TestV2InferRefuses(t *testing.T) {
	r := start(t, Options{MaxRows: 3, MaxBody: 4096}, registryOf(t, prices))
	in := func(fields string) string { return `{"inputs":[{"name":"rooms",` + fields + `}]}` }
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"no JSON":          {`{`, 400, "JSON"},
		"a list":           {`[]`, 400, "JSON"},
		"no inputs":        {`{}`, 400, "rooms"},
		"another input":    {`{"inputs":[{"name":"doors","shape":[1,1],"datatype":"FP32","data":[1]}]}`, 400, "doors"},
		"an input twice":   {`{"inputs":[{"name":"rooms","shape":[1,1],"datatype":"FP32","data":[1]},{"name":"rooms","shape":[1,1],"datatype":"FP32","data":[1]}]}`, 400, "twice"},
		"another datatype": {in(`"shape":[1,1],"datatype":"INT64","data":[1]`), 400, "FP32"},
		"another rank":     {in(`"shape":[1],"datatype":"FP32","data":[1]`), 400, "shape"},
		"another size":     {in(`"shape":[1,2],"datatype":"FP32","data":[1,2]`), 400, "shape"},
		"no samples":       {in(`"shape":[0,1],"datatype":"FP32","data":[]`), 400, "shape"},
		"a negative size":  {in(`"shape":[-1,1],"datatype":"FP32","data":[1]`), 400, "shape"},
		"a huge shape":     {in(`"shape":[4611686018427387904,1],"datatype":"FP32","data":[1]`), 400, "too little"},
		"too little data":  {in(`"shape":[2,1],"datatype":"FP32","data":[1]`), 400, "elements"},
		"too much data":    {in(`"shape":[1,1],"datatype":"FP32","data":[1,2]`), 400, "more than"},
		"a text":           {in(`"shape":[1,1],"datatype":"FP32","data":["1"]`), 400, "element 0"},
		"too big a number": {in(`"shape":[1,1],"datatype":"FP32","data":[1e99]`), 400, "range"},
		"binary data":      {in(`"shape":[1,1],"datatype":"FP32","parameters":{"binary_data_size":4}`), 400, "Binary"},
		"no such output":   {`{"inputs":[{"name":"rooms","shape":[1,1],"datatype":"FP32","data":[1]}],"outputs":[{"name":"x"}]}`, 400, "prediction"},
		"too many samples": {in(`"shape":[4,1],"datatype":"FP32","data":[1,2,3,4]`), 400, "limit of 3"},
		"a long body":      {in(`"shape":[1,1],"datatype":"FP32","data":[1` + strings.Repeat(" ", 5000) + `]`), 413, "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := r.do(t, "POST", "/v2/models/prices/infer", "application/json", []byte(c.body))
			if says := fmt.Sprint(got["error"]); status != c.status || !strings.Contains(says, c.says) || len(got) != 1 {
				t.Errorf("answer = %d %v, want %d with %q", status, got, c.status, c.says)
			}
		})
	}
	if status, got := r.do(t, "POST", "/v2/models/x/infer", "", []byte(`{}`)); status != 404 || got["error"] == nil {
		t.Errorf("unknown model = %d %v", status, got)
	}
	if status, _ := r.do(t, "GET", "/v2/models/prices/infer", "", nil); status != http.StatusMethodNotAllowed {
		t.Errorf("GET infer = %d, want 405", status)
	}
}
