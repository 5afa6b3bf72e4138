package serve

import (
	"context"
	"net/http"
	"slices"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

type (
	// prediction is the answer for one sample in JSON.
	prediction struct {
		File          string   `json:"file,omitempty"` // of a multipart request with several
		Label         *string  `json:"label,omitempty"`
		Score         *number  `json:"score,omitempty"`
		Probabilities *byClass `json:"probabilities,omitempty"`
		Prediction    *number  `json:"prediction,omitempty"`
		Error         string   `json:"error,omitempty"`
	}
	// predictResponse holds one prediction or, for a request with a list, several.
	predictResponse struct {
		Model string `json:"model"`
		*prediction
		Predictions    []prediction `json:"predictions,omitempty"`
		MissingColumns []string     `json:"missing_columns,omitempty"`
		IgnoredColumns []string     `json:"ignored_columns,omitempty"`
	}
)

// postPredict answers POST /predict and /models/{model}/predict.
func (s *Server) postPredict(w http.ResponseWriter, r *http.Request) {
	s.withModel(w, r, func(ctx context.Context, sv *served) error {
		in, err := s.readSamples(r, &sv.model.Card)
		if err != nil {
			return err
		}
		if err := s.tooManySamples(len(in.samples)); err != nil {
			return err
		}
		recordOf(r).samples = len(in.samples)
		answers, err := sv.predict(ctx, in.samples)
		if err != nil {
			return err
		}
		resp := predictResponse{Model: sv.ref(), MissingColumns: in.missing, IgnoredColumns: in.ignored}
		if in.single {
			if answers[0].Err != nil {
				return fault.Errorf(fault.Invalid, "The sample cannot be predicted: %w.", answers[0].Err)
			}
			p := inJSON(&sv.model.Card, answers[0])
			resp.prediction = &p
		} else {
			for i, a := range answers {
				p := inJSON(&sv.model.Card, a)
				if i < len(in.files) {
					p.File = in.files[i]
				}
				resp.Predictions = append(resp.Predictions, p)
			}
		}
		writeJSON(w, http.StatusOK, resp)
		return nil
	})
}

// predict runs samples through the batcher.
func (s *served) predict(ctx context.Context, samples []model.Sample) ([]model.Prediction, error) {
	card := &s.model.Card
	batches, errs := card.Encode(samples, s.batch.most)
	out := make([]model.Prediction, len(samples))
	for i, err := range errs {
		out[i].Err = err
	}
	for _, b := range batches {
		results, err := s.batch.infer(ctx, b.Tensors, b.N)
		if err != nil {
			return nil, err
		}
		answers, err := card.Decode(results, b.N)
		if err != nil {
			return nil, err
		}
		for k, i := range b.Index {
			out[i] = answers[k]
		}
	}
	return out, nil
}

func inJSON(card *model.Card, p model.Prediction) prediction {
	if p.Err != nil {
		return prediction{Error: p.Err.Error()}
	}
	if card.Regression() {
		v := number(p.Value)
		return prediction{Prediction: &v}
	}
	score := number(p.Score)
	return prediction{Label: &p.Label, Score: &score, Probabilities: &byClass{card.Classes, slices.Clone(p.Probabilities)}}
}
