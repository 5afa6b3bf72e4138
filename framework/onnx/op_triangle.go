package onnx

import (
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"Trilu":   {1, 2, compileTrilu},
	"EyeLike": {1, 1, compileEyeLike},
})

func init() {
	resultTypes["EyeLike"] = attrType("dtype", 0)
}

// attrType gives the element type that an attribute names, else def; 0 for def
// means that of the first input.
func attrType(attr string, def tensor.DType) func(*call, []tensor.DType) []tensor.DType {
	return func(n *call, in []tensor.DType) []tensor.DType {
		switch {
		case n.has(attr):
			return []tensor.DType{dtypes[DataType(n.int(attr, 0))]}
		case def != 0:
			return []tensor.DType{def}
		case len(in) > 0:
			return in[:1]
		}
		return nil
	}
}

// dtype reads an attribute that names an element type; def when it is absent.
func (n *call) dtype(attr string, def tensor.DType) tensor.DType {
	if !n.has(attr) {
		return def
	}
	dt, ok := dtypes[DataType(n.int(attr, 0))]
	if !ok {
		n.fail("attribute %s = %d is not supported", attr, n.int(attr, 0))
	}
	return dt
}

// compileTrilu keeps the elements [i,j] of each matrix with j ≥ i+k (upper) or
// j ≤ i+k (lower) and clears the others.
func compileTrilu(n *call) kernel {
	upper := n.flag("upper", true)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x := in[0]
		if x.Rank() < 2 {
			return nil, fmt.Errorf("%v holds no matrices", x)
		}
		k, err := scalarOf(in[1], int64(0))
		if err != nil {
			return nil, err
		}
		rows, cols := x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1]
		diagonal := int(min(max(k, int64(-rows)), int64(cols)))
		out := tensor.New(x.DType(), x.Shape()...)
		if x.Len() == 0 {
			return out, nil
		}
		for r := range x.Len() / cols {
			from, to := 0, cols
			if edge := r%rows + diagonal; upper {
				from = min(max(edge, 0), cols)
			} else {
				to = min(max(edge+1, 0), cols)
			}
			copyRun(out.Data(), r*cols+from, x.Data(), r*cols+from, to-from)
		}
		return out, nil
	})
}

// compileEyeLike makes a matrix of the input's shape with ones on diagonal k.
func compileEyeLike(n *call) kernel {
	k, dt := n.int("k", 0), n.dtype("dtype", 0)
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		to := dt
		if to == 0 {
			to = in[0].DType()
		}
		if in[0].Rank() != 2 || to == tensor.String {
			return nil, fmt.Errorf("cannot make an identity of %v like %v", to, in[0])
		}
		rows, cols := in[0].Shape()[0], in[0].Shape()[1]
		diagonal := int(min(max(k, int64(-rows)), int64(cols)))
		ones := make([]uint8, rows*cols)
		for i := max(0, -diagonal); i < rows && i+diagonal < cols; i++ {
			ones[i*cols+i+diagonal] = 1
		}
		return cast(tensor.Of(ones, rows, cols), to)
	})
}
