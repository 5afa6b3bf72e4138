package model

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/internal/fault"
)

// NewPredictor opens the package's model on a device. What it finds out of step
// between the model and its card is fault.Invalid.
func NewPredictor(p *Package, dev chip.Device) (*Predictor, error) {
	m, err := p.Model()
	if err != nil {
		return nil, err
	}
	if err := p.Card.matches(m); err != nil {
		return nil, broken(p.Dir, "%w", err)
	}
	s, err := onnx.NewSession(m, dev)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "The model of %s cannot be run: %w", p.Dir, err)
	}
	return PredictorOn(p.Card, p.Ref(), s), nil
}
