package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/model"
)

// inference is a model on made-up inputs.
type inference struct {
	ctx     context.Context
	session *onnx.Session
	inputs  map[string]*tensor.Tensor
}

func (w *inference) run() ([]graph.Span, error) {
	_, spans, err := w.session.RunTraced(w.ctx, w.inputs)
	return spans, err
}

func (w *inference) close() { w.session.Close() }

func (c *profileCmd) openModel(e *env, dev chip.Device) (workload, error) {
	m, err := c.readModel(e)
	if err != nil {
		return nil, err
	}
	s, err := onnx.NewSession(m, dev)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "The model %s cannot be run: %w", c.Model, err)
	}
	w := &inference{e.ctx, s, map[string]*tensor.Tensor{}}
	lengths := map[string]int{}
	for _, in := range s.Inputs() {
		t, err := c.input(in, lengths)
		if err != nil {
			s.Close()
			return nil, err
		}
		w.inputs[in.Name] = t
	}
	if err := c.checkDims(lengths); err != nil {
		s.Close()
		return nil, err
	}
	// The first run compiles; the traced ones then measure.
	if _, err := s.Run(e.ctx, w.inputs); err != nil {
		s.Close()
		if e.ctx.Err() != nil {
			return nil, err
		}
		return nil, fault.Errorf(fault.Invalid, "The model cannot be run on made-up inputs%s: %w", dimList(" with --dim ", lengths), err)
	}
	return w, nil
}

// checkDims refuses lengths for dimensions that the model does not have or fixes.
func (c *profileCmd) checkDims(lengths map[string]int) error {
	for name := range c.Dim {
		if _, ok := lengths[name]; !ok {
			return fault.Errorf(fault.Invalid, "The model has no open dimension %q%s.", name, dimList("; it has ", lengths))
		}
	}
	return nil
}

// dimList tells the lengths of the open dimensions, if there are any.
func dimList(intro string, lengths map[string]int) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(lengths)) {
		list = append(list, fmt.Sprintf("%s=%d", name, lengths[name]))
	}
	if len(list) == 0 {
		return ""
	}
	return intro + strings.Join(list, " ")
}

func (c *profileCmd) readModel(e *env) (*onnx.Model, error) {
	if strings.HasSuffix(c.Model, ".onnx") {
		b, err := os.ReadFile(c.Model)
		if err != nil {
			return nil, fault.Errorf(fault.NotFound, "The model %s cannot be read: %w", c.Model, err)
		}
		m, err := onnx.Unmarshal(b)
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "%s is no ONNX model: %w", c.Model, err)
		}
		return m, nil
	}
	st, err := store.Open(e.home)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	pkg, err := model.NewRegistry(st).Open(e.ctx, c.Model)
	if err != nil {
		return nil, err
	}
	return pkg.Model()
}

// Defaults of dimensions that a model leaves open.
const (
	profileBatch  = 32
	profileLength = 64
)

// input makes random numbers, small integers or words for an input. Its first
// dimension, when open, is the batch. lengths gets those of open dimensions.
func (c *profileCmd) input(in *onnx.ValueInfo, lengths map[string]int) (*tensor.Tensor, error) {
	dims, ok := in.Dims()
	if !ok || in.DType() == 0 {
		return nil, fault.Errorf(fault.Invalid, "The model's input %q has no known tensor shape, so it cannot be made up.", in.Name)
	}
	shape := make([]int, len(dims))
	for i, d := range dims {
		name, open := d.(string)
		if !open {
			shape[i] = d.(int)
			continue
		}
		if name == "" {
			name = fmt.Sprintf("%s.%d", in.Name, i)
		}
		n, given := c.Dim[name]
		switch {
		case given:
			shape[i] = n
		case i == 0 && c.Batch > 0:
			shape[i] = c.Batch
		case i == 0:
			shape[i] = profileBatch
		default:
			shape[i] = profileLength
		}
		if shape[i] < 0 {
			return nil, fault.Errorf(fault.Invalid, "The dimension %q of input %q cannot be %d.", name, in.Name, shape[i])
		}
		lengths[name] = shape[i]
	}
	return madeUp(in.DType(), shape)
}

// madeUp fills a tensor with numbers that depend on its shape alone. Integers
// are 0 and 1, which most models take as an index or a mask.
func madeUp(dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	const most = 1 << 30 // numbers
	n := 1
	for _, d := range shape {
		if d > 0 && n > most/d {
			return nil, fault.Errorf(fault.Invalid, "An input of shape %v is too large to be made up; lower --batch or --dim.", shape)
		}
		n *= d
	}
	t := tensor.New(dt, shape...)
	r := rand.New(rand.NewPCG(1, uint64(t.Len())))
	switch v := t.Data().(type) {
	case []float32:
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
	case []float64:
		for i := range v {
			v[i] = r.NormFloat64()
		}
	case []int64:
		for i := range v {
			v[i] = r.Int64N(2)
		}
	case []int32:
		for i := range v {
			v[i] = r.Int32N(2)
		}
	case []uint8:
		for i := range v {
			v[i] = uint8(r.UintN(256))
		}
	case []bool:
		for i := range v {
			v[i] = r.IntN(2) == 1
		}
	case []string:
		words := strings.Fields("a model answers what the data asked before it was trained")
		for i := range v {
			for range 12 {
				v[i] += words[r.IntN(len(words))] + " "
			}
		}
	}
	return t, nil
}
