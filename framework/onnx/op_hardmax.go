package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

var _ = register(map[string]operator{
	"Hardmax": {1, 1, compileHardmax},
})

// compileHardmax puts 1 at the first largest element along one axis and 0
// elsewhere; before opset 13 over all axes from axis on, taken as one.
func compileHardmax(n *call) kernel {
	def := int64(-1)
	if n.version < 13 {
		def = 1
	}
	axis, flat := n.int("axis", def), n.version < 13
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		a, err := axisOf(axis, x.Rank())
		if err != nil {
			return nil, err
		}
		shape := x.Shape()
		if flat {
			shape = []int{tensor.Size(shape[:a]), tensor.Size(shape[a:])}
			a = 1
		}
		v, out := tensor.Values[float64](x), make([]float64, x.Len())
		lines(shape, a, func(base, step, n int) {
			if n > 0 {
				out[base+int(best(v, base, step, n, false, false))*step] = 1
			}
		})
		return cast(tensor.Of(out, x.Shape()...), in[0].DType())
	})
}
