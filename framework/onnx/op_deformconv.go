package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"DeformConv": {3, 5, compileDeformConv},
})

func init() { inFloat32["DeformConv"] = true }

// deformAttrs are the attributes of DeformConv.
type deformAttrs struct {
	convAttrs
	offsetGroups int
}

// compileDeformConv is Conv whose taps k read x beside their place, between elements:
//
//	y(p) = Σₖ w(k) · mask(k,p) · x(p·strides - pads + k·dilations + offset(k,p)) + bias
//
// x is [N,C,D1..Dr], w [K,C/group,kernel], offset [N,offset_group·|kernel|·r,out] with
// the r axes of a tap beside each other, bias [K], mask [N,offset_group·|kernel|,out];
// the last two may be left out. Interpolation is linear, outside of x is 0.
// Source: Dai et al. 2017, arXiv:1703.06211; Zhu et al. 2018, arXiv:1811.11168.
func compileDeformConv(n *call) kernel {
	c := deformAttrs{readConv(n), int(n.int("offset_group", 1))}
	if c.offsetGroups < 1 {
		n.fail("attribute offset_group must be positive")
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		switch in[0].DType() {
		case tensor.Float32:
			return runDeformConv[float32](c, in)
		case tensor.Float64:
			return runDeformConv[float64](c, in)
		}
		return nil, errType(in[0])
	})
}

func runDeformConv[T float32 | float64](c deformAttrs, in []*tensor.Tensor) (*tensor.Tensor, error) {
	if err := sameTypes(in); err != nil {
		return nil, err
	}
	x, w, offset, bias, mask := in[0], in[1], in[2], in[3], in[4]
	axes, err := c.geometry(x, w, bias)
	if err != nil {
		return nil, err
	}
	_, area, size := sizes(axes)
	batch, channels, filters := x.Shape()[0], x.Shape()[1], w.Shape()[0]
	if channels%c.offsetGroups != 0 {
		return nil, fmt.Errorf("offset_group %d does not divide %d channels", c.offsetGroups, channels)
	}
	for i, t := range []*tensor.Tensor{offset, mask} {
		want := outShape(batch, c.offsetGroups*size*[]int{len(axes), 1}[i], axes)
		if t != nil && !slices.Equal(t.Shape(), want) {
			return nil, fmt.Errorf("%s is %v, want the shape %v", []string{"offset", "mask"}[i], t, want)
		}
	}
	out, err := newTensor(x.DType(), outShape(batch, filters, axes)...)
	if err != nil {
		return nil, err
	}
	dst, weights := tensor.Values[T](out), tensor.Values[T](w)
	parallel(c.threads, batch*area, 16, func(lo, hi int) {
		d := newDeformed[T](c, axes, x, offset, mask)
		cg, kg := channels/c.groups, filters/c.groups
		for p := lo; p < hi; p++ {
			b, at := p/area, p%area
			d.gather(b, at)
			for o := range filters {
				total := 0.0
				if bias != nil {
					total = float64(tensor.Values[T](bias)[o])
				}
				column := d.column[o/kg*cg*size:][:cg*size]
				for i, f := range weights[o*cg*size:][:cg*size] {
					total += float64(f) * column[i]
				}
				dst[(b*filters+o)*area+at] = T(total)
			}
		}
	})
	return out, nil
}

// deformed makes the columns [C·|kernel|] that the filters of DeformConv multiply.
type deformed[T float32 | float64] struct {
	deformAttrs
	axes            []axisWindow
	x, offset, mask []T // mask may be nil
	steps           []int
	channels        int
	cloud           cloud
	column          []float64
}

func newDeformed[T float32 | float64](c deformAttrs, axes []axisWindow, x, offset, mask *tensor.Tensor) *deformed[T] {
	_, _, size := sizes(axes)
	d := &deformed[T]{deformAttrs: c, axes: axes, x: tensor.Values[T](x), offset: tensor.Values[T](offset),
		steps: rowMajor(x.Shape()[2:]), channels: x.Shape()[1], column: make([]float64, x.Shape()[1]*size)}
	if mask != nil {
		d.mask = tensor.Values[T](mask)
	}
	return d
}

// gather fills the column of output position at of image b.
func (d *deformed[T]) gather(b, at int) {
	plane, area, size := sizes(d.axes)
	place := make([]int, len(d.axes)) // of the window's first tap
	rest := at
	for i := len(place) - 1; i >= 0; i-- {
		a := d.axes[i]
		place[i], rest = rest%a.out*a.stride-a.before, rest/a.out
	}
	shared := d.channels / d.offsetGroups
	for g := range d.offsetGroups {
		eachTap(d.axes, func(k int, tap []int) {
			row := (b*d.offsetGroups+g)*size + k
			d.cloud.reset()
			for i, a := range d.axes {
				shift := d.offset[(row*len(d.axes)+i)*area+at]
				index, weights := linearPair(float64(place[i]+tap[i]*a.dilation)+float64(shift), a.in)
				d.cloud.extend(index[:], weights[:], d.steps[i])
			}
			m := 1.0
			if d.mask != nil {
				m = float64(d.mask[row*area+at])
			}
			for ch := g * shared; ch < (g+1)*shared; ch++ {
				d.column[ch*size+k] = m * sumCloud(&d.cloud, d.x[(b*d.channels+ch)*plane:])
			}
		})
	}
}

// linearPair gives the two elements around x on an axis of n, -1 for one outside, and
// their weights.
func linearPair(x float64, n int) (index [2]int, weights [2]float64) {
	index = [2]int{-1, -1}
	if !(x > -1 && x < float64(n)) { // NaN too
		return index, weights
	}
	low := int(math.Floor(x))
	for k := range 2 {
		if i := low + k; i >= 0 && i < n {
			index[k], weights[k] = i, triangleFilter.weight(x-float64(i))
		}
	}
	return index, weights
}
