package lora

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Config configures New. The zero value adapts every trainable variable of two
// and more axes with rank 8.
type Config struct {
	Rank    int                             // 0 means 8
	Alpha   float32                         // 0 means Rank, a scale of 1
	Targets func(name string, s []int) bool // which variables, by full name and shape; nil means all
	Seed    uint64                          // of A
}

func (c Config) withDefaults() Config {
	if c.Rank == 0 {
		c.Rank = 8
	}
	if c.Alpha == 0 {
		c.Alpha = float32(c.Rank)
	}
	if c.Targets == nil {
		c.Targets = func(string, []int) bool { return true }
	}
	return c
}

// Adapters are the low-rank changes of some variables.
type Adapters struct {
	params *nn.Params
	list   []*adapter
	of     map[*graph.Variable]*adapter
	config Config
}

// adapter changes one variable, seen as a matrix [in, out].
type adapter struct {
	weight *graph.Variable
	a, b   *graph.Variable // [in, rank], [rank, out]
}

// New makes adapters for the trainable variables of base that have two and more
// axes and are targets. It panics on a negative rank and when nothing is adapted.
func New(base *nn.Params, c Config) *Adapters {
	c = c.withDefaults()
	if c.Rank < 0 {
		panic(fmt.Sprintf("lora.New: the rank is %d", c.Rank))
	}
	l := &Adapters{params: nn.NewParams(c.Seed), of: map[*graph.Variable]*adapter{}, config: c}
	for _, v := range base.Trainable() {
		if len(v.Shape()) < 2 || !c.Targets(v.Name(), v.Shape()) {
			continue
		}
		in, out := matrix(v.Shape())
		p := l.params.Sub(v.Name())
		d := &adapter{weight: v, a: p.Weight("lora_a", nn.LeCunUniform, in, c.Rank), b: p.Weight("lora_b", nn.Zeros, c.Rank, out)}
		l.list, l.of[v] = append(l.list, d), d
	}
	if len(l.list) == 0 {
		panic("lora.New: no variable is a target")
	}
	return l
}

// matrix joins all axes but the last.
func matrix(shape []int) (in, out int) {
	out = shape[len(shape)-1]
	return tensor.Size(shape[:len(shape)-1]), out
}

// Params holds the adapters' variables, "<weight>/lora_a" and "<weight>/lora_b".
func (l *Adapters) Params() *nn.Params { return l.params }

func (l *Adapters) scale() float32 { return l.config.Alpha / float32(l.config.Rank) }

// Merge adds the adapters to the weights of the base and sets B to zero, so that
// adapted and plain graphs agree from then on.
func (l *Adapters) Merge() error {
	for _, d := range l.list {
		w, a, b := d.weight.Value(), d.a.Value().Float32s(), d.b.Value()
		rank, out := l.config.Rank, b.Shape()[1]
		for i := range w.Len() / max(out, 1) {
			row := w.Float32s()[i*out : (i+1)*out]
			for j := range row {
				sum := 0.0
				for r := range rank {
					sum += float64(a[i*rank+r]) * float64(b.Float32s()[r*out+j])
				}
				row[j] += float32(float64(l.scale()) * sum)
			}
		}
		if err := d.weight.Set(w); err != nil {
			return fmt.Errorf("merge adapters: %w", err)
		}
		if err := d.b.Set(tensor.New(tensor.Float32, b.Shape()...)); err != nil {
			return fmt.Errorf("merge adapters: %w", err)
		}
	}
	return nil
}
