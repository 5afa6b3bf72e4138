// Package vision holds the recipes for images: a small residual network and a
// linear model on pixels, which is trained in about a second.
package vision

import (
	"context"

	"github.com/macaw-ai/macaw/toolbox"
)

func init() {
	toolbox.Register(resnetRecipe())
	toolbox.Register(linearRecipe())
}

// settings are the hyper-parameters of a training, from a toolbox.Config.
type settings struct {
	linear    bool
	epochs    float64
	batch     int
	lr, decay float64
	smoothing float32
	ema       float64
	augment   Augment
	flip      string // "auto", "on", "off"
	size      int    // longer side of the training images, when they are larger than
	native    int    // which is how long a side stays as it is
	width     float64
	drop      float32
}

// resnetRecipe is a residual network with augmentation, a one-cycle learning
// rate, label smoothing and averaged weights.
func resnetRecipe() *toolbox.Recipe {
	return &toolbox.Recipe{
		Name:    "resnet",
		Summary: "A small residual network with augmented images, one-cycle learning rate and averaged weights.",
		Tasks:   []string{toolbox.ImageClassification},
		Space: toolbox.Space{
			{Name: "lr", Low: 0.02, High: 0.4, Log: true, Default: 0.1}, // for 64 samples
			{Name: "decay", Low: 5e-4, High: 1e-2, Log: true, Default: 3e-3},
			{Name: "batch", Choices: []any{16, 32, 64}, Default: 32}, // doubled for many samples, twice for very many
			{Name: "width", Choices: []any{0.5, 1.0, 1.5}, Default: 1.0},
			{Name: "strength", Low: 0.3, High: 1.5, Default: 1.0},
			{Name: "flip", Choices: []any{"auto", "on", "off"}, Default: "auto"},
			{Name: "cutout", Low: 0, High: 0.5, Default: 0.0},
			{Name: "cutmix", Low: 0, High: 0.8, Default: 0.5},
			{Name: "smoothing", Low: 0, High: 0.2, Default: 0.1},
			{Name: "dropout", Low: 0, High: 0.3, Default: 0.0},
			{Name: "size", Choices: []any{48, 64, 96}, Default: 64},
		},
		Portfolio: []toolbox.Config{
			{},
			{"cutmix": 0.0, "cutout": 0.25},
			{"width": 0.5, "strength": 0.6, "lr": 0.2},
			{"size": 96},
		},
		Anytime: true,
		Applies: applies,
		Fit: func(ctx context.Context, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
			return fit(ctx, p, resnetSettings(c), b, report)
		},
	}
}

func resnetSettings(c toolbox.Config) settings {
	k := float32(c.Float("strength"))
	return settings{
		batch: c.Int("batch"), lr: c.Float("lr"), decay: c.Float("decay"),
		smoothing: float32(c.Float("smoothing")), ema: 0.99,
		augment: Augment{
			Shift: 0.12 * k, Rotate: 0.15 * k, Scale: 0.12 * k, Shear: 0.1 * k, Warp: 0.7, Jitter: 0.25 * k,
			Cutout: float32(c.Float("cutout")), CutMix: float32(c.Float("cutmix")),
		},
		flip: c.String("flip"), size: c.Int("size"), native: 40, width: c.Float("width"), drop: float32(c.Float("dropout")),
	}
}

// linearRecipe is softmax regression on small images: never the best, always there.
func linearRecipe() *toolbox.Recipe {
	return &toolbox.Recipe{
		Name:    "linear-pixels",
		Summary: "Softmax regression on the pixels of small images, trained in about a second.",
		Tasks:   []string{toolbox.ImageClassification},
		Space: toolbox.Space{
			{Name: "lr", Low: 1e-3, High: 3e-2, Log: true, Default: 1e-2},
			{Name: "decay", Low: 1e-2, High: 10, Log: true, Default: 0.3},
		},
		Portfolio: []toolbox.Config{{}, {"decay": 5.0}},
		Applies:   applies,
		Fit: func(ctx context.Context, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
			return fit(ctx, p, settings{
				linear: true, batch: 32, lr: c.Float("lr"), decay: c.Float("decay"), ema: 0.99, flip: "off", size: 16, native: 20,
				epochs: min(max(1, 200_000/float64(len(p.Train))), 60),
			}, b, report)
		},
	}
}

// applies reports whether p has images and something to tell apart.
func applies(p *toolbox.Problem) bool {
	return p.Task == toolbox.ImageClassification && len(p.Classes) > 1 && len(p.Train) > 0
}
