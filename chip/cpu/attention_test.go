package cpu

import (
	"testing"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/chiptest"
)

// FuzzAttention tries shapes against plain loops in float64.
func FuzzAttention(f *testing.F) {
	f.Add(uint8(2), uint8(1), uint16(33), uint16(33), uint8(16), uint8(9), uint8(1))
	f.Add(uint8(1), uint8(3), uint16(5), uint16(600), uint8(3), uint8(40), uint8(2))
	f.Add(uint8(3), uint8(2), uint16(97), uint16(25), uint8(70), uint8(8), uint8(3))
	f.Fuzz(func(t *testing.T, group, shared uint8, queries, keys uint16, d, e, flags uint8) {
		s := chip.AttentionSizes{N: 2, K: 1 + int(shared%3), T: int(queries % 700), S: int(keys % 700), D: 1 + int(d%80), E: 1 + int(e%80)}
		s.H = s.K * (1 + int(group%3))
		s.S = min(s.S, 4_000_000/((s.T+1)*s.H*(s.D+s.E))) // bounds the plain loops
		for _, tier := range usable() {
			dev := newDevice(2, tier)
			chiptest.RunAttention(t, dev, s, flags&1 != 0, flags&2 != 0)
			dev.Close()
		}
	})
}
