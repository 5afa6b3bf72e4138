// Package model holds what production hands to service: the model package (an
// ONNX model with its card, labels and checksums in a folder), the registry of
// packages in a home, and the Predictor, which turns raw samples into answers.
package model

import (
	"encoding/json"
	"math"
	"time"

	"github.com/macaw-ai/macaw/data"
)

// The tasks, as they stand in Card.Task.
const (
	ImageClassification   = data.ImageClassification
	TabularClassification = data.TabularClassification
	TabularRegression     = data.TabularRegression
	TextClassification    = data.TextClassification
)

// The names of a model's outputs.
const (
	OutputLabel         = "label"         // string [N], classification
	OutputProbabilities = "probabilities" // float32 [N, classes], in the order of Card.Classes
	OutputPrediction    = "prediction"    // float32 [N, 1], regression
)

// Card describes a model: what it does, how well, and where it comes from.
// Validation and Test are NaN when they are not known.
type Card struct {
	Name        string             `json:"name"`
	Version     int                `json:"version"` // given by the registry
	Task        string             `json:"task"`
	Created     time.Time          `json:"created"`
	Recipe      string             `json:"recipe"` // of the heaviest member
	Config      map[string]any     `json:"config,omitempty"`
	Members     []Member           `json:"members,omitempty"` // what the model averages, heaviest first
	Target      string             `json:"target,omitempty"`  // the column it predicts
	Dataset     string             `json:"dataset"`           // NAME@VERSION
	DatasetHash string             `json:"dataset_hash"`
	Run         string             `json:"run"`
	Metric      string             `json:"metric"`
	Validation  float64            `json:"-"`                 // Metric on the validation part
	Test        float64            `json:"-"`                 // Metric on the test part
	Metrics     map[string]float64 `json:"metrics,omitempty"` // others, as "test_log_loss"
	Inputs      []Input            `json:"inputs"`
	Outputs     []Output           `json:"outputs"`
	Classes     []string           `json:"classes,omitempty"` // in the order of probabilities; nil for regression
	Licence     string             `json:"licence,omitempty"`
	Seconds     float64            `json:"seconds"`        // wall clock of the making
	How         string             `json:"how,omitempty"`  // the command that made it
	Note        string             `json:"note,omitempty"` // for people
	Macaw       string             `json:"macaw,omitempty"`
}

// Member is one part of a model that averages several.
type Member struct {
	Recipe string         `json:"recipe"`
	Config map[string]any `json:"config,omitempty"`
	Weight float64        `json:"weight"` // they sum to 1
	Trial  int            `json:"trial,omitempty"`
}

// The kinds of inputs.
const (
	KindImage    = "image"    // uint8 [N, H, W, C]
	KindNumber   = "number"   // float32 [N, 1], NaN is missing
	KindCategory = "category" // string [N, 1], "" is missing
	KindDate     = "date"     // float32 [N, parts] in the order of data.DatePartNames
	KindText     = "text"     // string [N, 1] for a column, [N] for a text task
)

// Input describes one input of the ONNX model and what raw samples give for it.
type Input struct {
	Name     string `json:"name"` // in the ONNX model
	Kind     string `json:"kind"`
	Column   string `json:"column,omitempty"`   // tables: the column that feeds it
	Channels int    `json:"channels,omitempty"` // images: 1 or 3
	Width    int    `json:"width,omitempty"`    // images: a typical size; others are accepted
	Height   int    `json:"height,omitempty"`
	Example  string `json:"example,omitempty"`
}

// Output describes one output of the ONNX model.
type Output struct {
	Name  string `json:"name"`
	DType string `json:"dtype"` // "float32", "string"
	Shape []int  `json:"shape"` // -1 for the batch
}

// OutputsOf returns the outputs that a model of so many classes has, 0 for a
// regression.
func OutputsOf(classes int) []Output {
	if classes == 0 {
		return []Output{{OutputPrediction, "float32", []int{-1, 1}}}
	}
	return []Output{{OutputLabel, "string", []int{-1}}, {OutputProbabilities, "float32", []int{-1, classes}}}
}

// Regression reports whether the model predicts a number.
func (c *Card) Regression() bool { return len(c.Classes) == 0 }

// cardJSON adds the scores to a Card, absent when they are not known, as JSON
// has no NaN.
type cardJSON struct {
	plainCard
	Validation *float64 `json:"validation,omitempty"`
	Test       *float64 `json:"test,omitempty"`
}

type plainCard Card

// MarshalJSON leaves scores out that are not known, and metrics that are no
// numbers.
func (c Card) MarshalJSON() ([]byte, error) {
	metrics := map[string]float64{}
	for name, v := range c.Metrics {
		if finite(v) {
			metrics[name] = v
		}
	}
	c.Metrics = metrics
	return json.Marshal(cardJSON{plainCard(c), score(c.Validation), score(c.Test)})
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (c *Card) UnmarshalJSON(p []byte) error {
	var j cardJSON
	if err := json.Unmarshal(p, &j); err != nil {
		return err
	}
	*c = Card(j.plainCard)
	c.Validation, c.Test = fromScore(j.Validation), fromScore(j.Test)
	return nil
}

func score(v float64) *float64 {
	if !finite(v) {
		return nil
	}
	return &v
}

func fromScore(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
