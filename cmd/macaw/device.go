package main

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
)

// device makes what models compute on: so many threads of the processor, 0 for
// all cores.
func device(threads int) chip.Device { return cpu.New(cpu.Options{Threads: threads}) }
