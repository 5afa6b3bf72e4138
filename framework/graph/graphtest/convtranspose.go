package graphtest

import "github.com/macaw-ai/macaw/framework/graph"

// The transposed convolution adds each input pixel, times the window, to the
// output; this is the definition, not a use of the convolution's own rule.
func init() {
	rules["ConvTranspose2D"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		at := n.Op().Attrs.(graph.ConvTransposeAttrs)
		x, w, y := args[0], args[1], newArray(in.shape(n.Shape()))
		perGroup := w.Shape[3] / at.Groups
		each(x.Shape, func(i []int) {
			each(w.Shape[:3], func(k []int) {
				h := i[1]*at.Stride[0] + k[0]*at.Dilation[0] - at.Pad[0]
				v := i[2]*at.Stride[1] + k[1]*at.Dilation[1] - at.Pad[2]
				if h < 0 || h >= y.Shape[1] || v < 0 || v >= y.Shape[2] {
					return
				}
				out := i[3]/perGroup*w.Shape[2] + k[2]
				y.Data[y.position([]int{i[0], h, v, out})] += x.get(i...) * w.get(k[0], k[1], k[2], i[3])
			})
		})
		return y
	}
}
