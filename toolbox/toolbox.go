// Package toolbox holds the recipes: ways to solve a kind of problem, each with
// its search space. A recipe turns training samples and one configuration into
// a Candidate, an ONNX model that takes raw samples. The search in package
// produce knows nothing more of a recipe than this package says.
package toolbox

import (
	"context"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
)

// The tasks, as they stand in data.Manifest.Task and model.Card.Task.
const (
	ImageClassification   = data.ImageClassification
	TabularClassification = data.TabularClassification
	TabularRegression     = data.TabularRegression
	TextClassification    = data.TextClassification
)

// Problem is what a recipe is given: samples by index, split into those to learn
// from and those to validate on. The test part is not in it.
type Problem struct {
	Task    string
	Classes []string      // class names in output order; nil for regression
	Data    *data.Version // Images(), Table() or Texts() give the samples
	Train   []int         // sample indices to learn from
	Val     []int         // sample indices to validate on; never learnt from
	Labels  []int32       // class of every sample of Data, -1 for none; nil for regression
	Targets []float32     // target of every sample of Data; nil for classification
	Device  chip.Device
	Threads int    // workers a recipe may use
	Seed    uint64 // the same seed, threads and Budget without a clock give the same candidate
	Shared  *Shared
}

// Regression reports whether the target is a number.
func (p *Problem) Regression() bool { return p.Classes == nil }

// Budget says how much a recipe may spend on one configuration.
type Budget struct {
	// Fidelity is the share of the recipe's full schedule; more than 1 stretches that
	// of an Anytime recipe.
	Fidelity float64
	// Time, when not 0, is wall clock that the schedule should fill at most; the
	// learning rate anneals by the clock. With Time 0 nothing depends on the clock.
	Time time.Duration
	// Steps, when not 0, replays a schedule of exactly so many steps.
	Steps int
}

// Progress is reported while a candidate is trained.
type Progress struct {
	Step   int                // optimiser steps, trees or iterations so far
	Epoch  float64            // passes over the training samples so far
	Share  float64            // of the schedule that is done, 0 to 1
	Values map[string]float64 // "loss", "val_loss", "val_accuracy", "val_rmse", "lr": points of the learning curves
}

// Candidate is a trained configuration.
type Candidate struct {
	// Model takes raw samples (the inputs as package model lists them) and has one
	// output: "probabilities" float32 [N, classes] or "prediction" float32 [N, 1].
	Model *onnx.Model
	// Val holds the model's outputs on Problem.Val in its order, row after row:
	// len(Val) = len(Problem.Val)·max(1, classes).
	Val   []float32
	Steps int // what Budget.Steps replays
	// Share is how much of the schedule Budget.Time sufficed for; 0 means all of it.
	Share float64
	Note  string // one line for people: "412 trees, depth 6"; may be empty
}

// Recipe is one way to solve some tasks.
type Recipe struct {
	Name      string
	Summary   string // one sentence for people
	Tasks     []string
	Space     Space
	Portfolio []Config // good defaults, the most promising first; what one leaves out takes the space's default
	// Anytime says that a longer Budget.Time makes a better candidate (networks);
	// otherwise the recipe ends by itself (trees, linear models).
	Anytime bool
	// Applies, when not nil, says whether the recipe suits p.
	Applies func(p *Problem) bool
	// Fit trains one configuration. It returns ctx's error soon after ctx ends.
	Fit func(ctx context.Context, p *Problem, c Config, b Budget, report func(Progress)) (*Candidate, error)
}
