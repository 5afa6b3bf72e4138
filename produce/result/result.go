// Package result is what a run of make found out: the leaderboard, the learning
// curves, how the model does on samples it never saw, and what the data looked
// like. The HTML report, the console and the terminal draw the same Result. It
// is stored as JSON and names no other package's types.
package result

import "time"

// Result is one run. Lists are in the order in which they should be shown.
type Result struct {
	Run     string    `json:"run"`
	Model   string    `json:"model"`  // NAME@VERSION
	Task    string    `json:"task"`   // "image-classification", ...
	Status  string    `json:"status"` // "done", or "stopped" when the user ended the search early
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"` // wall clock, sessions before a resume included
	Budget  float64   `json:"budget"`  // seconds; 0 when the search was limited by trials
	Trials  int       `json:"trials"`  // limit; 0 when the search was limited by the budget
	Seed    uint64    `json:"seed"`
	Command string    `json:"command"` // repeats the run
	Machine Machine   `json:"machine"`
	Data    Data      `json:"data"`

	Metric  string   `json:"metric"`            // what chose: "accuracy" or "r2"; more is better
	Classes []string `json:"classes,omitempty"` // in output order; nil for regression
	// Validation and Test hold every metric by name: accuracy, log_loss, macro_f1,
	// balanced_accuracy, ece; or r2, rmse, mae. Test is nil when the data has no
	// test part or the run was stopped.
	Validation map[string]float64 `json:"validation"`
	Test       map[string]float64 `json:"test,omitempty"`

	Leaderboard []Trial  `json:"leaderboard"` // best first; failed trials last
	Members     []Member `json:"members"`     // what the packaged model averages, heaviest first
	Curves      []Curve  `json:"curves"`      // of the trials worth drawing, best first
	Phases      []Phase  `json:"phases"`      // where the time went
	Inputs      []Input  `json:"inputs"`      // how to call the model

	// Part is the part that Confusion, Residuals, Calibration and Mistakes are
	// about: "test", or "validation" when Test is nil.
	Part        string       `json:"part"`
	Confusion   *Confusion   `json:"confusion,omitempty"`   // classification
	Calibration []Bin        `json:"calibration,omitempty"` // classification
	Residuals   *Residuals   `json:"residuals,omitempty"`   // regression
	Mistakes    []Mistake    `json:"mistakes,omitempty"`    // worst first
	PerClass    []ClassScore `json:"per_class,omitempty"`   // in the order of Classes
}

// Trial is one line of the leaderboard.
type Trial struct {
	Number   int            `json:"number"` // from 1
	Recipe   string         `json:"recipe"`
	Summary  string         `json:"summary,omitempty"` // the recipe's, one sentence
	Config   map[string]any `json:"config,omitempty"`
	Rung     int            `json:"rung"`
	Fidelity float64        `json:"fidelity"`         // share of the recipe's full schedule
	Effort   string         `json:"effort,omitempty"` // what it lacks of a full trial, for people
	Folds    int            `json:"folds,omitempty"`  // of cross-validation; 0 or 1: a validation part
	Status   string         `json:"status"`           // done, stopped, failed
	Score    *float64       `json:"score,omitempty"`  // Metric on validation
	Loss     *float64       `json:"loss,omitempty"`   // log loss, or mean squared error, on validation
	Seconds  float64        `json:"seconds"`
	Steps    int            `json:"steps,omitempty"`
	Weight   float64        `json:"weight,omitempty"` // in the packaged model
	Note     string         `json:"note,omitempty"`   // the recipe's line: "412 trees, depth 6"
	Error    string         `json:"error,omitempty"`  // why it failed
}

// Member is one part of the packaged model.
type Member struct {
	Trial  int     `json:"trial"`
	Recipe string  `json:"recipe"`
	Weight float64 `json:"weight"` // they sum to 1
	Models int     `json:"models"` // fold models averaged inside
}

// Curve is one learning curve.
type Curve struct {
	Trial  int       `json:"trial"`
	Recipe string    `json:"recipe"`
	Name   string    `json:"name"` // "loss", "val_loss", "val_accuracy", "lr", ...
	Steps  []int     `json:"steps"`
	Values []float64 `json:"values"` // as long as Steps, no NaN
}

// Phase is a share of the wall clock.
type Phase struct {
	Name    string  `json:"name"` // "import", "search", "ensemble", "test", "report"
	Seconds float64 `json:"seconds"`
}

// Machine is where the run ran.
type Machine struct {
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Processor string `json:"processor,omitempty"`
	Threads   int    `json:"threads"`
	Version   string `json:"version"` // Macaw's
}

// Input is one input of the model with an example value, for "how to call".
type Input struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"` // image, number, category, date, text
	Column  string `json:"column,omitempty"`
	Example string `json:"example,omitempty"`
}
