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
// has a form for them, symbolic. The exceptions are formless and ai.onnx.ml.
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
		if !floats || len(fixed) == len(feeds) || formless[op] != "" || strings.HasPrefix(op, MLDomain) {
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
			got, _, err := importRun(m, feeds, ImportOptions{Fixed: fixed, Sizes: sizes})
			if err != nil {
				if sizes != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			rows++
			for out, w := range want {
				if !onDevice(w.DType()) {
					continue
				}
				if diff := compare(got[out], w, 1e-4); diff != "" {
					t.Errorf("%s, sizes %v: output %s: %s", name, sizes, out, diff)
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
