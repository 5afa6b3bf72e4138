package onnx

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"RotaryEmbedding": {3, 4, compileRotary},
})

func init() { inFloat32["RotaryEmbedding"] = true }

// rotaryAttrs are the attributes of RotaryEmbedding.
type rotaryAttrs struct {
	interleaved   bool
	heads, rotary int
}

// compileRotary turns the pairs (a,b) of the first rotary_embedding_dim elements of
// each head, all of them where it is 0, by the angle of their position and place:
//
//	(a·cos - b·sin, a·sin + b·cos)
//
// A pair is two halves apart, or adjacent where interleaved is set. x is [B,H,S,D], or
// [B,S,H·D] with num_heads; the caches of cosines and sines are [positions,pairs] with
// position_ids [B,S], else [B,S,pairs]. Source: Su et al. 2021, arXiv:2104.09864.
func compileRotary(n *call) kernel {
	a := rotaryAttrs{n.flag("interleaved", false), int(n.int("num_heads", 0)), int(n.int("rotary_embedding_dim", 0))}
	if a.heads < 0 || a.rotary < 0 || a.rotary%2 != 0 {
		n.fail("num_heads %d and rotary_embedding_dim %d must not be negative, the latter even", a.heads, a.rotary)
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x, err := wideFloats(in[0])
		if err != nil {
			return nil, err
		}
		var caches [2]*tensor.Tensor
		for i := range caches {
			if caches[i], err = rotaryCache(in[1+i], in[3]); err != nil {
				return nil, err
			}
		}
		y, err := a.rotate(x, caches[0], caches[1])
		if err != nil {
			return nil, err
		}
		return cast(y, in[0].DType())
	})
}

// rotaryCache gives a cache the shape [B,S,pairs].
func rotaryCache(cache, positions *tensor.Tensor) (*tensor.Tensor, error) {
	wide, err := wideFloats(cache)
	if err != nil {
		return nil, err
	}
	if positions == nil {
		if wide.Rank() != 3 {
			return nil, fmt.Errorf("the cache %v without position_ids: want [B,S,pairs]", cache)
		}
		return wide, nil
	}
	index, err := int64s(positions)
	if err != nil {
		return nil, err
	}
	if wide.Rank() != 2 || positions.Rank() != 2 {
		return nil, fmt.Errorf("the cache %v and position_ids %v: want [positions,pairs] and [B,S]", cache, positions)
	}
	return gather(wide, index, positions.Shape(), 0)
}

func (a rotaryAttrs) rotate(x, cos, sin *tensor.Tensor) (*tensor.Tensor, error) {
	var batch, steps, heads, size int
	stepOf := func(row int) int { return row % steps } // of x's rows of one head
	switch s := x.Shape(); {
	case len(s) == 4:
		batch, heads, steps, size = s[0], s[1], s[2], s[3]
	case len(s) == 3 && a.heads > 0 && s[2]%a.heads == 0:
		batch, steps, heads, size = s[0], s[1], a.heads, s[2]/a.heads
		stepOf = func(row int) int { return row / heads % steps }
	default:
		return nil, fmt.Errorf("%v with num_heads %d: want [B,H,S,D] or [B,S,H·D]", x, a.heads)
	}
	rotary := a.rotary
	if rotary == 0 {
		rotary = size
	}
	pairs := rotary / 2
	want := []int{batch, steps, pairs}
	if rotary > size || rotary%2 != 0 || !slices.Equal(cos.Shape(), want) || !slices.Equal(sin.Shape(), want) {
		return nil, fmt.Errorf("caches %v and %v do not turn %d of %d elements of %v", cos, sin, rotary, size, x)
	}
	out := x.Clone()
	v, c, s := tensor.Values[float64](out), tensor.Values[float64](cos), tensor.Values[float64](sin)
	for row := range batch * steps * heads {
		head := v[row*size : (row+1)*size]
		at := (row/(steps*heads)*steps + stepOf(row)) * pairs
		for k := range pairs {
			i, j := k, k+pairs
			if a.interleaved {
				i, j = 2*k, 2*k+1
			}
			p, q := head[i], head[j]
			head[i], head[j] = p*c[at+k]-q*s[at+k], p*s[at+k]+q*c[at+k]
		}
	}
	return out, nil
}
