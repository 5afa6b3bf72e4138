// Package checkpoint keeps training runs on disk and reads the weights that
// other tools wrote.
//
// A Training names what belongs to a run: the model's variables, the
// optimiser's, and whatever else has a memory, such as a generator of random
// numbers or a schedule. Snapshot copies it to memory, a Saver writes the copy
// in the background, Latest reads it back and Restore sets the run to where it
// was, to the bit.
//
// ReadWeights and LoadWeights are for the files of others. Variables of linear
// layers are [in,out] and of convolutions [KH,KW,C/groups,K]; LoadOptions.Axes says
// where the file has another order, as PyTorch's have (Torch).
package checkpoint

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Checkpoint is a training run at one moment.
type Checkpoint struct {
	Step     int                       // optimiser steps done
	Metric   float64                   // what Options.Best compares; NaN is never the best
	Tensors  map[string]*tensor.Tensor // of variables, by "section/name"
	State    map[string][]byte         // of what is not a variable
	Metadata map[string]string         // the user's; keys do not begin with "checkpoint."
}

// State is something with a memory besides variables: *rand.PCG and
// *optim.Plateau are.
type State interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Training is what a checkpoint holds of a run.
type Training struct {
	// Variables by section, such as "model" (nn.Params.Variables), "optimizer"
	// (optim.State.Variables, averages included) and "random"
	// (graph.Graph.StepCounter). Names are unique within a section.
	Variables map[string][]*graph.Variable
	State     map[string]State
}

// Snapshot copies the run as it stands after step steps. It must not be called
// while a program runs that assigns the variables.
func (t Training) Snapshot(step int) (*Checkpoint, error) {
	c := &Checkpoint{Step: step, Tensors: map[string]*tensor.Tensor{}, State: map[string][]byte{}}
	vars, err := t.byName()
	if err != nil {
		return nil, err
	}
	for name, v := range vars {
		c.Tensors[name] = v.Value()
	}
	if c.State, err = t.state(); err != nil {
		return nil, err
	}
	return c, nil
}

// Restore sets the run to c. It changes nothing and says what is wrong when c
// lacks something of the run, holds something else, or has another type or shape.
func (t Training) Restore(c *Checkpoint) error {
	vars, err := t.byName()
	if err != nil {
		return err
	}
	if err := sameNames("variable", vars, c.Tensors); err != nil {
		return err
	}
	if err := sameNames("state", t.State, c.State); err != nil {
		return err
	}
	for name, v := range vars {
		if x := c.Tensors[name]; x.DType() != v.DType() || !slices.Equal(x.Shape(), v.Shape()) {
			return fmt.Errorf("restore checkpoint: %q is %v%v in the run and %v in the checkpoint", name, v.DType(), v.Shape(), x)
		}
	}
	before, err := t.state()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(t.State)) {
		if err := t.State[name].UnmarshalBinary(c.State[name]); err != nil {
			err = fmt.Errorf("restore checkpoint: state %q: %w", name, err)
			for back, s := range t.State {
				err = errors.Join(err, s.UnmarshalBinary(before[back]))
			}
			return err
		}
	}
	for name, v := range vars {
		if err := v.Set(c.Tensors[name]); err != nil {
			return fmt.Errorf("restore checkpoint: %w", err)
		}
	}
	return nil
}

// byName lists the variables by "section/name".
func (t Training) byName() (map[string]*graph.Variable, error) {
	vars := map[string]*graph.Variable{}
	for section, list := range t.Variables {
		if section == "" || section == stateSection || strings.Contains(section, "/") {
			return nil, fmt.Errorf("checkpoint: %q is no name for a section", section)
		}
		for _, v := range list {
			name := section + "/" + v.Name()
			if vars[name] != nil {
				return nil, fmt.Errorf("checkpoint: there are two variables %q", name)
			}
			vars[name] = v
		}
	}
	return vars, nil
}

func (t Training) state() (map[string][]byte, error) {
	state := map[string][]byte{}
	for name, s := range t.State {
		data, err := s.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("checkpoint: state %q: %w", name, err)
		}
		state[name] = data
	}
	return state, nil
}

// sameNames compares the names of the run with those of the checkpoint.
func sameNames[A, B any](what string, run map[string]A, saved map[string]B) error {
	var missing, unexpected []string
	for name := range run {
		if _, ok := saved[name]; !ok {
			missing = append(missing, name)
		}
	}
	for name := range saved {
		if _, ok := run[name]; !ok {
			unexpected = append(unexpected, name)
		}
	}
	if len(missing)+len(unexpected) == 0 {
		return nil
	}
	return fmt.Errorf("restore checkpoint: %s", differ(what, missing, unexpected))
}

// differ says what is missing and what is unexpected, a few names of each.
func differ(what string, missing, unexpected []string) string {
	var parts []string
	for _, p := range []struct {
		how   string
		names []string
	}{{"missing", missing}, {"unexpected", unexpected}} {
		if n := len(p.names); n > 0 {
			slices.Sort(p.names)
			more := ""
			if n > 8 {
				more = fmt.Sprintf(" and %d more", n-8)
			}
			parts = append(parts, fmt.Sprintf("%s %s: %s%s", p.how, what, strings.Join(p.names[:min(n, 8)], ", "), more))
		}
	}
	return strings.Join(parts, "; ")
}
