package checkpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// LoadOptions say how tensors of another tool become variables. The zero value
// wants equal names, types and shapes and exactly the variables of the model.
type LoadOptions struct {
	// Rename gives the variable's name for the tensor's; "" leaves the tensor
	// out. The method Replace of a strings.Replacer will often do. nil keeps names.
	Rename func(name string) string
	// Axes gives the order of the tensor's axes in the variable: axis i of the
	// variable is axis Axes(v)[i] of the tensor. nil, also as its result, keeps
	// the order. Torch is the function for models of PyTorch.
	Axes func(v *graph.Variable) []int
	// Convert turns float16, bfloat16 and float64 values into the variables' float32.
	Convert bool
	// Partial loads what there is, where otherwise a missing or an unexpected
	// name is an error. Shapes must fit all the same.
	Partial bool
}

// Report says which names LoadWeights matched.
type Report struct {
	Loaded     []string // variables
	Missing    []string // variables without a tensor
	Unexpected []string // tensors, by their own names, without a variable
}

// LoadWeights sets the variables of params to tensors, such as ReadWeights
// gives. With an error it changes nothing.
func LoadWeights(params *nn.Params, tensors map[string]*tensor.Tensor, o LoadOptions) (Report, error) {
	var r Report
	values, from := map[*graph.Variable]*tensor.Tensor{}, map[*graph.Variable]string{}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		to := name
		if o.Rename != nil {
			if to = o.Rename(name); to == "" {
				continue
			}
		}
		v := params.Get(to)
		if v == nil {
			r.Unexpected = append(r.Unexpected, name)
			continue
		}
		if values[v] != nil {
			return r, fmt.Errorf("load weights: both %q and %q are for the variable %q", from[v], name, to)
		}
		t, err := o.fit(v, tensors[name])
		if err != nil {
			return r, fmt.Errorf("load weights: %q for the variable %q: %w", name, to, err)
		}
		values[v], from[v] = t, name
	}
	for _, v := range params.Variables() {
		if values[v] == nil {
			r.Missing = append(r.Missing, v.Name())
		} else {
			r.Loaded = append(r.Loaded, v.Name())
		}
	}
	if !o.Partial && len(r.Missing)+len(r.Unexpected) > 0 {
		return r, fmt.Errorf("load weights: %s", differ("name", slices.Clone(r.Missing), slices.Clone(r.Unexpected)))
	}
	for v, t := range values {
		if err := v.Set(t); err != nil {
			return r, fmt.Errorf("load weights: %w", err)
		}
	}
	return r, nil
}

// fit converts and transposes t for v.
func (o LoadOptions) fit(v *graph.Variable, t *tensor.Tensor) (*tensor.Tensor, error) {
	given := t
	if t.DType() != v.DType() && o.Convert && v.DType() == tensor.Float32 {
		t = toFloat32(t)
	}
	if t.DType() != v.DType() {
		return nil, fmt.Errorf("it is %v, not %v", given, v.DType())
	}
	if o.Axes != nil {
		if axes := o.Axes(v); axes != nil {
			var err error
			if t, err = permute(t, axes); err != nil {
				return nil, err
			}
		}
	}
	if !slices.Equal(t.Shape(), v.Shape()) {
		return nil, fmt.Errorf("it is %v, which gives %v, not %v", given, t.Shape(), v.Shape())
	}
	return t, nil
}

// toFloat32 rounds floats to float32; other types stay.
func toFloat32(t *tensor.Tensor) *tensor.Tensor {
	out := tensor.New(tensor.Float32, t.Shape()...)
	y := out.Float32s()
	switch x := t.Data().(type) {
	case []tensor.Float16:
		for i, v := range x {
			y[i] = v.Float32()
		}
	case []tensor.BFloat16:
		for i, v := range x {
			y[i] = v.Float32()
		}
	case []float64:
		for i, v := range x {
			y[i] = float32(v)
		}
	default:
		return t
	}
	return out
}

// Torch gives the axes of PyTorch's layouts: Linear [out,in] becomes [in,out],
// Conv2d [O,I,H,W] becomes [H,W,I,O], Conv1d [O,I,W] becomes [W,I,O]; tables of
// embeddings and all of rank below 2 stay. A linear layer behind flattened
// images sees channels last here and channels first there; its inputs need
// reordering besides.
func Torch(v *graph.Variable) []int {
	switch len(v.Shape()) {
	case 2:
		if strings.HasSuffix(v.Name(), "table") {
			return nil
		}
		return []int{1, 0}
	case 3:
		return []int{2, 1, 0}
	case 4:
		return []int{2, 3, 1, 0}
	}
	return nil
}

// permute reorders the axes of a float32 tensor.
func permute(t *tensor.Tensor, axes []int) (*tensor.Tensor, error) {
	shape := t.Shape()
	sorted := slices.Sorted(slices.Values(axes))
	for i, a := range sorted {
		if a != i || len(axes) != len(shape) {
			return nil, fmt.Errorf("%v is no order of the axes of %v", axes, t)
		}
	}
	x, ok := t.Data().([]float32)
	if !ok {
		return nil, fmt.Errorf("axes of %v are not reordered", t)
	}
	strides := make([]int, len(shape))
	for i, step := len(shape)-1, 1; i >= 0; i-- {
		strides[i] = step
		step *= shape[i]
	}
	dims := make([]int, len(axes))
	for i, a := range axes {
		dims[i] = shape[a]
	}
	out := tensor.New(tensor.Float32, dims...)
	at, from := make([]int, len(dims)), 0
	for i := range out.Float32s() {
		out.Float32s()[i] = x[from]
		for d := len(dims) - 1; d >= 0; d-- {
			at[d]++
			from += strides[axes[d]]
			if at[d] < dims[d] {
				break
			}
			from -= at[d] * strides[axes[d]]
			at[d] = 0
		}
	}
	return out, nil
}
