package cpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/chiptest"
)

// testTiers are what this machine would choose if it were another one.
var testTiers = []*tier{&largeTiles}

// TestConformance runs the suite on every tier that this machine has.
func TestConformance(t *testing.T) {
	for _, tier := range append(slices.Clone(tiers), testTiers...) {
		if !tier.usable() {
			t.Logf("this machine has no %s", tier.name)
			continue
		}
		for _, threads := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s/threads=%d", tier.name, threads), func(t *testing.T) {
				chiptest.Run(t, func() chip.Device { return newDevice(threads, tier) })
			})
		}
	}
}
