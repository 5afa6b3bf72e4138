package graph

import "github.com/macaw-ai/macaw/framework/tensor"

// LocalResponseOptions configure LocalResponseNorm; the zero value has the
// values of the paper but for K.
type LocalResponseOptions struct {
	Size  int     // channels that inhibit one another; 0 means 5
	Alpha float32 // 0 means 1e-4
	Beta  float32 // 0 means 0.75
	K     float32 // 0 means 1; the paper has 2
	Given bool    // Alpha, Beta and K are meant as they are, also where they are 0
}

// LocalResponseNorm divides x [..., C] by (K + Alpha/Size·Σx²)^Beta, the sum being
// over the Size channels around each, (Size-1)/2 of them before it.
// Source: Krizhevsky et al. 2012, "ImageNet Classification", §3.3, with Alpha/Size
// for its alpha as in ONNX and PyTorch.
func LocalResponseNorm(x *Node, o LocalResponseOptions) *Node {
	orElse := func(v *float32, def float32) {
		if *v == 0 && !o.Given {
			*v = def
		}
	}
	if o.Size == 0 {
		o.Size = 5
	}
	orElse(&o.Alpha, 1e-4)
	orElse(&o.Beta, 0.75)
	orElse(&o.K, 1)
	if o.Size < 1 || x.Rank() < 2 {
		Fail("LocalResponseNorm", []*Node{x}, "the size %d must be positive and the operand [..., C]", o.Size)
	}
	g, c := x.Graph(), x.Dim(-1)
	from, to := Unsqueeze(Positions(g, c), 1), Unsqueeze(Positions(g, c), 0)
	offset, before := Sub(from, to), (o.Size-1)/2
	near := And(Ge(offset, number(offset, float32(-before))), Le(offset, number(offset, float32(o.Size-1-before))))
	sum := Linear(Square(x), Cast(near, tensor.Float32), nil)
	return Mul(x, Pow(AddScalar(MulScalar(sum, o.Alpha/float32(o.Size)), o.K), Scalar(g, -o.Beta)))
}
