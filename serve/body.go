package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/data/cell"
	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/data/table"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

// request is the samples of a POST /predict.
type request struct {
	samples []model.Sample
	files   []string // their names, when they came as several files
	single  bool     // one sample that was not in a list
	missing []string // columns of the model that the request lacks
	ignored []string // columns of the request that the model does not know
}

// readSamples reads whatever a client may send to a model: a multipart form with
// files or fields, the bytes of an image, a JSON row or text or a list of them,
// a table as CSV, or plain text. What the body is decides, not its Content-Type
// alone, as curl calls everything a form.
func (s *Server) readSamples(r *http.Request, card *model.Card) (*request, error) {
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // unparsable: judged by the bytes
	if kind == "multipart/form-data" {
		return s.readMultipart(multipart.NewReader(r.Body, params["boundary"]), card)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, readError(err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, fault.Errorf(fault.Invalid, "The request is empty; POST %s.", wanted(card))
	}
	return s.readBody(kind, body, card)
}

// wanted says what a model takes.
func wanted(card *model.Card) string {
	switch card.Task {
	case model.ImageClassification:
		return "an image file (JPEG, PNG, GIF, BMP, WebP or PGM)"
	case model.TextClassification:
		return `a text, or JSON such as {"text": "..."}`
	}
	return "a JSON object with a value for each column, a list of them, or a CSV table with a header"
}

func (s *Server) readBody(kind string, body []byte, card *model.Card) (*request, error) {
	if card.Task == model.ImageClassification {
		sample, err := s.imageSample(body)
		return &request{samples: []model.Sample{sample}, single: true}, err
	}
	start := bytes.TrimSpace(body)[0]
	isJSON := kind == "application/json" || strings.HasSuffix(kind, "+json")
	if isJSON || (start == '{' || start == '[') && kind != "text/plain" && json.Valid(body) {
		return readJSON(body, card)
	}
	if card.Task == model.TextClassification {
		text, err := textOf(body)
		return &request{samples: []model.Sample{{Text: text}}, single: true}, err
	}
	if kind == "application/x-www-form-urlencoded" && bytes.ContainsRune(body, '=') && !bytes.ContainsRune(body, '\n') {
		if form, err := url.ParseQuery(string(body)); err == nil {
			return readForm(form, card)
		}
	}
	return readTable(body, card)
}

func (s *Server) imageSample(file []byte) (model.Sample, error) {
	img, err := imagefile.Decode(file, imagefile.Limits{Pixels: s.o.MaxPixels})
	if err != nil {
		return model.Sample{}, fault.Errorf(fault.Invalid, "The image cannot be read: %w.", err)
	}
	return model.Sample{Image: img}, nil
}

func textOf(file []byte) (string, error) {
	if bytes.IndexByte(file[:min(len(file), 4096)], 0) >= 0 && !bytes.HasPrefix(file, []byte{0xff, 0xfe}) && !bytes.HasPrefix(file, []byte{0xfe, 0xff}) {
		return "", fault.Errorf(fault.Invalid, "The request is no text: it holds zero bytes.")
	}
	text, _ := table.UTF8(file)
	return text, nil
}

// readJSON reads a row or a text, or a list of them.
func readJSON(body []byte, card *model.Card) (*request, error) {
	req := &request{single: true}
	items := []json.RawMessage{body}
	if bytes.TrimSpace(body)[0] == '[' {
		req.single = false
		if err := json.Unmarshal(body, &items); err != nil {
			return nil, fault.Errorf(fault.Invalid, "The request is not valid JSON: %w.", err)
		}
		if len(items) == 0 {
			return nil, fault.Errorf(fault.Invalid, "The list is empty; send at least one sample.")
		}
	}
	columns := map[string]bool{}
	for i, item := range items {
		sample, err := jsonSample(item, card)
		if err != nil {
			if !req.single {
				err = fmt.Errorf("sample %d: %w", i, err)
			}
			return nil, fault.Errorf(fault.Invalid, "The JSON cannot be used: %w.", err)
		}
		for name := range sample.Row {
			columns[name] = true
		}
		req.samples = append(req.samples, sample)
	}
	req.compare(card, slices.Sorted(maps.Keys(columns)))
	return req, nil
}

func jsonSample(item json.RawMessage, card *model.Card) (model.Sample, error) {
	item = bytes.TrimSpace(item)
	if card.Task == model.TextClassification && len(item) > 0 && item[0] == '"' {
		var text string
		err := json.Unmarshal(item, &text)
		return model.Sample{Text: text}, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(item, &fields); err != nil {
		return model.Sample{}, err
	}
	if fields == nil {
		return model.Sample{}, errors.New("null is no sample")
	}
	row := make(map[string]string, len(fields))
	for name, raw := range fields {
		if raw[0] == '{' || raw[0] == '[' {
			return model.Sample{}, fmt.Errorf("the value of %q is a list or an object", name)
		}
		row[name] = table.Cell(raw)
	}
	if card.Task == model.TextClassification {
		name, err := textColumn(card, slices.Sorted(maps.Keys(row)))
		if err != nil {
			return model.Sample{}, err
		}
		var text string
		if json.Unmarshal(fields[name], &text) != nil {
			text = row[name]
		}
		return model.Sample{Text: text}, nil
	}
	return model.Sample{Row: row}, nil
}

// textColumn finds the text among the columns of a row: by the name it was
// learnt from, by the name "text", else the only column there is.
func textColumn(card *model.Card, have []string) (string, error) {
	want := []string{"text"}
	if len(card.Inputs) > 0 && card.Inputs[0].Column != "" {
		want = []string{card.Inputs[0].Column, "text"}
	}
	for _, name := range want {
		if slices.Contains(have, name) {
			return name, nil
		}
	}
	if len(have) == 1 {
		return have[0], nil
	}
	return "", fmt.Errorf("it has no field %q with the text", want[0])
}

// compare notes which columns a request lacks and which are not used.
func (req *request) compare(card *model.Card, columns []string) {
	if card.Task != model.TextClassification {
		req.missing, req.ignored = card.CheckColumns(columns)
		req.ignored = slices.DeleteFunc(req.ignored, func(name string) bool { return name == card.Target })
	}
}

func readForm(form url.Values, card *model.Card) (*request, error) {
	row := map[string]string{}
	for name, values := range form {
		row[name] = values[0]
	}
	req := &request{single: true, samples: []model.Sample{{Row: row}}}
	req.compare(card, slices.Sorted(maps.Keys(row)))
	if card.Task == model.TextClassification {
		name, err := textColumn(card, slices.Sorted(maps.Keys(row)))
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "The form cannot be used: %w.", err)
		}
		req.samples[0] = model.Sample{Text: row[name]}
	}
	return req, nil
}

