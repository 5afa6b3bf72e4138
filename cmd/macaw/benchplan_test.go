package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPlans guards speed without a clock: it compares what the compiled
// training steps of the comparison with PyTorch do, kernel calls by operator,
// arithmetic, bytes moved and memory, with testdata/plans.txt. A change that
// means to alter them runs with -update and shows the difference in the file.
func TestPlans(t *testing.T) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(trainModels)) {
		w, err := newTrainStep(name, 0, graph.FullPrecision, cpu.New(cpu.Options{Threads: 2}))
		if err != nil {
			t.Fatal(err)
		}
		spans, err := w.run()
		if err != nil {
			t.Fatal(err)
		}
		calls, s := map[string]int{}, w.exec.Stats()
		for _, span := range spans {
			if span.Worker == 0 {
				calls[span.Kind()]++
			}
		}
		w.close()
		fmt.Fprintf(&b, "%s: %d kernel calls, %d floating-point operations, %d bytes moved, arena %d bytes, variables and constants %d bytes\n", name, s.Instrs, s.FLOPs, s.Bytes, s.Arena, s.Fixed)
		for _, kind := range slices.Sorted(maps.Keys(calls)) {
			fmt.Fprintf(&b, "\t%s %d\n", kind, calls[kind])
		}
	}
	const golden = "testdata/plans.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the plans have changed; -update accepts this:\n%s", b.String())
	}
}
