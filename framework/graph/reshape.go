package graph

var _ = register(operator{
	name: "Reshape",
	shape: func(c *call) []Type {
		return one(c.in[0].dtype, c.attrs.(ShapeAttrs).Shape...)
	},
	vjp: func(c *call, dy []*Node) []*Node { return []*Node{Reshape(dy[0], c.in[0].shape...)} },
	lower: func(b *builder, c *call, in []value) []value {
		to := b.types(c)[0]
		if n := b.typeOf(in[0]).len(); n != to.len() {
			c.fail("%d elements do not fit into %v", n, to.shape)
		}
		return []value{b.reshape(in[0], to.shape)}
	},
})

// Reshape returns x's elements, in order, in another shape. One dimension may
// be -1, which stands for what is left.
func Reshape(x *Node, dims ...Dim) *Node {
	to := append(Shape(nil), dims...)
	known, missing := Const(1), -1
	for i, d := range to {
		switch {
		case !d.Is(-1):
			known = known.Mul(d)
		case missing >= 0:
			Fail("Reshape", []*Node{x}, "only one dimension may be -1, not %v", to)
		default:
			missing = i
		}
	}
	total := x.shape.Size()
	if missing >= 0 {
		if known.Is(0) {
			Fail("Reshape", []*Node{x}, "-1 cannot be told from %v", to)
		}
		to[missing] = total.Div(known)
		known = known.Mul(to[missing])
	}
	if n, ok := total.Sub(known).Known(); ok && n != 0 {
		Fail("Reshape", []*Node{x}, "%v elements do not fit into %v", total, to)
	}
	if x.shape.Equal(to) {
		return x
	}
	return on("Reshape", ShapeAttrs{to}, x)
}

// Flatten joins all axes from axis on into one.
func Flatten(x *Node, axis int) *Node {
	if axis < 0 || axis > len(x.shape) {
		Fail("Flatten", []*Node{x}, "there is no axis %d", axis)
	}
	to := append(append(Shape(nil), x.shape[:axis]...), x.shape[axis:].Size())
	return Reshape(x, to...)
}

// Unsqueeze inserts axes of length 1 at the given positions of the result.
func Unsqueeze(x *Node, axes ...int) *Node {
	rank := len(x.shape) + len(axes)
	to := make(Shape, rank)
	for _, a := range axes {
		if a < 0 {
			a += rank
		}
		if a < 0 || a >= rank || to[a].Is(1) {
			Fail("Unsqueeze", []*Node{x}, "axes %v do not fit", axes)
		}
		to[a] = Const(1)
	}
	rest := x.shape
	isNew := map[int]bool{}
	for _, a := range axes {
		if a < 0 {
			a += rank
		}
		isNew[a] = true
	}
	for i := range to {
		if !isNew[i] {
			to[i], rest = rest[0], rest[1:]
		}
	}
	return Reshape(x, to...)
}

// Squeeze removes the given axes, whose length must be 1.
func Squeeze(x *Node, axes ...int) *Node {
	drop := map[int]bool{}
	for _, a := range axes {
		i := x.axis("Squeeze", a)
		if !x.shape[i].Is(1) {
			Fail("Squeeze", []*Node{x}, "axis %d has length %v, not 1", a, x.shape[i])
		}
		drop[i] = true
	}
	var to Shape
	for i, d := range x.shape {
		if !drop[i] {
			to = append(to, d)
		}
	}
	return Reshape(x, to...)
}
