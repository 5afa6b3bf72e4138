package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/optim"
)

// Config says what Loop trains, on what, and for how long.
type Config struct {
	Device chip.Device
	Params *nn.Params // what is trained; holds the result when Loop returns
	Inputs []Input    // the tensors of a batch
	Source Source     // the training samples
	// Loss traces the loss of one batch, a scalar or one number per row ([N],
	// of which the mean is taken). in are the graph's inputs in the order of Inputs.
	Loss func(g *graph.Graph, in []*graph.Node) *graph.Node

	Batch  int     // rows of a training batch; 0 means 64; at most Source.Len(). What does not fill a batch waits for another epoch
	Epochs float64 // passes over Source of the whole schedule; 0 means 10
	// Steps, when not 0, is the length of the schedule in optimiser steps, whatever
	// Epochs and Time say.
	Steps int
	// Time, when not 0, bounds the wall clock from Started to Loop's return, the
	// last evaluation included; the schedule then ends when either the steps or
	// the time are used up, and the learning rate follows whichever is further.
	// With Time 0 nothing depends on the clock.
	Time    time.Duration
	Started time.Time // zero means the call of Loop

	LR        float64    // the peak learning rate; 0 means 0.001
	Warm      float64    // share of the schedule in which the rate rises to LR; 0 means 0.1
	Optimizer optim.Rule // nil means AdamW
	ClipNorm  float64    // bound of the gradients' global norm; 0 means none
	EMA       float64    // decay per step of the averaged weights, as 0.99; 0 means no average

	// Evaluate, when not nil, measures the parameters as they stand in Params,
	// which are the averaged ones while it runs. It is called Evaluations times,
	// evenly over the schedule and at its end. It must return soon after ctx ends.
	Evaluate    func(ctx context.Context) (map[string]float64, error)
	Evaluations int // 0 means 10
	// Patience, when not 0, ends training after so many evaluations in a row in
	// which the value named Watch did not fall, and goes back to the best weights.
	Patience int
	Watch    string // 0 means "val_loss"

	// Checkpoints, when not "", is a folder of this run's own, in which it is saved
	// every CheckpointEvery steps and when ctx ends. A later Loop of the same
	// configuration goes on from there, to the bit. Time then bounds the sum of
	// what these Loops took until they were last saved.
	Checkpoints     string
	CheckpointEvery int // 0 means a twentieth of the schedule

	// Memory and Precision are those of the compiled step; see graph.Program.
	Memory    int64 // bytes; 0 means no limit
	Precision graph.Precision

	// CheckNumbers stops training at the first step whose loss or updates are not
	// finite, with a *graph.NumberError that names the operator, in place of a
	// restart at a lower rate. Params hold what they did before that step. Each
	// step is slower by a copy of all variables.
	CheckNumbers bool

	Report func(Progress) // nil means nobody listens
	Seed   uint64         // of the order of samples, augmentation and dropout
}

// Progress is reported about a hundred times in a schedule and after every evaluation.
type Progress struct {
	Step   int
	Epoch  float64            // passes over the samples
	Share  float64            // of the schedule, 0 to 1
	Values map[string]float64 // "loss", "lr" and what Evaluate returned
}

// Result says how training went.
type Result struct {
	Steps    int // optimiser steps of the run that gave the weights
	Epochs   float64
	Share    float64            // of the schedule's steps, less than 1 when Config.Time cut it short
	Loss     float64            // mean training loss of the last steps
	Values   map[string]float64 // of the last evaluation, which measured the weights in Params
	Restarts int                // 1 when the first run diverged
}

// ErrDiverged is returned when the loss was not finite, also at a lower rate.
var ErrDiverged = errors.New("training diverged: the loss is not finite")

func (c Config) withDefaults() Config {
	set := func(p *float64, v float64) {
		if *p == 0 {
			*p = v
		}
	}
	set(&c.Epochs, 10)
	set(&c.LR, 0.001)
	set(&c.Warm, 0.1)
	if c.Batch == 0 {
		c.Batch = 64
	}
	c.Batch = min(c.Batch, c.Source.Len())
	if c.Evaluations == 0 {
		c.Evaluations = 10
	}
	if c.Watch == "" {
		c.Watch = "val_loss"
	}
	if c.Started.IsZero() {
		c.Started = time.Now()
	}
	if c.Optimizer == nil {
		c.Optimizer = optim.AdamW{}
	}
	if c.Report == nil {
		c.Report = func(Progress) {}
	}
	return c
}

func (c *Config) validate() error {
	switch {
	case c.Source.Len() == 0:
		return errors.New("train: there are no samples to learn from")
	case c.Batch < 1 || c.Epochs < 0 || c.Steps < 0 || c.Time < 0:
		return fmt.Errorf("train: batch %d, epochs %v, steps %d or time %v is out of range", c.Batch, c.Epochs, c.Steps, c.Time)
	case c.CheckpointEvery < 0 || c.Memory < 0:
		return fmt.Errorf("train: %d steps between checkpoints or %d bytes of memory are out of range", c.CheckpointEvery, c.Memory)
	case c.Warm > 1 || c.Warm < 0 || c.EMA < 0 || c.EMA >= 1 || c.LR < 0:
		return fmt.Errorf("train: warm-up share %v, averaging %v or learning rate %v is out of range", c.Warm, c.EMA, c.LR)
	}
	return nil
}

// steps is the length of the schedule.
func (c *Config) steps() int {
	if c.Steps > 0 {
		return c.Steps
	}
	return max(1, int(c.Epochs*float64(c.perEpoch())+0.5))
}

func (c *Config) perEpoch() int { return c.Source.Len() / c.Batch }
