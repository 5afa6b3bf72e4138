package onnx

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Attention": {3, 6, compileAttention},
})

func init() { inFloat32["Attention"] = true }

// attentionAttrs are the attributes of Attention.
type attentionAttrs struct {
	heads, kvHeads int     // of inputs with three axes
	scale, cap     float64 // 0 means 1/√D, and no cap
	causal         bool
	scores         int // qk_matmul_output_mode
}

// compileAttention is softmax(softcap·tanh(scale·Q·Kᵀ/softcap) + mask)·V, without the
// cap where softcap is 0. Q is [B,H,S,D], K [B,G,T,D] and V [B,G,T,E], each of whose G
// heads serves H/G of Q's; or all three have the heads within the last axis, [B,S,H·D],
// and the result too, by q_num_heads and kv_num_heads. past_key and past_value come
// before K and V, and the outputs after Y are the keys and values together and the
// scores: before all else, or in mode 3 after softmax. The mask broadcasts to [B,H,S,T]:
// bools that say what takes part, or numbers to add. With is_causal query i sees keys up
// to i + (those of the past). The cap comes before the mask, so that what is masked stays
// so. Source: Vaswani et al. 2017, arXiv:1706.03762; Ainslie et al. 2023, arXiv:2305.13245.
func compileAttention(n *call) kernel {
	a := attentionAttrs{
		heads: int(n.int("q_num_heads", 0)), kvHeads: int(n.int("kv_num_heads", 0)), scale: float64(n.float("scale", 0)),
		cap: float64(n.float("softcap", 0)), causal: n.flag("is_causal", false), scores: int(n.int("qk_matmul_output_mode", 0)),
	}
	if a.scores != 0 && a.scores != 3 {
		n.fail("attribute qk_matmul_output_mode = %d is not supported, releases of ONNX differ in it; want 0 or 3", a.scores)
	}
	if a.heads < 0 || a.kvHeads < 0 || a.cap < 0 {
		n.fail("q_num_heads, kv_num_heads and softcap must not be negative")
	}
	threads := n.threads
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		var wide [3]*tensor.Tensor
		for i, heads := range []int{a.heads, a.kvHeads, a.kvHeads} {
			x, err := wideFloats(in[i])
			if err != nil {
				return nil, err
			}
			if wide[i], err = splitHeads(x, heads); err != nil {
				return nil, err
			}
		}
		past := 0
		for i, t := range []*tensor.Tensor{in[4], in[5]} {
			if t == nil {
				continue
			}
			x, err := wideFloats(t)
			if err != nil {
				return nil, err
			}
			if x.Rank() == 4 {
				past = x.Shape()[2]
			}
			if wide[1+i], err = concat([]*tensor.Tensor{x, wide[1+i]}, 2); err != nil {
				return nil, err
			}
		}
		y, scores, err := a.attend(wide[0], wide[1], wide[2], in[3], past, threads)
		if err != nil {
			return nil, err
		}
		if in[0].Rank() == 3 {
			if y, err = joinHeads(y); err != nil {
				return nil, err
			}
		}
		outs := []*tensor.Tensor{y, wide[1], wide[2], scores}
		for i, t := range outs {
			if outs[i], err = cast(t, in[0].DType()); err != nil {
				return nil, err
			}
		}
		return outs, nil
	}
}

// splitHeads turns [B,S,H·D] into [B,H,S,D], and leaves what has four axes.
func splitHeads(x *tensor.Tensor, heads int) (*tensor.Tensor, error) {
	s := x.Shape()
	if len(s) == 4 {
		return x, nil
	}
	if len(s) != 3 || heads == 0 || s[2]%heads != 0 {
		return nil, fmt.Errorf("%v with %d heads: want [B,H,S,D] or [B,S,H·D]", x, heads)
	}
	return transpose(x.Reshape(s[0], s[1], heads, s[2]/heads), []int64{0, 2, 1, 3})
}

