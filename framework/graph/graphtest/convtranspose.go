package graphtest

import "github.com/macaw-ai/macaw/framework/graph"

func init() {
	rules["ConvTranspose2D"] = func(in *Interpreter, n *graph.Node, args []Array) Array {
		at, x, w := n.Op().Attrs.(graph.ConvTransposeAttrs), args[0], args[1]
		y := newArray(in.shape(n.Shape()))
		part, filters := w.Shape[2], w.Shape[3]/at.Groups
		for p, v := range x.Data { // each element adds its filter where the convolution would look
			k, rest := p%w.Shape[3], p/w.Shape[3]
			o := []int{rest / (x.Shape[1] * x.Shape[2]), rest / x.Shape[2] % x.Shape[1], rest % x.Shape[2]}
			window(at.Window, y, o, func(h, wd, i, j int) {
				for c := range part {
					to := ((o[0]*y.Shape[1]+h)*y.Shape[2]+wd)*y.Shape[3] + k/filters*part + c
					y.Data[to] += v * w.Data[((i*w.Shape[1]+j)*part+c)*w.Shape[3]+k]
				}
			})
		}
		return y
	}
}
