package llama

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/macaw-ai/macaw/framework/nn"
)

// ReadCheckpoint reads a model in the first format of llama2.c, size bytes long:
// seven int32 (width, hidden, layers, heads, key and value heads, vocabulary,
// context; a negative vocabulary means a head of its own), then float32 arrays,
// each kind of all layers together. BOS is 1 and EOS 2 as in its vocabularies.
func ReadCheckpoint(r io.Reader, size int64) (*Model, error) {
	var h [7]int32
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrFormat, err)
	}
	c := nn.DecoderConfig{Width: int(h[0]), Hidden: int(h[1]), Layers: int(h[2]), Heads: int(h[3]), KeyValueHeads: int(h[4]),
		Vocab: int(h[5]), Untied: h[5] < 0, Eps: 1e-5}
	if c.Untied {
		c.Vocab = -c.Vocab
	}
	context := int(h[6])
	if err := checkConfig(c, context); err != nil {
		return nil, err
	}
	order, want := checkpointOrder(c, context)
	if want != float64(size) {
		return nil, fmt.Errorf("%w: the file has %d bytes, its header means %.0f", ErrFormat, size, want)
	}
	m := &Model{Params: nn.NewParams(0), Context: context, BOS: 1, EOS: 2}
	m.Decoder = nn.NewDecoder(m.Params, c)
	for _, w := range order {
		values := make([]float32, w.len())
		if err := binary.Read(r, binary.LittleEndian, values); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrFormat, w.name, err)
		}
		if w.name == "" {
			continue
		}
		if err := m.set(w, values); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// checkpointOrder lists the arrays of a file and its size in bytes, which
// float64 holds without overflow. The tables of rotary angles have no name.
func checkpointOrder(c nn.DecoderConfig, context int) (order []weight, bytes float64) {
	order = append(order, embeddingWeight(c))
	for _, kind := range []string{"attention_norm", "query", "key", "value", "output", "feed_norm", "gate", "down", "up"} {
		for i := range c.Layers {
			order = append(order, blockWeights(c, i)[kind])
		}
	}
	order = append(order, normWeight(c), weight{rows: context, cols: c.Width / c.Heads})
	if c.Untied {
		order = append(order, headWeight(c))
	}
	bytes = 28
	for _, w := range order {
		bytes += 4 * float64(w.len())
	}
	return order, math.Trunc(bytes)
}
