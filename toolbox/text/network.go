package text

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/optim"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/toolbox"
	"github.com/macaw-ai/macaw/train"
)

func init() {
	toolbox.Register(&toolbox.Recipe{
		Name:    "wordconv",
		Summary: "a convolutional network over learned word embeddings",
		Tasks:   []string{toolbox.TextClassification},
		Space: toolbox.Space{
			{Name: "lr", Low: 5e-4, High: 1e-2, Log: true, Default: 3e-3},
			{Name: "width", Choices: []any{32, 64, 128}, Default: 64},
			{Name: "dropout", Low: 0.1, High: 0.6, Default: 0.4},
			{Name: "length", Choices: []any{128, 256, 384}, Default: 256},
			{Name: "words", Choices: []any{10000, 30000}, Default: 20000},
		},
		Portfolio: []toolbox.Config{{}, {"width": 32, "lr": 5e-3, "length": 128}},
		Anytime:   true,
		Applies:   func(p *toolbox.Problem) bool { return len(p.Train) >= 200 },
		Fit:       fitNetwork,
	})
}

// The reserved word ids.
const (
	padID     = 0
	unknownID = 1
	firstWord = 2
)

// wordDrop is the share of words that training replaces by the unknown word, so
// that it has an embedding worth having.
const wordDrop = 0.08

// network is embeddings, convolutions over one, two and three neighbours, and the
// maximum and mean of each over the text (Kim 2014, arXiv:1408.5882).
type network struct {
	length  int // words that are looked at
	embed   *nn.Embedding
	convs   []*nn.Conv1D
	dropout float32
	head    *nn.Linear
}

const embedSize = 64

func newNetwork(p *nn.Params, words, classes int, c toolbox.Config) *network {
	width := c.Int("width")
	n := &network{length: c.Int("length"), dropout: float32(c.Float("dropout")),
		embed: nn.NewEmbeddingWith(p.Sub("embed"), firstWord+words, embedSize, nn.Normal(0.1))}
	for k := 1; k <= 3; k++ { // the widest comes last: logits pads by it
		n.convs = append(n.convs, nn.NewConv1D(p.Sub(fmt.Sprintf("conv%d", k)), embedSize, width, k, nn.ConvOptions{}))
	}
	n.head = nn.NewLinear(p.Sub("head"), 2*3*width, classes)
	return n
}

// logits maps ids Int64 [N,L], padded at the end with padID, to [N,classes].
func (n *network) logits(ids *graph.Node) *graph.Node {
	g := ids.Graph()
	mask := graph.Cast(graph.Ne(ids, g.Const(tensor.Scalar(int64(padID)))), tensor.Float32)
	column := graph.Unsqueeze(mask, 2)
	count := graph.Max(graph.SumKeep(mask, 1), graph.Scalar(g, 1)) // [N,1]
	x := graph.Dropout(graph.Mul(n.embed.Forward(ids), column), n.dropout/2)
	last := len(n.convs) - 1
	x = graph.Pad(x, []int{0, 0, 0}, []int{0, last, 0}, 0)
	var features []*graph.Node
	for i, conv := range n.convs {
		y := graph.Relu(conv.Forward(x))
		if i < last { // the windows that begin in the padding
			y = graph.Slice(y, 1, 0, i-last)
		}
		y = graph.Mul(y, column) // a window counts when it begins at a word
		features = append(features, graph.ReduceMax(y, 1), graph.Div(graph.Sum(y, 1), count))
	}
	return n.head.Forward(graph.Dropout(graph.Concat(1, features...), n.dropout))
}

// fitNetwork trains the network on the first words of each text.
func fitNetwork(ctx context.Context, p *toolbox.Problem, c toolbox.Config, b toolbox.Budget, report func(toolbox.Progress)) (*toolbox.Candidate, error) {
	started := time.Now()
	docs, err := tokens(p)
	if err != nil {
		return nil, err
	}
	words := buildVocabulary(pick(docs, p.Train), false, 2, c.Int("words")).words
	params := nn.NewParams(p.Seed)
	net := newNetwork(params, len(words), len(p.Classes), c)
	index := make(map[string]int64, len(words))
	for i, w := range words {
		index[w] = int64(firstWord + i)
	}
	source := newWordIDs(docs, p.Train, p.Labels, index, net.length)
	val := newWordIDs(docs, p.Val, p.Labels, index, net.length)
	exec, err := compileProbabilities(p, net)
	if err != nil {
		return nil, err
	}
	var probabilities []float32
	fidelity := b.Fidelity
	if fidelity <= 0 {
		fidelity = 1
	}
	cfg := train.Config{
		Device: p.Device, Params: params, Inputs: source.inputs(), Source: source,
		Loss: func(_ *graph.Graph, in []*graph.Node) *graph.Node {
			return graph.CrossEntropy(net.logits(in[0]), in[1], 0.05)
		},
		Batch: 32, Epochs: 8 * fidelity, Steps: b.Steps, Started: started, LR: c.Float("lr"),
		Optimizer: optim.AdamW{WeightDecay: 0.02}, ClipNorm: 1, EMA: 0.98, Seed: p.Seed,
		Report: func(t train.Progress) { report(toolbox.Progress(t)) },
		Evaluate: func(ctx context.Context) (map[string]float64, error) {
			out, err := train.Predict(ctx, exec, val, val.inputs()[:1], 64)
			if err != nil {
				return nil, err
			}
			probabilities = out
			return toolbox.Measure(out, val.labels), nil
		},
	}
	if b.Time > 0 {
		cfg.Time = b.Time - min(b.Time/10, time.Second) // for the export
	}
	res, err := train.Loop(ctx, cfg)
	if err != nil {
		return nil, err
	}
	model, err := exportNetwork(net, words, len(p.Classes))
	if err != nil {
		return nil, fmt.Errorf("export the network: %w", err)
	}
	return &toolbox.Candidate{Model: model, Val: probabilities, Steps: res.Steps, Share: res.Share,
		Note: fmt.Sprintf("%d words, %.1f epochs", len(words), res.Epochs)}, nil
}

