package nn_test

import (
	"math"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/graph/graphtest"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

type tensors = []*tensor.Tensor

// floats is a float32 tensor of a shape.
func floats(dims []int, v ...float32) *tensor.Tensor { return tensor.Of(v, dims...) }

// labels is an int64 vector.
func labels(v ...int64) *tensor.Tensor { return tensor.Of(v, len(v)) }

// positive makes values from lo to hi.
func positive(seed uint64, lo, hi float32, dims ...int) *tensor.Tensor {
	t := values(seed, dims...)
	for i, v := range t.Float32s() {
		t.Float32s()[i] = lo + (hi-lo)*(v+1)/2
	}
	return t
}

// boxes makes valid boxes of which pairs of neighbouring seeds overlap.
func boxes(seed uint64, n int) *tensor.Tensor {
	t := positive(seed, 0, 1, n, 4)
	for i := range n {
		b := t.Float32s()[4*i : 4*i+4]
		b[2], b[3] = b[0]+0.8+b[2], b[1]+0.7+b[3]
	}
	return t
}

// lossCases have a gradient by every float input that is not a target; a
// target is a constant.
func lossCases() map[string]graphtest.Case {
	of := func(f func(g *graph.Graph, x *node) *node, in ...*tensor.Tensor) graphtest.Case {
		return graphtest.Case{Inputs: in[:1], Build: func(g *graph.Graph, n []*node) *node { return f(g, n[0]) }}
	}
	// with checks f(x, target) by both operands.
	with := func(f func(x, y *node) *node, in ...*tensor.Tensor) graphtest.Case {
		return graphtest.Case{Inputs: in, Build: func(_ *graph.Graph, n []*node) *node { return f(n[0], n[1]) }}
	}
	three := func(f func(a, b, c *node) *node, in ...*tensor.Tensor) graphtest.Case {
		return graphtest.Case{Inputs: in, Build: func(_ *graph.Graph, n []*node) *node { return f(n[0], n[1], n[2]) }}
	}
	cross := func(o nn.CrossEntropyOptions) graphtest.Case {
		return with(func(x, y *node) *node { return nn.CrossEntropyWith(x, y, o) }, values(1, 4, 3), labels(2, 0, -1, 1))
	}
	overlap := func(kind nn.BoxOverlap) graphtest.Case {
		return with(func(a, b *node) *node { return nn.IoULoss(a, b, kind) }, boxes(1, 4), boxes(2, 4))
	}
	truth := floats([]int{4, 3}, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0)
	return map[string]graphtest.Case{
		"cross-entropy ignoring":          cross(nn.CrossEntropyOptions{}),
		"cross-entropy smooth":            cross(nn.CrossEntropyOptions{Smoothing: 0.2}),
		"cross-entropy weighted":          cross(nn.CrossEntropyOptions{Weights: []float32{1, 2, 0.5}}),
		"cross-entropy weighted smoothed": cross(nn.CrossEntropyOptions{Weights: []float32{1, 2, 0.5}, Smoothing: 0.2}),
		"cross-entropy pixels": with(func(x, y *node) *node { return nn.CrossEntropyWith(x, y, nn.CrossEntropyOptions{}) },
			values(1, 2, 2, 2, 3), tensor.Of([]int64{0, 1, 2, -1, 1, 1, 0, 2}, 2, 2, 2)),
		"soft cross-entropy": with(nn.SoftCrossEntropy, values(1, 4, 3), positive(2, 0.1, 0.9, 4, 3)),
		"nll":                with(func(x, y *node) *node { return nn.NLL(graph.LogSoftmax(x), y) }, values(1, 4, 3), labels(2, 0, -1, 1)),
		"bce weighted": of(func(g *graph.Graph, x *node) *node {
			return nn.BCEWith(x, g.Const(truth), g.Const(floats([]int{4, 1}, 1, 2, 0.5, 1)), g.Const(floats([]int{3}, 2, 1, 3)))
		}, values(1, 4, 3)),
		"bce of probabilities": with(nn.BCEOfProbabilities, positive(1, 0.1, 0.9, 4, 3), positive(2, 0.1, 0.9, 4, 3)),
		"focal":                of(func(g *graph.Graph, x *node) *node { return nn.Focal(x, g.Const(truth), 2, 0.25) }, values(1, 4, 3)),
		"focal plain":          of(func(g *graph.Graph, x *node) *node { return nn.Focal(x, g.Const(truth), 1.5, -1) }, values(1, 4, 3)),
		"softmax focal":        with(func(x, y *node) *node { return nn.SoftmaxFocal(x, y, 2) }, values(1, 4, 3), labels(2, 0, -1, 1)),
		"dice":                 with(nn.Dice, positive(1, 0, 1, 2, 3, 3, 2), positive(2, 0, 1, 2, 3, 3, 2)),
		"tversky": with(func(x, y *node) *node { return nn.Tversky(x, y, 0.3, 0.7) },
			positive(1, 0, 1, 2, 5, 2), positive(2, 0, 1, 2, 5, 2)),
		"iou": overlap(nn.IoU), "giou": overlap(nn.GIoU), "diou": overlap(nn.DIoU), "ciou pairs": with(func(a, b *node) *node {
			return nn.BoxIoU(graph.Unsqueeze(a, 1), graph.Unsqueeze(b, 0), nn.GIoU)
		}, boxes(1, 2), boxes(2, 3)),
		"l1":        with(nn.L1, values(1, 4, 3), values(2, 4, 3)),
		"smooth l1": with(func(x, y *node) *node { return nn.SmoothL1(x, y, 0.5) }, values(1, 4, 3), values(2, 4, 3)),
		"log-cosh":  with(nn.LogCosh, values(1, 4, 3), values(2, 4, 3)),
		"quantile":  with(func(x, y *node) *node { return nn.Quantile(x, y, 0.9) }, values(1, 4, 3), values(2, 4, 3)),
		"poisson":   with(nn.PoissonNLL, values(1, 4, 3), positive(2, 0, 3, 4, 3)),
		"gaussian":  three(nn.GaussianNLL, values(1, 4, 3), positive(2, 0.5, 2, 4, 3), values(3, 4, 3)),
		"kl":        with(func(x, q *node) *node { return nn.KLDivergence(graph.LogSoftmax(x), q) }, values(1, 4, 3), positive(2, 0.1, 0.9, 4, 3)),
		"cosine":    with(nn.CosineSimilarity, values(1, 4, 3), values(2, 4, 3)),
		"cosine embedding": with(func(a, b *node) *node {
			return nn.CosineEmbedding(a, b, a.Graph().Const(floats([]int{4}, 1, 0, 1, 0)), 0.1)
		}, values(1, 4, 3), values(2, 4, 3)),
		"contrastive": with(func(a, b *node) *node {
			return nn.Contrastive(a, b, a.Graph().Const(floats([]int{4}, 1, 0, 1, 0)), 1.5)
		}, values(1, 4, 3), values(2, 4, 3)),
		"triplet": three(func(a, p, n *node) *node { return nn.TripletMargin(a, p, n, 1) }, values(1, 4, 3), values(2, 4, 3), values(3, 4, 3)),
		"hinge":   of(func(g *graph.Graph, x *node) *node { return nn.Hinge(x, g.Const(floats([]int{4}, 1, -1, 1, -1)), 1) }, values(1, 4)),
		"ranking": with(func(a, b *node) *node {
			return nn.MarginRanking(a, b, a.Graph().Const(floats([]int{4}, 1, -1, 1, -1)), 0.5)
		}, values(1, 4), values(2, 4)),
		"info-nce": with(func(a, b *node) *node { return nn.InfoNCE(a, b, 0.5) }, values(1, 4, 3), values(2, 4, 3)),
		"nt-xent":  with(func(a, b *node) *node { return nn.NTXent(a, b, 0.5) }, values(1, 4, 3), values(2, 4, 3)),
		"ctc": three(func(x, y, n *node) *node { return nn.CTC(x, y, n, nn.CTCOptions{}) },
			values(1, 3, 5, 4), tensor.Of([]int64{1, 2, 3, -1, 3, 3}, 3, 2), labels(5, 4, 3)),
	}
}

func TestLosses(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 2})
	for name, c := range lossCases() {
		t.Run(name, func(t *testing.T) { graphtest.Check(t, dev, c) })
		t.Run(name+"/symbolic", func(t *testing.T) {
			c.Symbolic = len(c.Inputs)
			graphtest.Check(t, dev, c)
		})
	}
}

