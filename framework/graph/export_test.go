package graph

import "github.com/macaw-ai/macaw/chip"

// CompilePlain compiles without optimising passes, for comparison.
func CompilePlain(dev chip.Device, p Program) (*Executable, error) {
	return compile(dev, p.graph(), p, plain)
}
