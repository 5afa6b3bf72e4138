package cpu

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
)

// insert copies the rows of its second argument into the first.
func (c *call) insert(op *chip.Insert) kernel {
	to, x := c.ins[0], c.ins[1]
	length, count := to.Shape[op.Axis], x.Shape[op.Axis]
	outer, inner := 1, to.DType.Size()
	for _, d := range to.Shape[:op.Axis] {
		outer *= d
	}
	for _, d := range to.Shape[op.Axis+1:] {
		inner *= d
	}
	return func() error {
		at := int(c.in[2].i64()[0])
		if at < 0 || at > length-count {
			return fmt.Errorf("%d elements do not fit at position %d of %d", count, at, length)
		}
		if x.Len() == 0 {
			return nil
		}
		dst, src := bytesAt(c.out[0].p, to.Len()*to.DType.Size()), bytesAt(c.in[1].p, x.Len()*x.DType.Size())
		for i := range outer {
			copy(dst[(i*length+at)*inner:], src[i*count*inner:(i+1)*count*inner])
		}
		return nil
	}
}
