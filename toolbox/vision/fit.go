package vision

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/train"
)

// fit trains one configuration and exports it.
func fit(ctx context.Context, p *toolbox.Problem, s settings, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
	started := time.Now()
	h, w := trainingSize(p.Data.Image.Height, p.Data.Image.Width, s.size, s.native)
	px, err := pixelsOf(ctx, p, h, w)
	if err != nil {
		return nil, err
	}
	seen, err := lookAt(p, px)
	if err != nil {
		return nil, err
	}
	s.augment.CutMix *= min(1, manySamples/float32(len(p.Train)))
	if min(px.h, px.w) <= fewPlaces {
		s.augment.CutMix = 0
	}
	s.augment.Flip = s.flip == "on" || s.flip == "auto" && seen.flip
	m := newModel(p, s, px, seen.look)
	v, err := newValidation(p, px, m)
	if err != nil {
		return nil, err
	}
	src := newSamples(px, p.Train, p.Labels, seen.look, s.augment)
	cfg := train.Config{
		Device: p.Device, Params: m.params, Inputs: src.inputs(), Source: src,
		Loss:  func(g *graph.Graph, in []*graph.Node) *graph.Node { return m.loss(in, s.smoothing) },
		Batch: batchFor(s.batch, len(p.Train)), Epochs: m.epochs(s, len(p.Train)) * fidelity(b), Steps: b.Steps,
		Started: started, LR: s.rate(len(p.Train)), Warm: 0.15, Optimizer: s.rule(),
		EMA: s.ema, Seed: p.Seed, Report: func(t train.Progress) { report(toolbox.Progress(t)) },
	}
	if b.Time > 0 {
		cfg.Time = b.Time - min(b.Time/20, 300*time.Millisecond) // for the export
	}
	if len(p.Val) > 0 {
		cfg.Evaluate = v.measure
	}
	res, err := train.Loop(ctx, cfg)
	if err != nil {
		return nil, err
	}
	m.calibrate(p, s, v)
	model, err := m.export()
	if err != nil {
		return nil, fmt.Errorf("export the network: %w", err)
	}
	return &toolbox.Candidate{Model: model, Val: v.probabilities, Steps: res.Steps, Share: res.Share, Note: m.note(res, s)}, nil
}

// manySamples is how many samples there must be for CutMix, which slows learning
// down to keep a network from learning by heart, to become rarer.
// Rectangles of tiny images hold too little of what tells classes apart.
const manySamples = 5000

func fidelity(b toolbox.Budget) float64 {
	if b.Fidelity <= 0 {
		return 1
	}
	return b.Fidelity
}

// rule is the optimiser: momentum for networks, Adam for the linear model.
func (s settings) rule() optim.Rule {
	if s.linear {
		return optim.AdamW{WeightDecay: float32(s.decay)}
	}
	return optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: float32(s.decay)}
}

// rate is the peak learning rate; that of momentum grows with the batch
// (Goyal et al. 2017, arXiv:1706.02677, §2.1).
func (s settings) rate(samples int) float64 {
	if s.linear {
		return s.lr
	}
	return s.lr * float64(batchFor(s.batch, samples)) / 64
}

// batchFor grows the batch with the samples, for speed, and keeps a few steps in
// an epoch of few samples.
func batchFor(batch, samples int) int {
	switch {
	case samples >= 30_000:
		batch *= 4
	case samples >= 10_000:
		batch *= 2
	}
	return max(1, min(batch, max(16, samples/8), samples))
}

// trainingSize brings h by w to side on the longer side, the ratio kept between
// 1:2 and 2:1. Images up to native stay as they are.
func trainingSize(h, w, side, native int) (int, int) {
	if long, short := max(h, w), min(h, w); long <= native && long <= 2*short {
		return h, w
	}
	scale := float64(side) / float64(max(h, w))
	fit := func(n int) int { return min(max(int(math.Round(float64(n)*scale)), side/2), side) }
	return fit(h), fit(w)
}

// seen is what is known of a problem's training images.
type seen struct {
	look look
	flip bool // mirrored images look like their class
}

