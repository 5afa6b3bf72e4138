package serve

import (
	"context"
	"net/http"

	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

// The types of the Open Inference Protocol v2, REST.
// Source: github.com/kserve/open-inference-protocol, inference_rest.md.
type (
	serverMetadata struct {
		Name       string   `json:"name"`
		Version    string   `json:"version"`
		Extensions []string `json:"extensions"`
	}
	modelMetadata struct {
		Name     string           `json:"name"`
		Versions []string         `json:"versions"`
		Platform string           `json:"platform"`
		Inputs   []tensorMetadata `json:"inputs"`
		Outputs  []tensorMetadata `json:"outputs"`
	}
	tensorMetadata struct {
		Name     string `json:"name"`
		Datatype string `json:"datatype"`
		Shape    []int  `json:"shape"` // -1 for a dimension that varies
	}
)

// datatypes are the protocol's names of the element types; BF16 is Triton's.
var datatypes = map[tensor.DType]string{
	tensor.Bool: "BOOL", tensor.Uint8: "UINT8", tensor.Uint16: "UINT16", tensor.Uint32: "UINT32", tensor.Uint64: "UINT64",
	tensor.Int8: "INT8", tensor.Int16: "INT16", tensor.Int32: "INT32", tensor.Int64: "INT64",
	tensor.Half: "FP16", tensor.BFloat: "BF16", tensor.Float32: "FP32", tensor.Float64: "FP64", tensor.String: "BYTES",
}

func (s *Server) getServer(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, serverMetadata{Name: "macaw", Version: s.o.Version, Extensions: []string{}})
}

func (s *Server) getLive(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, map[string]bool{"live": true})
}

// getReady says no while the server shuts down, so that balancers turn away.
func (s *Server) getReady(w http.ResponseWriter, r *http.Request) {
	status, ready := http.StatusOK, !s.draining.Load()
	if !ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, map[string]bool{"ready": ready})
}

func (s *Server) getModelReady(w http.ResponseWriter, r *http.Request) {
	s.withModel(w, r, func(_ context.Context, sv *served) error {
		writeJSON(w, http.StatusOK, map[string]any{"name": sv.name, "ready": true})
		return nil
	})
}

func (s *Server) getModel(w http.ResponseWriter, r *http.Request) {
	s.withModel(w, r, func(ctx context.Context, sv *served) error {
		versions, err := s.models.versions(ctx, sv.name)
		if err != nil {
			return err
		}
		inputs, outputs := sv.model.Card.Signature()
		writeJSON(w, http.StatusOK, modelMetadata{
			Name: sv.name, Versions: versions, Platform: "onnx", Inputs: describe(inputs), Outputs: describe(outputs),
		})
		return nil
	})
}

func describe(values []model.Value) []tensorMetadata {
	var out []tensorMetadata
	for _, v := range values {
		out = append(out, tensorMetadata{Name: v.Name, Datatype: datatypes[v.DType], Shape: v.Shape})
	}
	return out
}

// withModel calls f with the model that the path names and answers its error.
func (s *Server) withModel(w http.ResponseWriter, r *http.Request, f func(ctx context.Context, sv *served) error) {
	sv, release, err := s.models.acquire(r.Context(), r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		writeError(w, r, err)
		return
	}
	defer release()
	recordOf(r).model = sv.ref()
	if err := f(r.Context(), sv); err != nil {
		writeError(w, r, err)
	}
}

// getIndex lists what there is when no console is mounted.
func (s *Server) getIndex(w http.ResponseWriter, r *http.Request) {
	names, err := s.models.names(r.Context())
	if err != nil {
		writeError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"models":    names,
		"endpoints": []string{"/predict", "/models/NAME/predict", "/v2", "/v2/models/NAME/infer", "/metrics", "/openapi.json"},
	})
}

// tooManySamples refuses a request above Options.MaxRows.
func (s *Server) tooManySamples(n int) error {
	if n > s.o.MaxRows {
		return fault.Errorf(fault.Invalid, "The request holds %d samples, above the limit of %d; split it.", n, s.o.MaxRows)
	}
	return nil
}
