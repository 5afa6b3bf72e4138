package main

import (
	"os"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/internal/fault"
)

// device makes what models compute on: so many threads of the processor, 0 for
// all cores.
func device(threads int) chip.Device { return cpu.New(cpu.Options{Threads: threads}) }

// checkTier refuses a MACAW_CPU that names no kernels for this processor: plain
// Go, which would run instead, is many times slower.
func checkTier() error {
	if tier := os.Getenv("MACAW_CPU"); tier != "" && !slices.Contains(cpu.Tiers(), tier) {
		return fault.Errorf(fault.Invalid, "MACAW_CPU is %q, but this processor has kernels named %s alone; unset it for the fastest.", tier, strings.Join(cpu.Tiers(), ", "))
	}
	return nil
}