// readTable reads a table in any format that the import knows.
func readTable(body []byte, card *model.Card) (*request, error) {
	frame, err := table.Read(bytes.NewReader(body), "The request", table.Options{
		Expect: card.Columns(), Limits: table.Limits{Cells: 4 << 20}})
	if err != nil {
		return nil, err
	}
	req := &request{}
	for i := range frame.Rows() {
		req.samples = append(req.samples, model.Sample{Row: frame.Row(i)})
	}
	if card.Task == model.TextClassification {
		name, err := textColumn(card, frame.Names)
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "The table cannot be used: %w.", err)
		}
		for i := range req.samples {
			req.samples[i] = model.Sample{Text: req.samples[i].Row[name]}
		}
	}
	req.compare(card, frame.Names)
	return req, nil
}

// readMultipart reads a form: each file is a sample (a table is many), or the
// fields are one.
func (s *Server) readMultipart(form *multipart.Reader, card *model.Card) (*request, error) {
	fields := url.Values{}
	var files []*request
	var names []string
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, readError(err)
		}
		p, err := io.ReadAll(part)
		if err != nil {
			return nil, readError(err)
		}
		if part.FileName() == "" {
			fields.Add(part.FormName(), string(p))
			continue
		}
		if len(p) == 0 {
			continue // a form whose file was left empty
		}
		if err := s.tooManySamples(len(files) + 1); err != nil {
			return nil, err
		}
		req, err := s.readFile(p, card)
		if err != nil {
			return nil, err
		}
		files = append(files, req)
		names = append(names, part.FileName())
	}
	switch {
	case len(files) == 1:
		return files[0], nil
	case len(files) > 1:
		return join(files, names)
	case slices.ContainsFunc(slices.Collect(maps.Values(fields)), func(v []string) bool { return !cell.Missing(v[0]) }) && card.Task != model.ImageClassification:
		return readForm(fields, card)
	}
	return nil, fault.Errorf(fault.Invalid, "The form holds no file and no values; send %s.", wanted(card))
}

// readFile reads an uploaded file.
func (s *Server) readFile(p []byte, card *model.Card) (*request, error) {
	if card.Task == model.TextClassification {
		text, err := textOf(p)
		return &request{samples: []model.Sample{{Text: text}}, single: true}, err
	}
	if card.Task == model.ImageClassification {
		return s.readBody("", p, card)
	}
	return readTable(p, card)
}

func join(files []*request, names []string) (*request, error) {
	all := &request{}
	for i, f := range files {
		if !f.single {
			return nil, fault.Errorf(fault.Invalid, "Send one table at a time.")
		}
		all.samples = append(all.samples, f.samples...)
		all.files = append(all.files, names[i])
	}
	return all, nil
}
