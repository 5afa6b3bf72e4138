package optim_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden plans")

// TestPlans compares the instructions of training steps with those on file, so
// that a change of fusion or of the memory plan is seen.
func TestPlans(t *testing.T) {
	for name, w := range workloads {
		t.Run(name, func(t *testing.T) {
			s := w.prepare(t, 1)
			got := s.exec.Stats().String() + "\n" + s.exec.Dump()
			path := filepath.Join("testdata", name+".plan")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the plan has changed; if it should, run go test with -update\n%s", got)
			}
		})
	}
}
