package chiptest

import (
	"fmt"

	"github.com/macaw-ai/macaw/chip"
)

// reference computes what the outputs should be, from copies of the row's arrays.
func (r row) reference() []array {
	outs := make([]array, len(r.outs))
	for i, o := range r.outs {
		outs[i] = o.with(func(v float64) float64 { return v })
	}
	ins := r.ins
	switch op := r.op.(type) {
	case *chip.Gemm:
		refGemm(op, ins, outs)
	case *chip.Conv:
		refConvForward(op, ins, outs)
	case *chip.ConvGradInput:
		refConv(op.Window, op.Groups, outs[0].shape, ins[1].shape, ins[0].shape, func(xi, wi, yi int) { outs[0].v[xi] += ins[0].v[yi] * ins[1].v[wi] })
	case *chip.ConvGradWeight:
		refConv(op.Window, op.Groups, ins[0].shape, outs[0].shape, ins[1].shape, func(xi, wi, yi int) { outs[0].v[wi] += ins[0].v[xi] * ins[1].v[yi] })
	case *chip.MaxPool:
		refMaxPool(op.Window, ins, outs)
	case *chip.MaxPoolGrad:
		refMaxPoolGrad(ins, outs)
	case *chip.AvgPool:
		refAvgPool(op.Window, op.CountPad, ins[0].shape, outs[0].shape, func(xi, yi int, w float64) { outs[0].v[yi] += w * ins[0].v[xi] })
	case *chip.AvgPoolGrad:
		refAvgPool(op.Window, op.CountPad, outs[0].shape, ins[0].shape, func(xi, yi int, w float64) { outs[0].v[xi] += w * ins[0].v[yi] })
	case *chip.Reduce:
		refReduce(op, ins[0], outs[0])
	case *chip.CumSum:
		refCumSum(op, ins[0], outs[0])
	case *chip.TopK:
		refTopK(op, ins[0], outs[0])
	case *chip.ArgMax:
		refArgMax(op, ins[0], outs[0])
	case *chip.CTC:
		refCTC(op, ins, outs)
	case *chip.Map:
		refMap(op, ins, outs)
	case *chip.Random:
		refRandom(op, ins, outs)
	case *chip.Insert:
		refInsert(op, ins, outs)
	case *chip.Resize:
		refResize(op, ins[0], outs[0])
	default:
		if !refInt8(op, ins, outs) && !refAttention(op, ins, outs) && !refRecurrent(op, ins, outs) && !refRows(op, ins, outs) && !refMove(op, ins, outs) && !refUpdate(op, ins, outs) {
			panic(fmt.Sprintf("no reference for %T", op))
		}
	}
	return outs
}