// traceProbabilities traces the network on ids [N,length] for inference.
func traceProbabilities(net *network) (ids, probabilities *graph.Node, err error) {
	err = graph.Trace(func() {
		g := graph.New(graph.Inference)
		ids = g.Input("ids", tensor.Int64, graph.Dims("N", net.length)...)
		probabilities = graph.Softmax(net.logits(ids))
	})
	return ids, probabilities, err
}

func compileProbabilities(p *toolbox.Problem, net *network) (*graph.Executable, error) {
	ids, probabilities, err := traceProbabilities(net)
	if err != nil {
		return nil, err
	}
	return graph.Compile(p.Device, graph.Program{Inputs: []*graph.Node{ids}, Outputs: []*graph.Node{probabilities}})
}

// exportNetwork writes tokenizer, word numbers and network as one model.
func exportNetwork(net *network, words []string, classes int) (*onnx.Model, error) {
	ids, probabilities, err := traceProbabilities(net)
	if err != nil {
		return nil, err
	}
	b := onnx.NewBuilder("wordconv")
	tokens := onnx.TokenizeText(b, b.Input("text", tensor.String, "N"))
	blank := b.Const(tensor.Of([]string{""}, 1, 1))
	rows := b.Op("Concat", onnx.Attrs{"axis": 0}, b.Op("Shape", onnx.Attrs{"end": 1}, tokens), b.Ints(net.length))
	padded := b.Op("Concat", onnx.Attrs{"axis": 1}, tokens, b.Op("Expand", nil, blank, rows))
	first := b.Op("Slice", nil, padded, b.Ints(0), b.Ints(net.length), b.Ints(1))
	keys, values := append([]string{""}, words...), make([]int64, len(words)+1)
	for i := range words {
		values[i+1] = int64(firstWord + i)
	}
	numbers := b.ML("LabelEncoder", onnx.Attrs{"keys_strings": keys, "values_int64s": values, "default_int64": unknownID}, first)
	out, err := b.Graph([]*graph.Node{probabilities}, map[*graph.Node]string{ids: numbers})
	if err != nil {
		return nil, err
	}
	b.Output("probabilities", out[0], tensor.Float32, "N", classes)
	return b.Model(), nil
}

// wordIDs gives texts as rows of word ids; training drops some words.
type wordIDs struct {
	ids    [][]int64 // of each sample, at most length
	labels []int32
	length int
}

func newWordIDs(docs [][]string, rows []int, labels []int32, index map[string]int64, length int) *wordIDs {
	w := &wordIDs{length: length, ids: make([][]int64, len(rows)), labels: make([]int32, len(rows))}
	for i, r := range rows {
		w.labels[i] = labels[r]
		doc := docs[r][:min(len(docs[r]), length)]
		w.ids[i] = make([]int64, len(doc))
		for j, word := range doc {
			id, ok := index[word]
			if !ok {
				id = unknownID
			}
			w.ids[i][j] = id
		}
	}
	return w
}

func (w *wordIDs) Len() int { return len(w.ids) }

func (w *wordIDs) inputs() []train.Input {
	return []train.Input{{Name: "ids", DType: tensor.Int64, Dims: []int{w.length}}, {Name: "labels", DType: tensor.Int64}}
}

// Fill implements train.Source.
func (w *wordIDs) Fill(batch []*tensor.Tensor, index []int, r *rand.Rand) {
	ids := batch[0].Int64s()
	clear(ids) // padID
	for i, s := range index {
		row := ids[i*w.length:][:w.length]
		copy(row, w.ids[s])
		if r != nil {
			for j := range w.ids[s] {
				if r.Float64() < wordDrop {
					row[j] = unknownID
				}
			}
		}
		if len(batch) > 1 {
			batch[1].Int64s()[i] = int64(w.labels[s])
		}
	}
}
