package graph

import (
	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Affine says which real number r an 8-bit integer q stands for:
// r = Scale·(q - Zero). Source: Jacob et al. 2018, arXiv:1712.05877, eq. 1.
type Affine struct {
	Scale float32
	Zero  uint8
}

// AffineAttrs are the attributes of "QuantizeLinear" and "DequantizeLinear".
type AffineAttrs struct{ Affine Affine }

var _ = register(operator{
	name:  "QuantizeLinear",
	shape: func(c *call) []Type { return one(tensor.Uint8, c.want(0, tensor.Float32).shape...) },
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(AffineAttrs).Affine
		code := []chip.MapInstr{imm(a.Scale), fn(chip.FnDiv, 0, 1), fn(chip.FnRound, 2), imm(float32(a.Zero)), fn(chip.FnAdd, 3, 4),
			imm(0), fn(chip.FnMax, 5, 6), imm(255), fn(chip.FnMin, 7, 8)}
		return b.emit(&chip.Map{Code: code, Outs: []int{9}}, in, b.types(c)...)
	},
})

var _ = register(operator{
	name:  "DequantizeLinear",
	shape: func(c *call) []Type { return one(tensor.Float32, c.want(0, tensor.Uint8).shape...) },
	lower: func(b *builder, c *call, in []value) []value {
		a := c.attrs.(AffineAttrs).Affine
		code := []chip.MapInstr{imm(float32(a.Zero)), fn(chip.FnSub, 0, 1), imm(a.Scale), fn(chip.FnMul, 2, 3)}
		return b.emit(&chip.Map{Code: code, Outs: []int{4}}, in, b.types(c)...)
	},
})

// QuantizeLinear returns clamp(round(x/Scale) + Zero, 0, 255) as Uint8, rounding
// half to even; x is float32. It has no gradient; see FakeQuantize.
func QuantizeLinear(x *Node, a Affine) *Node { return on("QuantizeLinear", AffineAttrs{a}, x) }

// DequantizeLinear returns Scale·(q - Zero) as float32 for q Uint8.
func DequantizeLinear(q *Node, a Affine) *Node { return on("DequantizeLinear", AffineAttrs{a}, q) }