func lookAt(p *toolbox.Problem, px *pixels) (seen, error) {
	key := fmt.Sprintf("vision/look/%dx%d/%x", px.h, px.w, fingerprint(p.Train))
	return toolbox.Get(p.Shared, key, func() (seen, error) {
		rows := px.of(p.Train)
		labels := make([]int32, len(rows))
		for i, s := range p.Train {
			labels[i] = p.Labels[s]
		}
		return seen{lookOf(px, rows), flipSuits(px, rows, labels, p.Seed)}, nil
	})
}

// model is a network with its parameters and what its export needs.
type model struct {
	params  *nn.Params
	net     network
	plan    plan
	prepare onnx.ImageOptions
	classes int
	mirror  bool // average the answers to the image and its mirror image
	// sharpness is what the answers are raised to; 1 until they are calibrated.
	sharpness float32
}

func newModel(p *toolbox.Problem, s settings, px *pixels, l look) *model {
	plan := plan{h: px.h, w: px.w, c: px.c, classes: len(p.Classes), drop: s.drop}
	m := &model{params: nn.NewParams(p.Seed), classes: len(p.Classes), mirror: s.augment.Flip, prepare: l.options(px), sharpness: 1}
	if s.linear {
		m.net = newSoftmaxRegression(m.params, plan)
	} else {
		plan.width = max(8, int(float64(plan.fitWidth(len(p.Train)))*s.width/8+0.5)*8)
		m.net = newResnet(m.params, plan)
	}
	m.plan = plan
	return m
}

func (m *model) epochs(s settings, samples int) float64 {
	if s.epochs > 0 {
		return s.epochs
	}
	return fullEpochs(samples)
}

// loss is the cross-entropy of a batch; with CutMix that of both labels, by share.
func (m *model) loss(in []*graph.Node, smoothing float32) *graph.Node {
	logits := m.net.forward(normalise(in[0], m.prepare))
	loss := graph.CrossEntropy(logits, in[1], smoothing)
	if len(in) > 2 {
		other := graph.CrossEntropy(logits, in[2], smoothing)
		loss = graph.Add(other, graph.Mul(in[3], graph.Sub(loss, other)))
	}
	return loss
}

// probabilities are the model's answers to normalised pixels.
func (m *model) probabilities(x *graph.Node) *graph.Node {
	p := graph.Softmax(m.net.forward(x))
	if m.mirror {
		q := graph.Softmax(m.net.forward(graph.Stride(x, 2, -1, -1)))
		p = graph.MulScalar(graph.Add(p, q), 0.5)
	}
	return sharpened(p, m.sharpness)
}

func (m *model) note(res *train.Result, s settings) string {
	note := fmt.Sprintf("%s parameters, %d×%d pixels, %.1f epochs", thousands(m.params.Count()), m.plan.h, m.plan.w, res.Epochs)
	if s.augment.Flip {
		note += ", mirrored"
	}
	return note
}

func thousands(n int) string {
	if n < 10_000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d k", (n+500)/1000)
}

// validation runs the network on the validation samples.
type validation struct {
	exec          *graph.Executable
	src           *samples
	labels        []int32
	classes       int
	probabilities []float32 // of the last measurement, [samples, classes]
}

func newValidation(p *toolbox.Problem, px *pixels, m *model) (*validation, error) {
	v := &validation{src: newSamples(px, p.Val, p.Labels, look{mean: make([]float32, px.c)}, Augment{}), classes: m.classes}
	v.labels = v.src.labels
	var program graph.Program
	err := graph.Trace(func() {
		g := graph.New(graph.Inference)
		x := g.Input("image", tensor.Float32, graph.Dims("N", px.h, px.w, px.c)...)
		program = graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{m.probabilities(normalise(x, m.prepare))}}
	})
	if err != nil {
		return nil, err
	}
	v.exec, err = graph.Compile(p.Device, program)
	return v, err
}

// measure gives the loss and the accuracy on the validation samples.
func (v *validation) measure(ctx context.Context) (map[string]float64, error) {
	probs, err := train.Predict(ctx, v.exec, v.src, []train.Input{v.src.imageInput()}, 128)
	if err != nil {
		return nil, err
	}
	v.probabilities = probs
	return toolbox.Measure(probs, v.labels), nil
}
