package graph

import "github.com/macaw-ai/macaw/chip"

// passes rewrites a lowered program and settles its storage.
type passes func(dev chip.Device, p *program) error

// passes are the optimising ones and those that the program's settings ask for.
func (o Program) passes() passes {
	return func(dev chip.Device, p *program) error {
		if err := rewrite(dev, p); err != nil {
			return err
		}
		if o.Precision == MixedPrecision {
			mixed(p)
		}
		if o.Memory > 0 {
			if err := recompute(p, o.Memory); err != nil {
				return err
			}
		}
		settle(p)
		return nil
	}
}

// rewrite runs the passes that keep what the program computes.
func rewrite(dev chip.Device, p *program) error {
	deadcode(p)
	if err := fold(dev, p); err != nil {
		return err
	}
	recogniseGELU(p)
	recogniseLayerNorm(p)
	deadcode(p)
	simplify(p)
	recogniseAttention(p)
	cse(p)
	deadcode(p)
	fuseEpilogues(p)
	fuseGradients(p)
	fuseMaps(p)
	fuseSiblings(p)
	deadcode(p)
	return nil
}
