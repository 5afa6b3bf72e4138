package graph

import (
	"math/bits"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// maxBytes bounds one array: what a processor of 64 bits can address.
const maxBytes = 1 << 47

// check fails when a dimension is negative or when the known dimensions alone
// make an array that no machine can hold. c is the call that makes it.
func (t Type) check(c *call) {
	for _, d := range t.Shape {
		if n, ok := d.Known(); ok && n < 0 {
			c.fail("the dimension %d of %v%v is negative", n, t.DType, t.Shape)
		}
	}
	if !fits(t) {
		c.fail("%v%v has more elements than a machine can hold", t.DType, t.Shape)
	}
}

// fits takes a symbol for 1.
func fits(t Type) bool {
	size := uint64(max(t.DType.Size(), 1))
	for _, d := range t.Shape {
		if n, ok := d.Known(); ok && n == 0 {
			return true
		}
	}
	for _, d := range t.Shape {
		n, ok := d.Known()
		if !ok {
			continue
		}
		high, low := bits.Mul64(size, uint64(n))
		if size = low; high != 0 || size > maxBytes {
			return false
		}
	}
	return true
}

// fitsConcrete reports whether an array of these dimensions can exist.
func fitsConcrete(dt tensor.DType, dims []int) bool { return fits(Type{dt, Ints(dims...)}) }
