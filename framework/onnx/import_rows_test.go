package onnx

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// TestImportRows: imported networks give what the host gives on the rows of the
// operators' own tests that have floats, with their sizes known and, where a graph
// has a form for them, symbolic; and so do the models that they are exported as. The exceptions are formless and most of ai.onnx.ml.
func TestImportRows(t *testing.T) {
	rows := 0
	check := func(name, op string, m *Model, feeds map[string]*tensor.Tensor) {
		fixed := map[string]*tensor.Tensor{}
		floats := false
		byValue := readByValue(m.Graph)
		for in, x := range feeds {
			switch x.DType() {
			case tensor.Float32:
				floats = true
			case tensor.Int64, tensor.Int32, tensor.Bool:
			default:
				return
			}
			if byValue[in] {
				fixed[in] = x
			}
		}
		if !floats || len(fixed) == len(feeds) || formless[op] != "" || strings.HasPrefix(op, MLDomain) && lifters[op] == nil {
			return
		}
		s, err := NewSession(m, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		defer s.Close()
		want, err := s.Run(context.Background(), feeds)
		if err != nil {
			return
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(want)), func(t *tensor.Tensor) bool { return onDevice(t.DType()) }) {
			return
		}
		for _, sizes := range []map[string]int{lengths(feeds), nil} {
			if sizes == nil && strings.HasPrefix(name, "Squeeze") && len(m.Graph.Nodes[0].Inputs) == 1 {
				continue // which axes have length 1 must be known
			}
			got, net, err := importRun(m, feeds, ImportOptions{Fixed: fixed, Sizes: sizes})
			if err != nil {
				if sizes != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			rows++
			again, err := runAgain(net, feeds)
			if err != nil && !(sizes == nil && sizeless[op]) {
				t.Errorf("%s, sizes %v, exported again: %v", name, sizes, err)
			}
			for out, w := range want {
				if !onDevice(w.DType()) {
					continue
				}
				if diff := compare(got[out], w, 1e-4); diff != "" {
					t.Errorf("%s, sizes %v: output %s: %s", name, sizes, out, diff)
				}
				if err != nil {
					continue
				}
				if diff := compare(again[out], w, 1e-4); diff != "" {
					t.Errorf("%s, sizes %v, exported again: output %s: %s", name, sizes, out, diff)
				}
			}
		}
	}
	for i, c := range allCases {
		m, feeds := c.model()
		check(fmt.Sprintf("%s/%d", c.op, i), c.op, m, feeds)
	}
	for _, c := range gradientModels() {
		check(c.name, c.ops[0], c.model, c.feeds)
	}
	t.Logf("rows run %d times as imported networks", rows)
}

// sizeless lists the operators that need the sizes of an input but not the input,
// without which no value of an exported model has them.
var sizeless = map[string]bool{"Shape": true, "Size": true, "EyeLike": true}

// runAgain exports net and runs the model on the host.
func runAgain(net *Network, feeds map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	again, err := net.exported()
	if err != nil {
		return nil, err
	}
	s, err := NewSession(again, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	rest := map[string]*tensor.Tensor{}
	for _, in := range s.Inputs() { // those that are read
		rest[in.Name] = feeds[in.Name]
	}
	return s.Run(context.Background(), rest)
}

// lengths are the sizes of feeds under the names that NewInputs gives them.
func lengths(feeds map[string]*tensor.Tensor) map[string]int {
	sizes := map[string]int{}
	for name, x := range feeds {
		for i, n := range x.Shape() {
			sizes[fmt.Sprintf("%s_%d", name, i)] = n
		}
	}
	return sizes
}
