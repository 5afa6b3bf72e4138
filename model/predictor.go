package model

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Prediction is the answer for one sample.
type Prediction struct {
	Label         string    // classification: the likeliest class
	Score         float32   // classification: its probability
	Probabilities []float32 // classification: in the order of Card.Classes
	Value         float32   // regression
	Err           error     // why there is no answer; the other fields are then zero
}

// Session runs an ONNX model; *onnx.Session is one.
type Session interface {
	Run(ctx context.Context, inputs map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error)
	Close()
}

// Predictor answers for raw samples. It is safe for concurrent use.
type Predictor struct {
	Card    Card
	Ref     string // NAME@VERSION, or the package's folder
	session Session
}

// PredictorOn makes a predictor of a card and a session of the model it
// describes; NewPredictor is the usual way.
func PredictorOn(card Card, ref string, s Session) *Predictor {
	return &Predictor{Card: card, Ref: ref, session: s}
}

// Close frees the model. No call may be running or come after it.
func (p *Predictor) Close() { p.session.Close() }

// BatchLimit is how many samples of the model's kind are run at once.
func (p *Predictor) BatchLimit() int {
	if p.Card.Task == ImageClassification {
		return 64
	}
	return 1024
}

// Predict answers for samples in their order. A sample that cannot be answered
// for has its reason in Prediction.Err; the error is for what stops all of them.
func (p *Predictor) Predict(ctx context.Context, samples []Sample) ([]Prediction, error) {
	out := make([]Prediction, len(samples))
	batches, errs := p.Card.Encode(samples, p.BatchLimit())
	for i, err := range errs {
		out[i].Err = err
	}
	for _, b := range batches {
		tensors, err := p.Run(ctx, b.Tensors, b.N)
		if err != nil {
			return nil, err
		}
		answers, err := p.Card.Decode(tensors, b.N)
		if err != nil {
			return nil, err
		}
		for k, i := range b.Index {
			out[i] = answers[k]
		}
	}
	return out, nil
}

// Run runs the model on input tensors of n samples each. The number of samples
// is padded to a power of two, so that few shapes are compiled.
func (p *Predictor) Run(ctx context.Context, inputs map[string]*tensor.Tensor, n int) (outputs map[string]*tensor.Tensor, err error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	size := 1
	for size < n {
		size *= 2
	}
	if size != n {
		padded := make(map[string]*tensor.Tensor, len(inputs))
		for name, t := range inputs {
			if padded[name], err = pad(t, size); err != nil {
				return nil, fmt.Errorf("run model %s: input %q: %w", p.Ref, name, err)
			}
		}
		inputs = padded
	}
	outputs, err = p.session.Run(ctx, inputs)
	if err != nil {
		return nil, fmt.Errorf("run model %s: %w", p.Ref, err)
	}
	for name, t := range outputs {
		if t.Rank() == 0 || t.Shape()[0] != size {
			return nil, fmt.Errorf("run model %s: output %q has the shape %v for %d samples", p.Ref, name, t.Shape(), size)
		}
		outputs[name] = Rows(t, 0, n)
	}
	return outputs, nil
}

// Decode reads the predictions of n samples out of the model's outputs.
func (c *Card) Decode(outputs map[string]*tensor.Tensor, n int) ([]Prediction, error) {
	out := make([]Prediction, n)
	if c.Regression() {
		v, err := output[float32](outputs, OutputPrediction, n)
		for i := range v {
			out[i].Value = v[i]
		}
		return out, err
	}
	classes := len(c.Classes)
	probs, err := output[float32](outputs, OutputProbabilities, n*classes)
	if err != nil {
		return nil, err
	}
	labels, err := output[string](outputs, OutputLabel, n)
	if err != nil {
		return nil, err
	}
	for i := range out {
		p := probs[i*classes : (i+1)*classes]
		out[i] = Prediction{Label: labels[i], Probabilities: p, Score: slices.Max(p)}
		if k := slices.Index(c.Classes, labels[i]); k >= 0 {
			out[i].Score = p[k]
		}
	}
	return out, nil
}

func output[T tensor.Element](outputs map[string]*tensor.Tensor, name string, n int) ([]T, error) {
	t := outputs[name]
	if t == nil {
		return nil, fmt.Errorf("the model gives no output %q", name)
	}
	v, ok := t.Data().([]T)
	if !ok || len(v) != n {
		return nil, fmt.Errorf("the model's output %q is %v, want %d elements of %T", name, t, n, *new(T))
	}
	return v, nil
}