// TestLossValues compares with values worked out by hand.
func TestLossValues(t *testing.T) {
	log := math.Log
	half := floats([]int{1, 2}, 0, 0) // two classes of probability ½, or logits of ½
	one := func(v float32) *tensor.Tensor { return floats([]int{1}, v) }
	row := func(v ...float32) *tensor.Tensor { return floats([]int{1, len(v)}, v...) }
	plane := func(v ...float32) *tensor.Tensor { return floats([]int{1, len(v), 1}, v...) }
	iou := func(kind nn.BoxOverlap) func(in []*node) *node {
		return func(in []*node) *node { return nn.BoxIoU(in[0], in[1], kind) }
	}
	// Unions of 2×2 boxes one apart along x: 2 in common of 6; the hull is 3×2.
	near, far := row(0, 0, 2, 2), row(1, 0, 3, 2)
	cases := map[string]struct {
		in   tensors
		f    func(in []*node) *node
		want float64
	}{
		"cross-entropy of two": {tensors{floats([]int{3, 2}, 0, 0, 5, 1, float32(log(3)), 0), labels(1, -1, 1)}, func(in []*node) *node {
			return nn.CrossEntropy(in[0], in[1], 0)
		}, (log(2) + log(4)) / 2},
		"cross-entropy of none": {tensors{half, labels(-1)}, func(in []*node) *node { return nn.CrossEntropy(in[0], in[1], 0.1) }, 0},
		"cross-entropy":         {tensors{half, labels(1)}, func(in []*node) *node { return nn.CrossEntropyWith(in[0], in[1], nn.CrossEntropyOptions{}) }, log(2)},
		"all ignored":           {tensors{half, labels(-1)}, func(in []*node) *node { return nn.CrossEntropyWith(in[0], in[1], nn.CrossEntropyOptions{}) }, 0},
		"ignored counts not": {tensors{floats([]int{2, 2}, 0, 0, 5, 1), labels(1, -1)}, func(in []*node) *node {
			return nn.CrossEntropyWith(in[0], in[1], nn.CrossEntropyOptions{})
		}, log(2)},
		"weights": {tensors{floats([]int{2, 2}, 0, 0, float32(log(3)), 0), labels(0, 1)}, func(in []*node) *node {
			return nn.CrossEntropyWith(in[0], in[1], nn.CrossEntropyOptions{Weights: []float32{1, 3}})
		}, (log(2) + 3*log(4)) / 4},
		"nll":        {tensors{row(-1, -3), labels(1)}, func(in []*node) *node { return nn.NLL(in[0], in[1]) }, 3},
		"soft":       {tensors{half, row(0.3, 0.7)}, func(in []*node) *node { return nn.SoftCrossEntropy(in[0], in[1]) }, log(2)},
		"bce":        {tensors{one(0), one(1), one(3)}, func(in []*node) *node { return nn.BCEWith(in[0], in[1], nil, in[2]) }, 3 * log(2)},
		"bce far":    {tensors{one(1), one(0)}, func(in []*node) *node { return nn.BCEOfProbabilities(in[0], in[1]) }, 37 * log(10)},
		"focal":      {tensors{one(0), one(1)}, func(in []*node) *node { return nn.Focal(in[0], in[1], 2, 0.25) }, 0.25 * 0.25 * log(2)},
		"focal 0":    {tensors{one(float32(log(3))), one(0)}, func(in []*node) *node { return nn.Focal(in[0], in[1], 1, 0.25) }, 0.75 * 0.75 * log(4)},
		"focal soft": {tensors{half, labels(0)}, func(in []*node) *node { return nn.SoftmaxFocal(in[0], in[1], 1) }, log(2) / 2},
		"dice":       {tensors{plane(1, 1, 0, 0), plane(1, 0, 1, 0)}, func(in []*node) *node { return nn.Dice(in[0], in[1]) }, 1 - 3.0/5},
		"dice none":  {tensors{plane(0, 0), plane(0, 0)}, func(in []*node) *node { return nn.Dice(in[0], in[1]) }, 0},
		"tversky":    {tensors{plane(1, 1, 0), plane(1, 0, 0)}, func(in []*node) *node { return nn.Tversky(in[0], in[1], 0.3, 0.7) }, 1 - 1.5/1.8},
		"iou":        {tensors{near, far}, iou(nn.IoU), 1.0 / 3},
		"giou":       {tensors{near, row(3, 0, 5, 2)}, iou(nn.GIoU), -2.0 / 10},
		"diou":       {tensors{near, far}, iou(nn.DIoU), 1.0/3 - 1.0/13},
		"ciou":       {tensors{row(0, 0, 2, 2), row(0, 0, 2, 1)}, iou(nn.CIoU), ciou()},
		"l1":         {tensors{row(1, -2), row(0, 1)}, func(in []*node) *node { return nn.L1(in[0], in[1]) }, 2},
		"smooth l1":  {tensors{row(0.5, 3), row(0, 0)}, func(in []*node) *node { return nn.SmoothL1(in[0], in[1], 1) }, (0.125 + 2.5) / 2},
		"log-cosh":   {tensors{row(2, -1), row(0, 0)}, func(in []*node) *node { return nn.LogCosh(in[0], in[1]) }, (log(math.Cosh(2)) + log(math.Cosh(1))) / 2},
		"quantile":   {tensors{row(0, 0), row(1, -1)}, func(in []*node) *node { return nn.Quantile(in[0], in[1], 0.9) }, (0.9 + 0.1) / 2},
		"poisson":    {tensors{one(1), one(2)}, func(in []*node) *node { return nn.PoissonNLL(in[0], in[1]) }, math.E - 2},
		"gaussian":   {tensors{one(1), one(4), one(3)}, func(in []*node) *node { return nn.GaussianNLL(in[0], in[1], in[2]) }, (log(4) + 1) / 2},
		"kl":         {tensors{row(float32(log(0.5)), float32(log(0.5))), row(1, 0)}, func(in []*node) *node { return nn.KLDivergence(in[0], in[1]) }, log(2)},
		"cosine":     {tensors{row(3, 4), row(4, 3)}, func(in []*node) *node { return nn.CosineSimilarity(in[0], in[1]) }, 24.0 / 25},
		"contrastive": {tensors{floats([]int{2, 2}, 3, 4, 0, 1), floats([]int{2, 2}, 0, 0, 0, 0), floats([]int{2}, 1, 0)}, func(in []*node) *node {
			return nn.Contrastive(in[0], in[1], in[2], 3)
		}, (25.0/2 + 4.0/2) / 2},
		"cosine embedding": {tensors{floats([]int{2, 2}, 1, 0, 1, 0), floats([]int{2, 2}, 0, 1, 1, 0), floats([]int{2}, 1, 0)}, func(in []*node) *node {
			return nn.CosineEmbedding(in[0], in[1], in[2], 0.25)
		}, (1 + 0.75) / 2},
		"triplet":  {tensors{row(0, 0), row(3, 4), row(0, 2)}, func(in []*node) *node { return nn.TripletMargin(in[0], in[1], in[2], 1) }, 4},
		"hinge":    {tensors{row(2, 0.5), row(1, -1)}, func(in []*node) *node { return nn.Hinge(in[0], in[1], 1) }, 0.75},
		"info-nce": {tensors{floats([]int{2, 2}, 1, 0, 0, 1), floats([]int{2, 2}, 1, 0, 0, 1)}, func(in []*node) *node { return nn.InfoNCE(in[0], in[1], 1) }, log(1 + math.Exp(-1))},
		// Each of four finds its equal (cosine 1) among two others at right angles.
		"nt-xent": {tensors{floats([]int{2, 2}, 2, 0, 0, 1), floats([]int{2, 2}, 1, 0, 0, 3)}, func(in []*node) *node { return nn.NTXent(in[0], in[1], 0.5) }, log(1 + 2*math.Exp(-2))},
		// "1" over three even frames: 6 of 8 paths; "1 1" does not fit into two.
		"ctc": {tensors{floats([]int{2, 3, 2}, make([]float32, 12)...), tensor.Of([]int64{1, -1, 1, 1}, 2, 2), labels(3, 2)}, func(in []*node) *node {
			return nn.CTC(in[0], in[1], in[2], nn.CTCOptions{IgnoreImpossible: true})
		}, log(8.0/6) / 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := graph.New(graph.Inference)
			in, feeds := make([]*node, len(c.in)), map[*node]*tensor.Tensor{}
			for i, v := range c.in {
				in[i] = g.Input(string(rune('a'+i)), v.DType(), graph.Ints(v.Shape()...)...)
				feeds[in[i]] = v
			}
			got, err := graph.Eval(cpu.New(cpu.Options{Threads: 1}), c.f(in), feeds)
			if err != nil {
				t.Fatal(err)
			}
			if v := float64(got.Float32s()[0]); math.Abs(v-c.want) > 2e-6*max(1, math.Abs(c.want)) {
				t.Errorf("%v, want %v", v, c.want)
			}
		})
	}
}

// ciou is that of a square of side 2 and its upper half: IoU ½, the centres ½
// apart in a hull of diagonal √8, and the ratios 1 and 2.
func ciou() float64 {
	v := 4 / (math.Pi * math.Pi) * math.Pow(math.Atan(1)-math.Atan(2), 2)
	return 0.5 - 0.25/8 - v*v/(0.5+v)
}
