package optim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
)

// Plateau lowers the rate when a measured value stops falling: after more than
// Patience observations in a row that are not below the best one by the share
// Threshold of it, the rate is multiplied by Factor. Unlike other schedules it
// has a memory, which MarshalBinary gives to checkpoints. Its rate depends on
// what was observed, not on the step.
// As torch.optim.lr_scheduler.ReduceLROnPlateau in mode "rel".
type Plateau struct {
	Max       float32
	Min       float32
	Factor    float64 // 0 means 0.1
	Patience  int     // 0 means 10; negative means none: the first one counts
	Threshold float64 // 0 means 1e-4; negative means 0
	Cooldown  int     // observations after a reduction that are not counted as bad
	Higher    bool    // larger values are better

	memory plateau
}

// plateau is what has been observed.
type plateau struct {
	Seen     bool    `json:"seen"`
	Best     float64 `json:"best"`
	Bad      int     `json:"bad"`      // observations since the best one
	Cooling  int     `json:"cooling"`  // left of the cooldown
	Lowering int     `json:"lowering"` // reductions so far
}

// At returns the present rate, whatever the step.
func (p *Plateau) At(int) float32 {
	rate := float64(p.Max) * math.Pow(cmp.Or(p.Factor, 0.1), float64(p.memory.Lowering))
	return max(float32(rate), p.Min)
}

// Observe takes one measured value, usually once per epoch. NaN is never better.
func (p *Plateau) Observe(v float64) {
	m := &p.memory
	switch {
	case p.better(v):
		m.Seen, m.Best, m.Bad = true, v, 0
	default:
		m.Bad++
	}
	if m.Cooling > 0 {
		m.Cooling--
		m.Bad = 0
	}
	patience := p.Patience
	if patience == 0 {
		patience = 10
	}
	if m.Bad > max(patience, 0) {
		m.Lowering++
		m.Bad, m.Cooling = 0, p.Cooldown
	}
}

func (p *Plateau) better(v float64) bool {
	if !p.memory.Seen {
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	best, gain := p.memory.Best, max(cmp.Or(p.Threshold, 1e-4), 0)
	if p.Higher {
		return v > best+gain*math.Abs(best) && !math.IsInf(v, 0)
	}
	return v < best-gain*math.Abs(best) && !math.IsInf(v, 0)
}

// MarshalBinary gives what the schedule remembers.
func (p *Plateau) MarshalBinary() ([]byte, error) { return json.Marshal(p.memory) }

// UnmarshalBinary takes it back; the settings stay as they are.
func (p *Plateau) UnmarshalBinary(data []byte) error {
	var m plateau
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("restore plateau: %w", err)
	}
	if m.Bad < 0 || m.Cooling < 0 || m.Lowering < 0 {
		return fmt.Errorf("restore plateau: a count is negative in %s", data)
	}
	p.memory = m
	return nil
}
