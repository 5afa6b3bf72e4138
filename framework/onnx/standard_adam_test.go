package onnx

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAdamMultiple shows why missingCases has test_adam_multiple: its results are those
// of the epsilon 0.01, and its model, which gives none, means 1e-6.
func TestAdamMultiple(t *testing.T) {
	dir := filepath.Join(standardCases, "node", "test_adam_multiple")
	b, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Skipf("the standard cases are not here; install libonnx-testdata (%v)", err)
	}
	m, err := Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	adam := m.Graph.Nodes[0]
	for _, a := range adam.Attributes {
		if a.Name == "epsilon" {
			t.Fatalf("the case gives an epsilon of %v", a.F)
		}
	}
	adam.Attributes = append(adam.Attributes, &Attribute{Name: "epsilon", Type: AttrFloat, F: 0.01})
	s, err := NewSession(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := runStandardSet(s, filepath.Join(dir, "test_data_set_0")); err != nil {
		t.Error(err)
	}
}
