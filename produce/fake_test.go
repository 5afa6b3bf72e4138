package produce

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox"
)

// The recipes of these tests solve a table with a column "x" and two classes,
// of which "b" holds where x > 0: the probability of "b" is sigmoid(slope·x).
// They differ in how they behave.

const slow = 30 * time.Millisecond

func init() {
	space := toolbox.Space{{Name: "slope", Low: 0.1, High: 10, Log: true, Default: 1.0}, {Name: "kind", Choices: []any{"a", "b"}, Default: "a"}}
	for name, fit := range map[string]func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget) error{
		"steady": func(ctx context.Context, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget) error {
			return pause(ctx, time.Duration(float64(slow)*b.Fidelity))
		},
		"panics": func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget) error { panic("a bug") },
		"diverges": func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget) error {
			return errNaN
		},
		"deaf": func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget) error {
			time.Sleep(30 * time.Second)
			return nil
		},
		"lies": func(context.Context, *toolbox.Problem, toolbox.Config, toolbox.Budget) error { return errLie },
	} {
		toolbox.Register(&toolbox.Recipe{
			Name: name, Summary: "A recipe of tests.", Tasks: []string{toolbox.TabularClassification}, Space: space,
			Portfolio: []toolbox.Config{{}, {"slope": 2.0}},
			Applies:   func(*toolbox.Problem) bool { return strings.Contains(os.Getenv("MACAW_TEST_RECIPES"), name) },
			Fit: func(ctx context.Context, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
				err := fit(ctx, p, c, b)
				if err != nil && !errors.Is(err, errNaN) && !errors.Is(err, errLie) {
					return nil, err
				}
				report(toolbox.Progress{Step: 1, Share: 1, Values: map[string]float64{"loss": c.Float("slope")}})
				return sigmoid(p, c.Float("slope"), err)
			},
		})
	}
}

// The recipe "grows" is a network that takes a second and says how many samples
// it has learnt from.
func init() {
	toolbox.Register(&toolbox.Recipe{
		Name: "grows", Summary: "A recipe of tests.", Tasks: []string{toolbox.TabularClassification},
		Space:     toolbox.Space{{Name: "slope", Low: 0.1, High: 10, Log: true, Default: 2.0}},
		Portfolio: []toolbox.Config{{}}, Anytime: true,
		Applies: func(*toolbox.Problem) bool { return strings.Contains(os.Getenv("MACAW_TEST_RECIPES"), "grows") },
		Fit: func(ctx context.Context, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
			full := time.Duration(b.Fidelity * float64(time.Second))
			if err := pause(ctx, min(full, b.Time)); err != nil {
				return nil, err
			}
			report(toolbox.Progress{Step: 1, Share: 1, Values: map[string]float64{"loss": 1, "val_accuracy": 0.5}})
			cand, err := sigmoid(p, c.Float("slope"), nil)
			if err == nil {
				cand.Note, cand.Share = fmt.Sprintf("%d samples", len(p.Train)), min(1, float64(b.Time)/float64(full))
			}
			return cand, err
		},
	})
}

var (
	errNaN = errors.New("give NaN")
	errLie = errors.New("give other predictions than the model's")
)

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sigmoid is the candidate of a slope.
func sigmoid(p *toolbox.Problem, slope float64, how error) (*toolbox.Candidate, error) {
	t, err := p.Data.Table()
	if err != nil {
		return nil, err
	}
	x := t.Column("x").Floats
	b := onnx.NewBuilder("sigmoid")
	q := b.Op("Sigmoid", nil, b.Op("Mul", nil, b.Input("x", tensor.Float32, "N", 1), b.Float(float32(slope))))
	b.Output("probabilities", b.Op("Concat", onnx.Attrs{"axis": 1}, b.Op("Sub", nil, b.Float(1), q), q), tensor.Float32, "N", 2)
	c := &toolbox.Candidate{Model: b.Model(), Steps: 1, Note: fmt.Sprintf("slope %.3g", slope)}
	for _, i := range p.Val {
		q := float32(1 / (1 + math.Exp(-slope*float64(x[i]))))
		switch {
		case errors.Is(how, errNaN):
			q = float32(math.NaN())
		case errors.Is(how, errLie):
			q = 1 - q
		}
		c.Val = append(c.Val, 1-q, q)
	}
	return c, nil
}

// table writes a CSV for the recipes into a new folder and returns its path.
func table(dir string, rows int) string {
	rng := rand.New(rand.NewPCG(1, 2))
	var s strings.Builder
	s.WriteString("x,class\n")
	for range rows {
		x := rng.NormFloat64()
		y := "a"
		if x+0.3*rng.NormFloat64() > 0 {
			y = "b"
		}
		fmt.Fprintf(&s, "%.4f,%s\n", x, y)
	}
	path := filepath.Join(dir, "points.csv")
	if err := os.WriteFile(path, []byte(s.String()), 0o666); err != nil {
		panic(err)
	}
	return path
}

func testDevice(threads int) chip.Device { return cpu.New(cpu.Options{Threads: threads}) }
