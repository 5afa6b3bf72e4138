// Package cpu runs chip programs on the processor's vector units.
//
// Kernels come in tiers: Go code that runs everywhere, and assembly that is
// chosen at run time by what the processor offers: AVX-512, else AVX2. The
// environment variable MACAW_CPU=avx512|avx2|generic forces a tier; where it
// names none of Tiers, the generic one runs.
package cpu

import (
	"runtime"

	"github.com/macaw-ai/macaw/chip"
)

// Options configures a Device. The zero value uses every core.
type Options struct {
	Threads int // workers of one program; 0 means GOMAXPROCS
}

// Device computes on the host's cores.
type Device struct {
	pool  *pool
	tier  *tier
	info  chip.Info
	packs prepacks

	algorithm algorithm // of 3×3 convolutions; tests force one
}

var (
	_ chip.Device  = (*Device)(nil)
	_ chip.Wrapper = (*Device)(nil)
)

// New returns a device. Its workers start with the first parallel work, sleep
// when there is none, and end with Close or when the device is unreachable.
func New(o Options) chip.Device {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	d := newDevice(o.Threads, bestTier())
	return d
}

func newDevice(threads int, t *tier) *Device {
	d := &Device{pool: newPool(threads), tier: t}
	d.info = chip.Info{Kind: "cpu", Model: modelName(), Threads: threads, Features: []string{t.name}, Memory: memory()}
	runtime.AddCleanup(d, func(p *pool) { p.close() }, d.pool)
	return d
}

// Info describes the processor and the tier of kernels in use.
func (d *Device) Info() chip.Info { return d.info }

// Supports reports whether the operator accepts these values.
func (d *Device) Supports(op chip.Op, ins, outs []chip.Value) bool {
	return chip.Check(op, ins, outs) == nil
}

// Close ends the workers. Executables of the device keep working on one core.
func (d *Device) Close() { d.pool.close() }
