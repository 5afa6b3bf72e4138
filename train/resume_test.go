package train

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestLoopResumes interrupts a training three times; what comes out has the
// bits of one that was left alone, with dropout, averages and patience.
func TestLoopResumes(t *testing.T) {
	for name, patience := range map[string]int{"": 0, "patience": 4} {
		t.Run(name, func(t *testing.T) {
			config := func() Config {
				c, exec := mlp(t, 3)
				c.Epochs, c.Patience, c.Watch = 12, patience, "val_error"
				held := newDisc(800)[500:]
				c.Evaluate = func(ctx context.Context) (map[string]float64, error) {
					a, err := accuracy(ctx, c, exec, held)
					return map[string]float64{"val_error": 1 - a}, err
				}
				return c
			}
			whole := config()
			want, err := Loop(t.Context(), whole)
			if err != nil {
				t.Fatal(err)
			}
			dir, stopped := t.TempDir(), errors.New("stopped")
			for _, at := range []int{1, 40, 110} {
				c := config()
				c.Checkpoints, c.CheckpointEvery = dir, 7
				ctx, stop := context.WithCancelCause(t.Context())
				c.Report = func(p Progress) {
					if p.Step >= at {
						stop(stopped)
					}
				}
				if _, err := Loop(ctx, c); !errors.Is(err, stopped) {
					t.Fatalf("interrupted at %d: %v", at, err)
				}
			}
			c := config()
			c.Checkpoints = dir
			first := 0
			c.Report = func(p Progress) {
				if first == 0 {
					first = p.Step
				}
			}
			got, err := Loop(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if first <= 110 {
				t.Errorf("the last part began before step %d", first)
			}
			if got.Steps != want.Steps || got.Loss != want.Loss || got.Values["val_error"] != want.Values["val_error"] {
				t.Errorf("result %+v, want %+v", got, want)
			}
			for n, v := range whole.Params.Tensors() {
				if !tensor.Equal(c.Params.Get(n).Value(), v) {
					t.Errorf("%s differs", n)
				}
			}
			other := config()
			other.Checkpoints, other.LR = dir, 0.5
			if _, err := Loop(t.Context(), other); err == nil || !strings.Contains(err.Error(), "another configuration") {
				t.Errorf("resumed under another rate: %v", err)
			}
		})
	}
}

// TestSecondAttemptResumes: a run that diverged and was interrupted in its
// second attempt goes on with that one.
func TestSecondAttemptResumes(t *testing.T) {
	dir := t.TempDir()
	c := Config{LR: 1, Checkpoints: dir}
	if secondAttempt(dir) || secondAttempt("") {
		t.Error("there is no second attempt yet")
	}
	c.Checkpoints = attempt(dir, 1)
	if _, err := openKeeper(&runner{c: &c, st: &recorder{}}); err != nil {
		t.Fatal(err)
	}
	if secondAttempt(dir) {
		t.Error("a stepper that cannot be saved left a folder")
	}
}
