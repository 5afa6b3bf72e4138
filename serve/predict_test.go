package serve

import (
	"bytes"
	"fmt"
	"math"
	"mime/multipart"
	"reflect"
	"strings"
	"testing"
)

func form(t testing.TB, files map[string][]byte, fields map[string]string) (kind string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, p := range files {
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		part.Write(p)
	}
	for name, v := range fields {
		w.WriteField(name, v)
	}
	w.Close()
	return w.FormDataContentType(), b.Bytes()
}

func TestPredict(t *testing.T) {
	r := start(t, Options{}, registryOf(t, flowers, shades, mails, prices))
	imageForm, imageBody := form(t, map[string][]byte{"a.png": pngOf(t, 5, 255)}, nil)
	rowForm, rowBody := form(t, nil, map[string]string{"Width (cm)": "3", "colour": "red"})
	textForm, textBody := form(t, nil, map[string]string{"text": "buy now"})
	tableForm, tableBody := form(t, map[string][]byte{"rows.csv": []byte("Width (cm);colour\n-3;red\n3;\"blue\"\n")}, nil)
	const curl = "application/x-www-form-urlencoded" // what curl -d says of everything
	for name, c := range map[string]struct {
		model, kind string
		body        []byte
		want        string // label, or labels of a list
	}{
		"an image":           {"shades", "image/png", pngOf(t, 3, 200), "bright"},
		"an image by curl":   {"shades", curl, pngOf(t, 9, 20), "dark"},
		"an image in a form": {"shades@1", imageForm, imageBody, "bright"},
		"a row":              {"flowers", "application/json", []byte(`{"Width (cm)": 2.5, "colour": null}`), "big"},
		"a row by curl":      {"flowers", curl, []byte(`{"Width (cm)": "-1,000.5", "colour": "red"}`), "small"},
		"rows":               {"flowers", "application/json", []byte(`[{"Width (cm)": 1},{"colour":"red"},{"x":1}]`), "[big small error]"},
		"a row in a form":    {"flowers", rowForm, rowBody, "big"},
		"a row in a query":   {"flowers", curl, []byte("Width+%28cm%29=-1&colour=red"), "small"},
		"a table":            {"flowers", "text/csv", []byte("Width (cm),colour\n1,blue\n0.1,red\n"), "[big small]"},
		"a table in a form":  {"flowers", tableForm, tableBody, "[small big]"},
		"a text":             {"mails", "text/plain; charset=utf-8", []byte("buy now"), "spam"},
		"a JSON text":        {"mails", "application/json", []byte(`"buy now"`), "spam"},
		"a text field":       {"mails", "application/json", []byte(`{"body":"buy now"}`), "spam"},
		"texts":              {"mails", "application/json", []byte(`["buy now", {"text":"hello"}]`), "[spam ham]"},
		"a text in a form":   {"mails", textForm, textBody, "spam"},
		"a number":           {"prices", "application/json", []byte(`{"rooms": 4}`), "12"},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := r.do(t, "POST", "/models/"+c.model+"/predict", c.kind, c.body)
			if status != 200 || outcome(got) != c.want {
				t.Errorf("answer = %d %v, want %s", status, got, c.want)
			}
		})
	}
}

// outcome shortens an answer to its labels or numbers.
func outcome(got map[string]any) string {
	if list, ok := got["predictions"].([]any); ok {
		var all []string
		for _, p := range list {
			all = append(all, outcome(p.(map[string]any)))
		}
		return fmt.Sprint(all)
	}
	for _, key := range []string{"label", "prediction"} {
		if v, ok := got[key]; ok {
			return fmt.Sprint(v)
		}
	}
	if got["error"] != nil {
		return "error"
	}
	return "nothing"
}

func TestPredictAnswer(t *testing.T) {
	r := start(t, Options{Models: []string{"flowers"}}, registryOf(t, flowers, shades))
	status, got := r.do(t, "POST", "/predict", "", []byte(`{"Width (cm)":0.5,"size":"big","petals":5}`))
	p := got["probabilities"].(map[string]any)
	big := 1 / (1 + math.Exp(-1))
	if status != 200 || got["model"] != "flowers@1" || got["label"] != "big" || math.Abs(got["score"].(float64)-big) > 1e-6 || math.Abs(p["small"].(float64)-1+big) > 1e-6 {
		t.Errorf("answer = %d %v", status, got)
	}
	if !reflect.DeepEqual(got["ignored_columns"], []any{"petals"}) || !reflect.DeepEqual(got["missing_columns"], []any{"colour"}) {
		t.Errorf("columns = %v, %v; want petals ignored, colour missing", got["ignored_columns"], got["missing_columns"])
	}
	kind, body := form(t, map[string][]byte{"rows.csv": []byte("Width (cm),colour\n1,red\n")}, nil)
	if _, got := r.do(t, "POST", "/predict", kind, body); outcome(got) != "[big]" {
		t.Errorf("a table of one row = %v, want a list", got)
	}
	if status, got := r.do(t, "POST", "/models/shades/predict", "", pngOf(t, 2, 0)); status != 404 {
		t.Errorf("a model that is not served = %d %v", status, got)
	}
}

func TestPredictRefuses(t *testing.T) {
	r := start(t, Options{MaxRows: 2, MaxPixels: 100, MaxBody: 1 << 16}, registryOf(t, flowers, shades, mails))
	emptyForm, emptyBody := form(t, map[string][]byte{"a.png": nil}, map[string]string{"a": ""})
	for name, c := range map[string]struct {
		model, kind, body string
		status            int
		says              string
	}{
		"several models":    {"", "", `{}`, 400, "flowers, mails, shades"},
		"nothing":           {"flowers", "", " ", 400, "empty"},
		"an empty form":     {"flowers", emptyForm, string(emptyBody), 400, "no file"},
		"an empty list":     {"flowers", "application/json", "[]", 400, "empty"},
		"broken JSON":       {"flowers", "application/json", `{"a":`, 400, "JSON"},
		"a number":          {"flowers", "application/json", `3`, 400, "JSON"},
		"null":              {"flowers", "application/json", `null`, 400, "null"},
		"a nested value":    {"flowers", "application/json", `{"colour":["red"]}`, 400, "colour"},
		"unknown columns":   {"flowers", "application/json", `{"x":1}`, 400, "Width (cm), colour"},
		"too many rows":     {"flowers", "application/json", `[{"colour":"x"},{"colour":"x"},{"colour":"x"}]`, 400, "limit of 2"},
		"no image":          {"shades", "image/png", "hello", 400, "JPEG"},
		"a truncated image": {"shades", "image/png", string(pngOf(t, 8, 3)[:40]), 400, "cannot be read"},
		"too big an image":  {"shades", "image/png", string(pngOf(t, 11, 3)), 400, "limit of 100 pixels"},
		"too long a body":   {"shades", "image/png", strings.Repeat("x", 1<<17), 413, "limit"},
		"no text":           {"mails", "", "a\x00b", 400, "no text"},
		"JSON without text": {"mails", "application/json", `{"a":1,"b":2}`, 400, "body"},
		"a broken form":     {"shades", "multipart/form-data; boundary=x", "--x\r\nContent-Disp", 400, "ends early"},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/models/" + c.model + "/predict"
			if c.model == "" {
				path = "/predict"
			}
			status, got := r.do(t, "POST", path, c.kind, []byte(c.body))
			if says := fmt.Sprint(got["error"]); status != c.status || !strings.Contains(says, c.says) {
				t.Errorf("answer = %d %v, want %d with %q", status, got, c.status, c.says)
			}
		})
	}
}
