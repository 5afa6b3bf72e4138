package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

type (
	inferRequest struct {
		ID      string        `json:"id"`
		Inputs  []inputTensor `json:"inputs"`
		Outputs []struct {
			Name string `json:"name"`
		} `json:"outputs"`
	}
	inputTensor struct {
		Name       string `json:"name"`
		Shape      []int  `json:"shape"`
		Datatype   string `json:"datatype"`
		Parameters struct {
			BinarySize *int `json:"binary_data_size"`
		} `json:"parameters"`
		Data json.RawMessage `json:"data"`
	}
	inferResponse struct {
		ModelName    string         `json:"model_name"`
		ModelVersion string         `json:"model_version"`
		ID           string         `json:"id,omitempty"`
		Outputs      []outputTensor `json:"outputs"`
	}
	outputTensor struct {
		Name     string `json:"name"`
		Shape    []int  `json:"shape"`
		Datatype string `json:"datatype"`
		Data     any    `json:"data"`
	}
)

// postInfer answers POST /v2/models/{model}[/versions/{version}]/infer.
func (s *Server) postInfer(w http.ResponseWriter, r *http.Request) {
	s.withModel(w, r, func(ctx context.Context, sv *served) error {
		if r.Header.Get("Inference-Header-Content-Length") != "" {
			return fault.Errorf(fault.Invalid, "Binary tensor data is not supported; send tensors as JSON.")
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return readError(err)
		}
		inputs, outputs := sv.model.Card.Signature()
		req, err := parseInfer(body, inputs, outputs)
		if err != nil {
			return err
		}
		if err := s.tooManySamples(req.n); err != nil {
			return err
		}
		recordOf(r).samples = req.n
		results, err := sv.batch.infer(ctx, req.inputs, req.n)
		if err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, req.response(sv, results))
		return nil
	})
}

// readError is what a failed read of a request's body means.
func readError(err error) error {
	if status, _ := statusOf(err); status != http.StatusInternalServerError {
		return err
	}
	return fault.Errorf(fault.Invalid, "The request ends early: %w.", err)
}

// inference is a checked request.
type inference struct {
	id      string
	inputs  tensors
	n       int // samples
	outputs []string
}

// parseInfer decodes and checks the body of an inference request for a model
// with the given signature. All its errors are fault.Invalid.
func parseInfer(body []byte, inputs, outputs []model.Value) (*inference, error) {
	var req inferRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, fault.Errorf(fault.Invalid, "The request is not the JSON of an inference: %w.", err)
	}
	out := &inference{id: req.ID, inputs: tensors{}, n: -1}
	for i := range req.Inputs {
		if err := out.add(&req.Inputs[i], inputs); err != nil {
			return nil, err
		}
	}
	for _, want := range inputs {
		if out.inputs[want.Name] == nil {
			return nil, fault.Errorf(fault.Invalid, "The input %q is missing; the model wants %s.", want.Name, namesOf(inputs))
		}
	}
	for _, o := range req.Outputs {
		if !slices.ContainsFunc(outputs, func(v model.Value) bool { return v.Name == o.Name }) {
			return nil, fault.Errorf(fault.Invalid, "The model has no output %q; it has %s.", o.Name, namesOf(outputs))
		}
		out.outputs = append(out.outputs, o.Name)
	}
	if len(req.Outputs) == 0 {
		for _, v := range outputs {
			out.outputs = append(out.outputs, v.Name)
		}
	}
	return out, nil
}

// add checks one input tensor and takes it in.
func (f *inference) add(in *inputTensor, inputs []model.Value) error {
	k := slices.IndexFunc(inputs, func(v model.Value) bool { return v.Name == in.Name })
	if k < 0 {
		return fault.Errorf(fault.Invalid, "The model has no input %q; it wants %s.", in.Name, namesOf(inputs))
	}
	want := inputs[k]
	switch {
	case f.inputs[in.Name] != nil:
		return fault.Errorf(fault.Invalid, "The input %q is given twice.", in.Name)
	case in.Parameters.BinarySize != nil:
		return fault.Errorf(fault.Invalid, "Binary tensor data is not supported; send the data of %q as JSON.", in.Name)
	case in.Datatype != datatypes[want.DType]:
		return fault.Errorf(fault.Invalid, "The input %q has the datatype %q; the model wants %s.", in.Name, in.Datatype, datatypes[want.DType])
	case !shapeFits(in.Shape, want.Shape):
		return fault.Errorf(fault.Invalid, "The input %q has the shape %v; the model wants %v with -1 for any size.", in.Name, in.Shape, want.Shape)
	case f.n >= 0 && in.Shape[0] != f.n:
		return fault.Errorf(fault.Invalid, "The input %q holds %d samples, another one %d.", in.Name, in.Shape[0], f.n)
	}
	t, err := parseTensor(in.Data, want.DType, in.Shape)
	if err != nil {
		return fault.Errorf(fault.Invalid, "The data of the input %q is wrong: %w.", in.Name, err)
	}
	f.n, f.inputs[in.Name] = in.Shape[0], t
	return nil
}

func shapeFits(have, want []int) bool {
	if len(have) != len(want) {
		return false
	}
	for i, d := range have {
		if d < 1 || want[i] >= 0 && d != want[i] {
			return false
		}
	}
	return true
}

func namesOf(values []model.Value) string {
	var names []string
	for _, v := range values {
		names = append(names, v.Name)
	}
	if len(names) > 20 {
		names = append(names[:20], fmt.Sprintf("… %d in all", len(values)))
	}
	return strings.Join(names, ", ")
}

func (f *inference) response(sv *served, results tensors) inferResponse {
	resp := inferResponse{ModelName: sv.name, ModelVersion: sv.version, ID: f.id, Outputs: []outputTensor{}}
	for _, name := range f.outputs {
		t := results[name]
		o := outputTensor{Name: name, Shape: t.Shape(), Datatype: datatypes[t.DType()], Data: jsonData(t)}
		resp.Outputs = append(resp.Outputs, o)
	}
	return resp
}
