package llama

import (
	"errors"
	"fmt"

	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// ErrFormat is wrapped by errors about what a file holds.
var ErrFormat = errors.New("not a usable llama model")

// Model is a decoder with what a checkpoint says about its use.
type Model struct {
	Decoder *nn.Decoder
	Params  *nn.Params
	Context int // tokens that it was trained to see
	BOS     int // the token before a text
	EOS     int // the token behind a text
}

// Limits of a model's sizes, far above any published one. They keep products of
// sizes from overflowing.
const (
	maxSize   = 1 << 20
	maxLayers = 1 << 12
)

// checkConfig reports sizes that no decoder has.
func checkConfig(c nn.DecoderConfig, context int) error {
	for _, n := range []int{c.Vocab, c.Width, c.Heads, c.KeyValueHeads, c.Hidden, context} {
		if n < 1 || n > maxSize {
			return fmt.Errorf("%w: a size of %d", ErrFormat, n)
		}
	}
	if c.Layers < 1 || c.Layers > maxLayers {
		return fmt.Errorf("%w: %d layers", ErrFormat, c.Layers)
	}
	if err := c.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return nil
}

// weight is one array of a checkpoint: a matrix [out, in] or a vector.
type weight struct {
	name string // of the decoder's variable, whose matrices are [in, out]
	file string // in a folder of transformers
	rows int    // 0 for a vector
	cols int
	keep bool // the variable is [out, in] too: an embedding
	pair int  // heads whose rows rotary positions pair; 0 means none
}

func (w weight) len() int64 { return int64(max(w.rows, 1)) * int64(w.cols) }

// blockWeights lists the arrays of layer i.
func blockWeights(c nn.DecoderConfig, i int) map[string]weight {
	kv := c.Width / c.Heads * c.KeyValueHeads
	ours, theirs := fmt.Sprintf("block%d/", i+1), fmt.Sprintf("model.layers.%d.", i)
	return map[string]weight{
		"attention_norm": {name: ours + "attention_norm/gamma", file: theirs + "input_layernorm.weight", cols: c.Width},
		"query":          {name: ours + "attention/query/weight", file: theirs + "self_attn.q_proj.weight", rows: c.Width, cols: c.Width, pair: c.Heads},
		"key":            {name: ours + "attention/key/weight", file: theirs + "self_attn.k_proj.weight", rows: kv, cols: c.Width, pair: c.KeyValueHeads},
		"value":          {name: ours + "attention/value/weight", file: theirs + "self_attn.v_proj.weight", rows: kv, cols: c.Width},
		"output":         {name: ours + "attention/output/weight", file: theirs + "self_attn.o_proj.weight", rows: c.Width, cols: c.Width},
		"feed_norm":      {name: ours + "feed_norm/gamma", file: theirs + "post_attention_layernorm.weight", cols: c.Width},
		"gate":           {name: ours + "feed/gate/weight", file: theirs + "mlp.gate_proj.weight", rows: c.Hidden, cols: c.Width},
		"up":             {name: ours + "feed/up/weight", file: theirs + "mlp.up_proj.weight", rows: c.Hidden, cols: c.Width},
		"down":           {name: ours + "feed/down/weight", file: theirs + "mlp.down_proj.weight", rows: c.Width, cols: c.Hidden},
	}
}

func embeddingWeight(c nn.DecoderConfig) weight {
	return weight{name: "embedding/table", file: "model.embed_tokens.weight", rows: c.Vocab, cols: c.Width, keep: true}
}

func normWeight(c nn.DecoderConfig) weight {
	return weight{name: "norm/gamma", file: "model.norm.weight", cols: c.Width}
}

func headWeight(c nn.DecoderConfig) weight {
	return weight{name: "head/weight", file: "lm_head.weight", rows: c.Vocab, cols: c.Width}
}

// weights lists all arrays of a model.
func weights(c nn.DecoderConfig) []weight {
	list := []weight{embeddingWeight(c), normWeight(c)}
	if c.Untied {
		list = append(list, headWeight(c))
	}
	for i := range c.Layers {
		for _, w := range blockWeights(c, i) {
			list = append(list, w)
		}
	}
	return list
}

// set stores the values of an array, rows first, in the model's variable.
func (m *Model) set(w weight, values []float32) error {
	t := tensor.Of(values, w.shape()...)
	if w.rows > 0 && !w.keep {
		t = tensor.Of(transposed(values, w.rows, w.cols), w.cols, w.rows)
	}
	return m.Params.Get(w.name).Set(t)
}

// get is the inverse of set.
func (m *Model) get(w weight) []float32 {
	values := m.Params.Get(w.name).Value().Float32s()
	if w.rows > 0 && !w.keep {
		return transposed(values, w.cols, w.rows)
	}
	return values
}

func transposed(v []float32, rows, cols int) []float32 {
	out := make([]float32, len(v))
	for r := range rows {
		for c, x := range v[r*cols : (r+1)*cols] {
			out[c*rows+r] = x
		}
	}
	return out
}
