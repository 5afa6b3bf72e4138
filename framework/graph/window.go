package graph

import "github.com/macaw-ai/macaw/chip"

// Window is the geometry of a sliding window over height and width.
type Window struct {
	Size     [2]int // height and width
	Stride   [2]int // at least 1
	Dilation [2]int // at least 1
	Pad      [4]int // top, bottom, left, right
}

func (w Window) chip() chip.Window {
	return chip.Window{KH: w.Size[0], KW: w.Size[1], StrideH: w.Stride[0], StrideW: w.Stride[1],
		PadTop: w.Pad[0], PadBottom: w.Pad[1], PadLeft: w.Pad[2], PadRight: w.Pad[3],
		DilationH: w.Dilation[0], DilationW: w.Dilation[1]}
}

// out gives the output's length along axis i (0 height, 1 width).
func (w Window) out(i int, d Dim) Dim {
	reach := w.Dilation[i]*(w.Size[i]-1) + 1
	return d.AddInt(w.Pad[2*i] + w.Pad[2*i+1] - reach).Div(Const(w.Stride[i])).AddInt(1)
}

// check fails on windows that cannot be, or that do not fit into x [N,H,W,C].
func (w Window) check(c *call, x *Node) {
	for i, name := range []string{"height", "width"} {
		if w.Size[i] < 1 || w.Stride[i] < 1 || w.Dilation[i] < 1 || w.Pad[2*i] < 0 || w.Pad[2*i+1] < 0 {
			c.fail("the window %+v is not possible", w)
		}
		if n, ok := w.out(i, x.shape[1+i]).Known(); ok && n < 1 {
			c.fail("the window does not fit into the %s %v", name, x.shape[1+i])
		}
	}
}

// pair resolves an option given for both axes (zero means def) or for each.
func pair(both int, each [2]int, def int) [2]int {
	for i := range each {
		if each[i] == 0 {
			each[i] = both
		}
		if each[i] == 0 {
			each[i] = def
		}
	}
	return each
}

// padding adds the padding given for all sides to that given for each.
func padding(all int, each [4]int) [4]int {
	for i := range each {
		each[i] += all
	}
	return each
}
