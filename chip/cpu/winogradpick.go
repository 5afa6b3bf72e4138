package cpu

// algorithm is how a 3×3 convolution that moves by one is computed.
type algorithm int

const (
	bestAlgorithm algorithm = iota // by shape
	direct
	winograd2 // F(2×2, 3×3)
	winograd4 // F(4×4, 3×3)
)

// pickWinograd chooses the transforms of a convolution, nil for the direct one.
func (c *call) pickWinograd(n, rows, cols, in, out int) *transforms {
	return c.forced(in, out)
}

func (c *call) pickWinogradGradWeight(n, rows, cols, in, out int) *transforms {
	return c.forced(in, out)
}

func (c *call) forced(in, out int) *transforms {
	var f *transforms
	switch c.dev.algorithm {
	case winograd2:
		f = c.tier.winograds.f2
	case winograd4:
		f = c.tier.winograds.f4
	}
	if f == nil || min(in, out) < f.least {
		return nil
	}
	return f
}
