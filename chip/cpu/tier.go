package cpu

import (
	"os"
	"slices"
)

// tier is one set of kernels.
type tier struct {
	matrix
	packers
	vectors
	colVectors
	updateVectors
	bfloats
	winograds
	integers
	bfloatPairs
	maps       mapFns
	name       string
	usable     func() bool
	maxPoolRow func(p *poolRow)             // nil where windows are taken one by one
	silu, gelu func(dst, a, b, c []float32) // of a
	// fmaLoop runs rounds of multiply-adds in registers and returns their number of operations.
	fmaLoop func(rounds int) float64
}

// generic runs everywhere.
var generic = tier{matrix: goTiles(tileShape{6, 16, 8}, []int{6}, 8, 16), packers: goPackers, vectors: goVectors, colVectors: goColVectors, updateVectors: goUpdates, bfloats: goBFloats, integers: integers{intShape: tileShape{6, 16, 8}, terms: 2, lowRows: 2, intLoop: goIntLoop}, maps: goMaps, name: "generic", silu: goSiLU, gelu: goGELU, fmaLoop: goFMALoop, usable: func() bool { return true }}

// tiers lists what this build has, best first.
var tiers = []*tier{&generic}

// Tiers names the tiers that this processor can run, best first.
func Tiers() (names []string) {
	for _, t := range tiers {
		if t.usable() {
			names = append(names, t.name)
		}
	}
	return names
}

// bestTier is the best usable tier, or the one that MACAW_CPU names; the generic
// one where that cannot run.
func bestTier() *tier {
	want := os.Getenv("MACAW_CPU")
	i := slices.IndexFunc(tiers, func(t *tier) bool { return t.usable() && (want == "" || want == t.name) })
	if i < 0 {
		return &generic
	}
	return tiers[i]
}
