package onnx

import (
	"context"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// FuzzSession loads and runs whatever parses: it may fail, not panic or hang.
func FuzzSession(f *testing.F) {
	for _, c := range allCases {
		m, _ := c.model()
		if raw := m.Marshal(); len(raw) < 2000 {
			f.Add(raw)
		}
	}
	f.Add(tokenizerModel().Marshal())
	for name := range sequenceModels {
		f.Add(sequenceModel(name).Marshal())
	}
	f.Add(valuesModel().Marshal())
	f.Add(functionModel().Marshal())
	f.Add(zipMapModel().Marshal())
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Unmarshal(raw)
		if err != nil || hugeConstants(m.Graph) {
			return
		}
		for _, fn := range m.Functions {
			if hugeConstants(&Graph{Nodes: fn.Nodes}) {
				return
			}
		}
		for _, dev := range []bool{false, true} {
			s, err := newSessionOn(m, dev)
			if err != nil {
				return
			}
			runAnything(s)
			s.Close()
		}
	})
}

func newSessionOn(m *Model, dev bool) (*Session, error) {
	if dev {
		return NewSession(m, device)
	}
	return NewSession(m, nil)
}

// hugeConstants spares the fuzzer models that ask for large results, which are
// refused above a limit that is meant for servers.
func hugeConstants(g *Graph) bool {
	for _, t := range g.Initializers {
		v, err := t.Tensor()
		if err != nil {
			continue
		}
		if n, err := int64s(v); err == nil {
			for _, d := range n {
				if d > 64 && d < 1<<40 {
					return true
				}
			}
		}
	}
	for _, n := range g.Nodes {
		for _, a := range n.Attributes {
			if a.I > 64 || a.T != nil || a.G != nil && hugeConstants(a.G) {
				return true
			}
			for _, v := range a.Ints {
				if v > 64 {
					return true
				}
			}
		}
	}
	return false
}

func runAnything(s *Session) {
	feeds := map[string]Value{}
	for _, in := range s.Inputs() {
		if typ := in.Type; typ != nil && typ.Sequence != nil {
			feeds[in.Name] = SequenceValue()
			continue
		} else if typ != nil && typ.Optional != nil {
			feeds[in.Name] = None()
			continue
		} else if typ != nil && typ.Map != nil {
			feeds[in.Name] = MapValue(ints(1), floats(2))
			continue
		}
		dims, _ := in.Dims()
		shape := make([]int, len(dims))
		for i, d := range dims {
			shape[i] = 2
			if n, ok := d.(int); ok {
				shape[i] = n
			}
		}
		if in.DType() == 0 || checkShape(shape) != nil || tensor.Size(shape) > 1<<12 {
			return
		}
		feeds[in.Name] = TensorValue(tensor.New(in.DType(), shape...))
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	s.RunValues(ctx, feeds)
}