// joinHeads is the way back.
func joinHeads(x *tensor.Tensor) (*tensor.Tensor, error) {
	y, err := transpose(x, []int64{0, 2, 1, 3})
	if err != nil {
		return nil, err
	}
	s := y.Shape()
	return y.Reshape(s[0], s[1], s[2]*s[3]), nil
}

// attend gives the result [B,H,S,E] and the scores [B,H,S,T].
func (a attentionAttrs) attend(q, k, v, mask *tensor.Tensor, past, threads int) (y, scores *tensor.Tensor, err error) {
	qs, ks, vs := q.Shape(), k.Shape(), v.Shape()
	batch, heads, steps, size, groups, keys, width := qs[0], qs[1], qs[2], qs[3], ks[1], ks[2], vs[3]
	if groups == 0 || heads%groups != 0 || !slices.Equal(ks, []int{batch, groups, keys, size}) || !slices.Equal(vs[:3], ks[:3]) {
		return nil, nil, fmt.Errorf("queries %v, keys %v and values %v do not suit each other", q, k, v)
	}
	if y, err = newTensor(tensor.Float64, batch, heads, steps, width); err != nil {
		return nil, nil, err
	}
	if scores, err = newTensor(tensor.Float64, batch, heads, steps, keys); err != nil {
		return nil, nil, err
	}
	bias, by, err := attentionBias(mask, scores.Shape())
	if err != nil {
		return nil, nil, err
	}
	scale := a.scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(size))
	}
	queries, keyed, valued := tensor.Values[float64](q), tensor.Values[float64](k), tensor.Values[float64](v)
	out, raw := tensor.Values[float64](y), tensor.Values[float64](scores)
	parallel(threads, batch*heads*steps, 1, func(lo, hi int) {
		p := make([]float64, keys)
		for row := lo; row < hi; row++ {
			i, h, b := row%steps, row/steps%heads, row/(steps*heads)
			group := (b*groups + h/(heads/groups)) * keys
			for j := range p {
				p[j] = scale * dot(queries[row*size:(row+1)*size], keyed[(group+j)*size:])
			}
			if a.scores == 0 {
				copy(raw[row*keys:], p)
			}
			for j := range p {
				if a.cap > 0 {
					p[j] = a.cap * math.Tanh(p[j]/a.cap)
				}
				if bias != nil {
					p[j] += bias[b*by[0]+h*by[1]+i*by[2]+j*by[3]]
				}
				if a.causal && j > i+past {
					p[j] = math.Inf(-1)
				}
			}
			softmaxRow(p)
			if a.scores == 3 {
				copy(raw[row*keys:], p)
			}
			to := out[row*width : (row+1)*width]
			for j, w := range p {
				for e, x := range valued[(group+j)*width:][:width] {
					to[e] += w * x
				}
			}
		}
	})
	return y, scores, nil
}

// attentionBias makes numbers of a mask, 0 and -∞ of bools, and gives its steps along
// the axes of the scores.
func attentionBias(mask *tensor.Tensor, shape []int) (bias []float64, by []int, err error) {
	if mask == nil {
		return nil, nil, nil
	}
	full, err := broadcastShapes(mask.Shape(), shape)
	if err != nil || !slices.Equal(full, shape) {
		return nil, nil, fmt.Errorf("the mask %v does not suit scores of shape %v", mask, shape)
	}
	wide := mask
	if mask.DType() == tensor.Bool {
		wide = mapped(mask, func(v bool) float64 {
			if v {
				return 0
			}
			return math.Inf(-1)
		})
	}
	if wide, err = wideFloats(wide); err != nil {
		return nil, nil, err
	}
	return tensor.Values[float64](wide), strides(mask.Shape(), shape), nil
}

// softmaxRow replaces x by its softmax.
func softmaxRow(x []float64) {
	top, total := largest(x), 0.0
	for i, v := range x {
		x[i] = math.Exp(v - top)
		total += x[i]
	}
	for i := range x {
		x[i] /= total
	}
}
