package graph

import (
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// RotaryOptions configure Rotary. The zero value pairs neighbours and has base 10000.
type RotaryOptions struct {
	Base float32 // of the wavelengths; 0 means 10000
	// Halves pairs element i with element i + D/2, as checkpoints in
	// Hugging Face's format are laid out, instead of element 2i with 2i + 1.
	Halves bool
}

// Rotary turns pair i of the last axis of x [N,H,T,D], D even, by the angle
// p·Base^(-2i/D), where p is the position of each of the T, int64 [T].
// Source: Su et al. 2021, arXiv:2104.09864, §3.2.2.
//
// The turned x is x·cos + (x·P)·sin with P the matrix that exchanges the pairs'
// elements and negates one: a small product instead of copies.
func Rotary(x, positions *Node, o RotaryOptions) *Node {
	in := []*Node{x, positions}
	size := 0
	if x.Rank() == 4 {
		size, _ = x.shape[3].Known()
	}
	if size == 0 || size%2 != 0 {
		Fail("Rotary", in, "the operand must be [N heads T D] with D even")
	}
	if positions.dtype != tensor.Int64 || !positions.shape.Equal(x.shape[2:3]) {
		Fail("Rotary", in, "the positions must be int64[%v]", x.shape[2])
	}
	g, base := x.Graph(), float64(o.Base)
	if base == 0 {
		base = 10000
	}
	turn, speed := tensor.New(tensor.Float32, size, size), tensor.New(tensor.Float32, size)
	for i := range size / 2 {
		a, b := 2*i, 2*i+1
		if o.Halves {
			a, b = i, i+size/2
		}
		turn.Float32s()[b*size+a], turn.Float32s()[a*size+b] = -1, 1
		v := float32(math.Pow(base, -2*float64(i)/float64(size)))
		speed.Float32s()[a], speed.Float32s()[b] = v, v
	}
	angle := Mul(Unsqueeze(Cast(positions, tensor.Float32), 1), g.Const(speed)) // [T,D]
	return Add(Mul(x, Cos(angle)), Mul(MatMul(x, g.Const(turn)), Sin(angle)))
}
