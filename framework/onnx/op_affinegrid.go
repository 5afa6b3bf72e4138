package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"AffineGrid": {2, 2, compileAffineGrid},
})

// compileAffineGrid maps the positions of an image of the size [N,C,(D,)H,W] by
// theta [N,r,r+1] to a grid [N,(D,)H,W,r] for GridSample: θ·(x,y,(z,)1), where an
// axis runs from -1 to 1 between the centres of the elements at its ends with
// align_corners, else between their outer edges.
func compileAffineGrid(n *call) kernel {
	align := n.flag("align_corners", false)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		theta, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		size, err := dimsOf(in[1])
		if err != nil {
			return nil, err
		}
		r := len(size) - 2
		if s := theta.Shape(); r != 2 && r != 3 || len(s) != 3 || s[0] != size[0] || s[1] != r || s[2] != r+1 {
			return nil, fmt.Errorf("%v and size %v: want [N,2,3] and [N,C,H,W], or [N,3,4] and [N,C,D,H,W]", theta, size)
		}
		spatial := size[2:]
		shape := append(append([]int{size[0]}, spatial...), r)
		if err := checkShape(shape); err != nil {
			return nil, err
		}
		v, out := tensor.Values[float64](theta), make([]float64, 0, tensor.Size(shape))
		area, place := tensor.Size(spatial), make([]float64, r+1)
		place[r] = 1
		for b := range size[0] {
			for p := range area {
				rest := p
				for i := r - 1; i >= 0; i-- { // the last axis is the first coordinate
					place[r-1-i] = gridPosition(rest%spatial[i], spatial[i], align)
					rest /= spatial[i]
				}
				for i := range r {
					total := 0.0
					for j, q := range place {
						total += v[(b*r+i)*(r+1)+j] * q
					}
					out = append(out, total)
				}
			}
		}
		return cast(tensor.Of(out, shape...), in[0].DType())
	})
}

// gridPosition is where element i of n lies between -1 and 1; alone with
// align_corners it lies at -1.
func gridPosition(i, n int, align bool) float64 {
	if align {
		return 2*float64(i)/float64(max(n-1, 1)) - 1
	}
	return (2*float64(i)+1)/float64(n) - 1
}
