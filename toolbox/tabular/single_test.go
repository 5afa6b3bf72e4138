//go:build bench

package tabular

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/toolbox"
)

// TestLarge fits each recipe's first configuration, or MACAW_BENCH_CONFIG (JSON),
// once on one split of a large set, with a fifth of the training part to validate on, and says how long it takes:
//
//	MACAW_BENCH=OUT go test -tags bench -run TestLarge -v ./toolbox/tabular
func TestLarge(t *testing.T) {
	dir := os.Getenv("MACAW_BENCH")
	if dir == "" {
		t.Skip("MACAW_BENCH names no folder")
	}
	s := readPeerSet(t, filepath.Join(dir, "letter.json"))
	sp := s.Splits[0]
	u := s.table
	u.val, u.train = sp.Train[:len(sp.Train)/5], sp.Train[len(sp.Train)/5:]
	for _, name := range []string{"random-trees", "boosted-trees", "network", "linear"} {
		if only := os.Getenv("MACAW_BENCH_RECIPES"); only != "" && only != name {
			continue
		}
		r := toolbox.Lookup(name)
		config := r.Portfolio[0]
		if raw := os.Getenv("MACAW_BENCH_CONFIG"); raw != "" {
			if err := json.Unmarshal([]byte(raw), &config); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		m, err := fits[name](&u, context.Background(), r.Space.Fill(config), toolbox.Budget{Fidelity: 1}, func(p toolbox.Progress) {})
		if err != nil {
			t.Fatal(err)
		}
		trained := time.Since(start)
		t.Logf("%-14s validation %.4f test %.4f in %.1fs, %.1f MB, %s", name, s.score(m.Val, u.val), s.score(m.predict(sp.Test), sp.Test),
			trained.Seconds(), float64(len(m.Model.Marshal()))/1e6, m.Note)
	}
}
