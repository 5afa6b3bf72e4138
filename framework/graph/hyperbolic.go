package graph

// Tan returns the tangent of x in radians.
func Tan(x *Node) *Node { return Div(Sin(x), Cos(x)) }

// Sinh returns (exp(x) - exp(-x))/2, exact near 0.
func Sinh(x *Node) *Node { return MulScalar(Sub(Expm1(x), Expm1(Neg(x))), 0.5) }

// Cosh returns (exp(x) + exp(-x))/2.
func Cosh(x *Node) *Node { return MulScalar(Add(Exp(x), Exp(Neg(x))), 0.5) }

// FloorDiv returns floor(a/b) with broadcasting, for integers and floats; it
// has no gradient. (Div truncates the quotient of integers.)
func FloorDiv(a, b *Node) *Node {
	a, b = StopGradient(a), StopGradient(b)
	return Div(Sub(a, Mod(a, b)), b)
}
