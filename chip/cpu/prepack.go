package cpu

import (
	"sync"
	"unsafe"
	"weak"

	"github.com/macaw-ai/macaw/chip"
)

// prepacked are constant weights in the order of the tiles, made once. A model
// that is planned for several shapes has them once too.
type prepacked struct {
	p      unsafe.Pointer
	source any // the constant: as long as it lives, no other has its address
}

// packKey tells packings apart: of which constant, and in which order.
type packKey struct {
	data   uintptr
	layout any // a comparable description
}

// prepacks are a device's packings. They live as long as an executable needs them.
type prepacks struct {
	mu sync.Mutex
	m  map[packKey]weak.Pointer[prepacked]
}

// prepack returns n numbers that fill wrote for a constant argument under a
// layout, and keeps them with the executable.
func prepack[T float32 | int32](c *call, arg int, layout any, n int, fill func(dst []T)) []T {
	ps := &c.dev.packs
	ps.mu.Lock()
	defer ps.mu.Unlock()
	key := packKey{uintptr(c.in[arg].p), layout}
	p := ps.m[key].Value()
	if p == nil {
		p = &prepacked{alignedBytes(n * int(unsafe.Sizeof(T(0)))), c.ins[arg].Data}
		fill(unsafe.Slice((*T)(p.p), n))
		ps.sweep()
		ps.m[key] = weak.Make(p)
	}
	c.held = append(c.held, p)
	return unsafe.Slice((*T)(p.p), n)
}

// sweep forgets packings that no executable needs any more.
func (ps *prepacks) sweep() {
	if ps.m == nil {
		ps.m = map[packKey]weak.Pointer[prepacked]{}
	}
	for key, p := range ps.m {
		if p.Value() == nil {
			delete(ps.m, key)
		}
	}
}

// fixed reports whether an argument is a constant, whose packing can be kept. A
// widened one lies elsewhere than its data.
func (c *call) fixed(arg int) bool {
	v := c.ins[arg]
	if v.Kind != chip.Constant {
		return false
	}
	_, _, p, _ := sliceOf(v.Data)
	return p != nil && c.in[arg].p == p
}
