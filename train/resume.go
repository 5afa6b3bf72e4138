package train

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/macaw-ai/macaw/framework/checkpoint"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/safetensors"
)

// attempt is the folder of a run's first or second attempt; the second, at a
// lower rate, must not go on from the first one, which diverged.
func attempt(folder string, restarts int) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, fmt.Sprintf("attempt-%d", restarts+1))
}

// secondAttempt reports whether a run was restarted before it was interrupted.
func secondAttempt(folder string) bool {
	if folder == "" {
		return false
	}
	_, err := os.Stat(attempt(folder, 1))
	return err == nil
}

// resumable is a stepper that can be saved; one that is not is never asked to.
type resumable interface {
	training() checkpoint.Training
}

// keeper saves a run now and then. A nil keeper saves nothing.
type keeper struct {
	saver    *checkpoint.Saver
	training checkpoint.Training
	every    int     // steps; 0 means by next
	next     float64 // the share of the schedule at which to save next
}

// openKeeper makes the keeper that r.c asks for and sets r to the latest
// checkpoint, if there is one.
func openKeeper(r *runner) (*keeper, error) {
	st, ok := r.st.(resumable)
	if r.c.Checkpoints == "" || !ok {
		return nil, nil
	}
	saver, err := checkpoint.Open(r.c.Checkpoints, checkpoint.Options{Keep: 2})
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	k := &keeper{saver: saver, training: st.training(), every: r.c.CheckpointEvery, next: 0.05}
	k.training.State["progress"] = r
	c, _, err := checkpoint.Latest(r.c.Checkpoints) // a damaged one costs steps, no more
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = k.training.Restore(c)
	}
	if err != nil {
		return nil, fmt.Errorf("resume training: %w", err)
	}
	return k, nil
}

// keep saves r when it is time to.
func (k *keeper) keep(r *runner) error {
	if k == nil || k.every > 0 && r.clock.step%k.every != 0 {
		return nil
	}
	if k.every == 0 {
		share := r.clock.share()
		if share < k.next {
			return nil
		}
		k.next = share + 0.05
	}
	return k.save(r)
}

// leave saves r, which ends because of err, and returns err.
func (k *keeper) leave(r *runner, err error) error {
	if k == nil || r.clock.step == 0 {
		return err
	}
	if saving := k.save(r); saving != nil {
		return errors.Join(err, saving)
	}
	return err
}

func (k *keeper) save(r *runner) error {
	c, err := k.training.Snapshot(r.clock.step)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	c.Metric = math.NaN()
	if v, ok := r.values[r.c.Watch]; ok {
		c.Metric = v
	}
	return k.saver.Save(c)
}

func (k *keeper) close() error {
	if k == nil {
		return nil
	}
	return k.saver.Close()
}

// progress is a runner in a checkpoint.
type progress struct {
	Settings                                settings
	Clock                                   spent
	N, Since, Evals                         int
	Rate, Sum, Loss, Report, Evaluate, Best float64
	Values                                  map[string]float64
}

// settings are what of a configuration decides on every step; a run goes on
// under the same ones.
type settings struct {
	Steps, Batch, Samples   int
	Seed                    uint64
	LR, Warm, ClipNorm, EMA float64
	Precision               graph.Precision
}

func (c *Config) settings() settings {
	return settings{c.steps(), c.Batch, c.Source.Len(), c.Seed, c.LR, c.Warm, c.ClipNorm, c.EMA, c.Precision}
}

// MarshalBinary gives what the runner has seen.
func (r *runner) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(progress{Settings: r.c.settings(), Clock: r.clock.spent(), N: r.n, Since: r.since, Evals: r.evals, Rate: r.lr, Sum: r.sum, Loss: r.loss,
		Report: r.report, Evaluate: r.evaluate, Best: r.best, Values: r.values})
	return b.Bytes(), err
}

// UnmarshalBinary takes it back.
func (r *runner) UnmarshalBinary(data []byte) error {
	var p progress
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&p); err != nil {
		return err
	}
	if now := r.c.settings(); p.Settings != now {
		return fmt.Errorf("it is of another configuration: %+v, not %+v", p.Settings, now)
	}
	r.clock.resume(p.Clock, r.c.Started)
	r.n, r.since, r.evals = p.N, p.Since, p.Evals
	r.lr, r.sum, r.loss, r.report, r.evaluate, r.best, r.values = p.Rate, p.Sum, p.Loss, p.Report, p.Evaluate, p.Best, p.Values
	return nil
}

func (s *graphStepper) training() checkpoint.Training {
	return checkpoint.Training{
		Variables: map[string][]*graph.Variable{"model": s.c.Params.Variables(), "optimizer": s.state.Variables(), "random": {s.draws}},
		State:     map[string]checkpoint.State{"stepper": (*keptWeights)(s)},
	}
}

// keptWeights is a graphStepper's memory outside variables: the number of its
// steps and the best weights.
type keptWeights graphStepper

// MarshalBinary gives the step count and the weights in the safetensors format.
func (s *keptWeights) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	err := safetensors.Write(&b, safetensors.File{Tensors: s.kept, Metadata: map[string]string{"steps": fmt.Sprint(s.steps)}})
	return b.Bytes(), err
}

// UnmarshalBinary takes them back.
func (s *keptWeights) UnmarshalBinary(data []byte) error {
	f, err := safetensors.Read(bytes.NewReader(data))
	if err != nil {
		return err
	}
	var steps int
	if _, err := fmt.Sscan(f.Metadata["steps"], &steps); err != nil {
		return fmt.Errorf("the number of steps: %w", err)
	}
	s.kept, s.steps = f.Tensors, steps
	return nil
}
