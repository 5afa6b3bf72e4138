package onnx

import (
	"context"
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// fusePixels makes one step of the head of PrepareImage, Cast, Transpose and
// Resize of 8-bit images, so that large photos are neither widened nor
// transposed before they are small.
func (p *program) fusePixels(declared []tensor.DType) {
	types := p.slotTypes(declared)
	maker, readers := map[int]int{}, map[int]int{}
	for i, st := range p.steps {
		for _, s := range st.outs {
			maker[s] = i
		}
		for _, s := range st.ins {
			readers[s]++
		}
	}
	for _, s := range p.outputs {
		readers[s]++
	}
	// before gives the step of operator op that makes slot for one reader alone.
	before := func(slot int, op string) *step {
		i, ok := maker[slot]
		if !ok || readers[slot] != 1 || operatorName(p.steps[i].call.node) != op {
			return nil
		}
		return &p.steps[i]
	}
	drop := map[*call]bool{}
	for i := range p.steps {
		resize := &p.steps[i]
		c := resize.call
		if operatorName(c.node) != "Resize" || c.str("mode", "nearest") != "linear" || !c.flag("antialias", false) ||
			c.str("coordinate_transformation_mode", "half_pixel") != "half_pixel" || c.has("axes") || resize.ins[3] < 0 ||
			c.flag("exclude_outside", false) || c.str("keep_aspect_ratio_policy", "stretch") != "stretch" {
			continue
		}
		turn := before(resize.ins[0], "Transpose")
		if turn == nil || !slices.Equal(convert[int](turn.call.ints("perm")), toFirst) {
			continue
		}
		widen := before(turn.ins[0], "Cast")
		if widen == nil || types[widen.ins[0]] != tensor.Uint8 || types[turn.ins[0]] != tensor.Float32 {
			continue
		}
		drop[turn.call], drop[widen.call] = true, true
		resize.call = &call{node: &Node{Name: nodeName(c.node), OpType: "PixelResize"}, threads: c.threads}
		resize.ins = []int{widen.ins[0], resize.ins[3]}
		resize.run = pixelResize(c.threads).values
	}
	p.steps = slices.DeleteFunc(p.steps, func(st step) bool { return drop[st.call] })
}

// pixelResize scales uint8 [N,H,W,C] to float32 of sizes [N,C,h,w].
func pixelResize(threads int) kernel {
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		x, sizes := in[0], in[1]
		want, err := int64s(sizes)
		if err != nil {
			return nil, err
		}
		s := x.Shape()
		if len(s) != 4 || len(want) != 4 || want[0] != int64(s[0]) || want[1] != int64(s[3]) {
			return nil, fmt.Errorf("cannot resize %v to [N,C,H,W] %v", x, want)
		}
		to, err := toDims(want)
		if err != nil {
			return nil, err
		}
		if x.Len() == 0 || to[2] == 0 || to[3] == 0 {
			return nil, fmt.Errorf("cannot resize %v to [N,C,H,W] %v", x, want)
		}
		out, err := newTensor(tensor.Float32, to...)
		if err != nil {
			return nil, err
		}
		scale := newScaler(s[1], s[2], s[3], to[2], to[3])
		size, area := s[1]*s[2]*s[3], to[2]*to[3]
		inner := 1
		if s[0] < threads {
			inner = threads
		}
		parallel(threads, s[0], 1, func(lo, hi int) {
			for n := lo; n < hi; n++ {
				small := scale.scale(x.Uint8s()[n*size:(n+1)*size], inner)
				for i, v := range small {
					out.Float32s()[(n*s[3]+i%s[3])*area+i/s[3]] = v
				}
			}
		})
		return []*tensor.Tensor{out}, nil
	}
}
