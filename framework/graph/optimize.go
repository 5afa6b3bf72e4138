package graph

import "github.com/macaw-ai/macaw/chip"

// passes rewrites a lowered program and settles its storage.
type passes func(dev chip.Device, p *program) error

// optimize runs the passes, each of which keeps what the program computes.
func optimize(dev chip.Device, p *program) error {
	deadcode(p)
	if err := fold(dev, p); err != nil {
		return err
	}
	simplify(p)
	cse(p)
	deadcode(p)
	fuseEpilogues(p)
	fuseGradients(p)
	fuseMaps(p)
	fuseSiblings(p)
	deadcode(p)
	settle(p)
	return nil
}
