package cpu

import (
	"math/rand/v2"
	"testing"
)

// TestPackTwins compares the packers with their Go twins, and holds what they
// may write.
func TestPackTwins(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, tier := range usable() {
		for _, k := range edges {
			for n := 1; n <= tier.group; n++ {
				lane, stride := k+3, n+5
				src := random(r, tier.group*lane+guard)
				got, want := newGuarded(make([]float32, k*stride)), newGuarded(make([]float32, k*stride))
				tier.exactly(got.in, addressOf(src), 4*lane, n, k, stride)
				goTransposed(want.in, addressOf(src), 4*lane, n, k, stride)
				if err := closeTo(got.all, want.all, 0); err != nil {
					t.Errorf("%s: %d lanes of %d: %v", tier.name, n, k, err)
				}
			}
		}
		for _, width := range []int{tier.rows, tier.cols, tier.narrow, 5} {
			for _, n := range []int{0, 1, 2, 7} {
				for _, rows := range []int{0, 1, 3} {
					g := groups{n, width + 3, width + 1, rows, n*(width+3) + 2, n*(width+1) + 5}
					src := random(r, rows*g.fromRow)
					got, want := newGuarded(make([]float32, rows*g.toRow)), newGuarded(make([]float32, rows*g.toRow))
					tier.lanes(addressOf(got.in), addressOf(src), width, g)
					goLanes(addressOf(want.in), addressOf(src), width, g)
					if err := closeTo(got.all, want.all, 0); err != nil {
						t.Errorf("%s: %d rows of %d groups of %d: %v", tier.name, rows, n, width, err)
					}
				}
			}
		}
	}
}
