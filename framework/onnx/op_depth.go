package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"DepthToSpace": {1, 1, compileDepthToSpace},
	"SpaceToDepth": {1, 1, compileSpaceToDepth},
})

func readBlock(n *call) int {
	b := n.int("blocksize", 0)
	if b < 1 || b > 1<<15 {
		n.fail("attribute blocksize = %d is missing or out of range", b)
	}
	return int(b)
}

// compileDepthToSpace turns [N,C,H,W] into [N,C/b²,H·b,W·b]: blocks of channels
// become squares of pixels. Within C the place in the square is the outer index
// (DCR) or the inner one (CRD).
func compileDepthToSpace(n *call) kernel {
	b, mode := readBlock(n), n.choice("mode", "DCR", "CRD")
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		s := in[0].Shape()
		if len(s) != 4 || s[1]%(b*b) != 0 {
			return nil, fmt.Errorf("%v has no blocks of %d×%d channels", in[0], b, b)
		}
		c := s[1] / (b * b)
		split, perm := []int{s[0], b, b, c, s[2], s[3]}, []int64{0, 3, 4, 1, 5, 2}
		if mode == "CRD" {
			split, perm = []int{s[0], c, b, b, s[2], s[3]}, []int64{0, 1, 4, 2, 5, 3}
		}
		return regroup(in[0], split, perm, []int{s[0], c, s[2] * b, s[3] * b})
	})
}

// compileSpaceToDepth is the way back from DepthToSpace in mode DCR.
func compileSpaceToDepth(n *call) kernel {
	b := readBlock(n)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		s := in[0].Shape()
		if len(s) != 4 || s[2]%b != 0 || s[3]%b != 0 {
			return nil, fmt.Errorf("%v has no blocks of %d×%d pixels", in[0], b, b)
		}
		h, w := s[2]/b, s[3]/b
		return regroup(in[0], []int{s[0], s[1], h, b, w, b}, []int64{0, 3, 5, 1, 2, 4}, []int{s[0], s[1] * b * b, h, w})
	})
}

// regroup splits axes, permutes them and joins them to shape.
func regroup(x *tensor.Tensor, split []int, perm []int64, shape []int) (*tensor.Tensor, error) {
	y, err := transpose(x.Reshape(split...), perm)
	if err != nil {
		return nil, err
	}
	return y.Reshape(shape...), nil
}
