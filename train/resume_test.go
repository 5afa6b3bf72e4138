package train

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/macaw-ai/macaw/framework/checkpoint"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestLoopResumes interrupts a training three times; what comes out has the
// bits of one that was left alone, with dropout, averages and patience, and in
// mixed precision within a limit of memory.
func TestLoopResumes(t *testing.T) {
	for name, set := range map[string]func(c *Config){
		"":         func(*Config) {},
		"patience": func(c *Config) { c.Patience = 4 },
		"mixed precision in little memory": func(c *Config) {
			c.Precision, c.Memory = graph.MixedPrecision, 16000
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := func() Config {
				c, exec := mlp(t, 3)
				c.Epochs, c.Watch = 12, "val_error"
				set(&c)
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
// second attempt goes on with that one, at its rate.
func TestSecondAttemptResumes(t *testing.T) {
	dir, stopped := t.TempDir(), errors.New("stopped")
	train := func(ctx context.Context, folder string, diverges bool, report func(Progress)) (Config, *Result, error) {
		c, _ := mlp(t, 3)
		c.Epochs, c.Checkpoints, c.Report = 4, folder, report
		finite := c.Loss
		c.Loss = func(g *graph.Graph, in []*graph.Node) *graph.Node {
			loss := finite(g, in)
			if diverges {
				diverges = false
				return graph.MulScalar(loss, float32(math.Inf(1)))
			}
			return loss
		}
		res, err := Loop(ctx, c)
		return c, res, err
	}
	whole, want, err := train(t.Context(), "", true, nil)
	if err != nil || want.Restarts != 1 {
		t.Fatalf("got %+v, %v, want one restart", want, err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	if _, _, err := train(ctx, dir, true, func(p Progress) {
		if p.Step >= 20 {
			stop(stopped)
		}
	}); !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	first := 0
	c, got, err := train(t.Context(), dir, false, func(p Progress) {
		if first == 0 {
			first = p.Step
		}
	})
	if err != nil || got.Restarts != 1 || got.Steps != want.Steps || got.Loss != want.Loss || first <= 20 {
		t.Errorf("got %+v, %v from step %d on, want %+v from step 21 on", got, err, first, want)
	}
	for n, v := range whole.Params.Tensors() {
		if !tensor.Equal(c.Params.Get(n).Value(), v) {
			t.Errorf("%s differs", n)
		}
	}
}

// resumableRecorder is a recorder that saves its count of steps.
type resumableRecorder struct{ recorder }

func (s *resumableRecorder) training() checkpoint.Training {
	return checkpoint.Training{State: map[string]checkpoint.State{}}
}

// TestTimeGoesOnWhereItStopped: the parts of an interrupted run take the time
// of a whole one together, and the rate goes on from where it was.
func TestTimeGoesOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := numbersConfig(12)
		c.Epochs, c.Time, c.Checkpoints = 1e6, 20*time.Second, t.TempDir()
		c.Evaluate = func(context.Context) (map[string]float64, error) {
			time.Sleep(200 * time.Millisecond)
			return map[string]float64{"val_loss": 1}, nil
		}
		var took time.Duration
		rate, steps := float32(0), 0
		part := func(ctx context.Context) error {
			d := c.withDefaults()
			st := &resumableRecorder{recorder{pause: 100 * time.Millisecond}}
			_, err := run(ctx, &d, st)
			if rate > 0 && math.Abs(float64(st.rates[0]-rate)) > 0.05*d.LR {
				t.Errorf("the rate went on from %v at %v", rate, st.rates[0])
			}
			took, rate, steps = took+time.Since(d.Started), st.rates[len(st.rates)-1], steps+len(st.rates)
			return err
		}
		for _, seconds := range []time.Duration{4, 9} {
			ctx, stop := context.WithTimeout(t.Context(), seconds*time.Second)
			if err := part(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("interrupted after %d s: %v", seconds, err)
			}
			stop()
			time.Sleep(time.Hour) // does not count
		}
		if err := part(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took > c.Time || took < c.Time*9/10 || steps < 60 {
			t.Errorf("took %v of %v for %d steps", took, c.Time, steps)
		}
	})
}

// TestMemoryAndPrecisionReachTheStep compiles the step with either.
func TestMemoryAndPrecisionReachTheStep(t *testing.T) {
	arena := func(memory int64, p graph.Precision) int64 {
		c, _ := mlp(t, 3)
		c.Memory, c.Precision = memory, p
		c = c.withDefaults()
		st, err := newStepper(&c, c.Params.Tensors())
		if err != nil {
			t.Fatal(err)
		}
		defer st.close()
		return st.(*graphStepper).exec.Stats().Arena
	}
	full, mixed := arena(0, graph.FullPrecision), arena(0, graph.MixedPrecision)
	if mixed >= full {
		t.Errorf("the arena takes %d bytes in mixed precision, %d in full", mixed, full)
	}
	if limit := mixed * 9 / 10; arena(limit, graph.MixedPrecision) > limit {
		t.Errorf("the arena takes more than %d bytes", limit)
	}
	c, _ := mlp(t, 3)
	c.Memory = 100
	if _, err := Loop(t.Context(), c); err == nil || !strings.Contains(err.Error(), "100") {
		t.Errorf("a limit of 100 bytes gives %v", err)
	}
}
