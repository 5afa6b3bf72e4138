package graph

// Repeat repeats every element of x n times along axis, in place: a a b b.
func Repeat(x *Node, axis, n int) *Node {
	if n < 1 {
		Fail("Repeat", []*Node{x}, "%d repetitions", n)
	}
	return repeatEach(x, x.axis("Repeat", axis), Const(n))
}

func repeatEach(x *Node, axis int, n Dim) *Node { return repeatAt(x, axis, axis+1, n) }

// repeatAt repeats x along axis, with the copies counted by a new axis at place:
// axis for those of the whole, axis+1 for those of each element.
func repeatAt(x *Node, axis, place int, n Dim) *Node {
	wide := Unsqueeze(x, place)
	to := append(Shape(nil), wide.shape...)
	to[place] = n
	out := append(Shape(nil), x.shape...)
	out[axis] = out[axis].Mul(n)
	return Reshape(Broadcast(wide, to...), out...)
}

// Tile repeats the whole of x times[i] times along axis i: a b a b.
func Tile(x *Node, times ...int) *Node {
	for i, n := range times {
		if n < 1 {
			Fail("Tile", []*Node{x}, "%d repetitions of axis %d", n, i)
		}
	}
	return tile("Tile", x, Ints(times...))
}

// TileDims is Tile for numbers that may be symbolic, or 0, which leaves nothing.
func TileDims(x *Node, times ...Dim) *Node { return tile("TileDims", x, times) }

func tile(name string, x *Node, times Shape) *Node {
	if len(times) != x.Rank() {
		Fail(name, []*Node{x}, "there are %d numbers for %d axes", len(times), x.Rank())
	}
	for i, n := range times {
		if !n.Is(1) {
			x = repeatAt(x, i, i, n)
		}
	}
	return x
}

// Stack joins nodes of one type and shape along a new axis.
func Stack(axis int, nodes ...*Node) *Node {
	wide := make([]*Node, len(nodes))
	for i, n := range nodes {
		wide[i] = Unsqueeze(n, axis)
	}
	return Concat(axis, wide...)
}
