package graph

// PadMode is what lies outside of an array, for PadWith and GridSample.
type PadMode uint8

// The modes of padding.
const (
	PadZeros   PadMode = iota // zeros: 0 0 [a b c] 0 0
	PadEdge                   // the outermost element: a a [a b c] c c
	PadReflect                // mirrored at the outermost element: c b [a b c] b a
	PadWrap                   // the other end: b c [a b c] a b
)

// PadWith surrounds x with zeros or its own elements: before[i] and after[i] along axis
// i. Reflections reach less than the axis' length, wrapping no more than it;
// for symbolic axes that is checked when the program is compiled for a size.
// For a border of another constant see Pad.
func PadWith(x *Node, before, after []int, mode PadMode) *Node {
	if len(before) != x.Rank() || len(after) != x.Rank() {
		Fail("PadWith", []*Node{x}, "there must be one length per axis")
	}
	for axis := range before {
		b, a := before[axis], after[axis]
		if b < 0 || a < 0 {
			Fail("PadWith", []*Node{x}, "a length is negative")
		}
		n, known := x.shape[axis].Known()
		if known && (mode == PadReflect && max(a, b) >= n || mode == PadWrap && max(a, b) > n || mode == PadEdge && n == 0 && a+b > 0) {
			Fail("PadWith", []*Node{x}, "axis %d is too short for borders of %d and %d", axis, b, a)
		}
		if mode != PadZeros {
			x = padAxis(x, axis, b, a, mode)
		}
	}
	if mode == PadZeros {
		return Pad(x, before, after, 0)
	}
	return x
}

func padAxis(x *Node, axis, before, after int, mode PadMode) *Node {
	var parts []*Node
	edge := func(n, at int) *Node {
		end := at + 1
		if at < 0 {
			end = End
		}
		return repeatEach(Slice(x, axis, at, end), axis, Const(n))
	}
	switch {
	case before == 0:
	case mode == PadEdge:
		parts = append(parts, edge(before, 0))
	case mode == PadReflect:
		parts = append(parts, Flip(Slice(x, axis, 1, before+1), axis))
	default:
		parts = append(parts, Slice(x, axis, -before, End))
	}
	parts = append(parts, x)
	switch {
	case after == 0:
	case mode == PadEdge:
		parts = append(parts, edge(after, -1))
	case mode == PadReflect:
		parts = append(parts, Flip(Slice(x, axis, -after-1, -1), axis))
	default:
		parts = append(parts, Slice(x, axis, 0, after))
	}
	return Concat(axis, parts...)
}
