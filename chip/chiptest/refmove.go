package chiptest

import (
	"math"

	"github.com/macaw-ai/macaw/chip"
)

// refMove covers the operators that move or convert elements.
func refMove(op chip.Op, ins, outs []array) bool {
	out := outs[0]
	switch op := op.(type) {
	case *chip.Transpose:
		positions(out.shape, func(i int, at []int) {
			from := make([]int, len(at))
			for a, p := range op.Perm {
				from[p] = at[a]
			}
			out.v[i] = ins[0].get(from...)
		})
	case *chip.Concat:
		refConcat(op.Axis, ins, out)
	case *chip.Slice:
		eachSliced(op.Start, op.Step, out, ins[0], func(part, whole int) { out.v[part] = ins[0].v[whole] })
	case *chip.SliceGrad:
		eachSliced(op.Start, op.Step, ins[0], out, func(part, whole int) { out.v[whole] = ins[0].v[part] })
	case *chip.Pad:
		for i := range out.v {
			out.v[i] = op.Value
		}
		positions(ins[0].shape, func(i int, at []int) {
			to := 0
			for a, p := range at {
				to = to*out.shape[a] + p + op.Before[a]
			}
			out.v[to] = ins[0].v[i]
		})
	case *chip.Broadcast:
		positions(out.shape, func(i int, at []int) { out.v[i] = ins[0].get(at...) })
	case *chip.Copy:
		copy(out.v, ins[0].v)
	case *chip.Cast:
		for i, v := range ins[0].v {
			out.v[i] = cast(out.dt, v)
		}
	case *chip.Gather:
		refGather(op.Axis, ins[0], ins[1], out)
	case *chip.GatherGrad:
		width := len(ins[0].v) / max(1, len(ins[1].v))
		for i, r := range ins[1].v {
			for j := range width {
				out.v[(int(r)+out.shape[0])%out.shape[0]*width+j] += ins[0].v[i*width+j]
			}
		}
	case *chip.OneHot:
		depth := out.shape[len(out.shape)-1]
		for i, k := range ins[0].v {
			if k >= 0 && int(k) < depth {
				out.v[i*depth+int(k)] = 1
			}
		}
	default:
		return false
	}
	return true
}

func refConcat(axis int, ins []array, out array) {
	shift := 0
	for _, in := range ins {
		positions(in.shape, func(i int, at []int) {
			to := 0
			for a, p := range at {
				if a == axis {
					p += shift
				}
				to = to*out.shape[a] + p
			}
			out.v[to] = in.v[i]
		})
		shift += in.shape[axis]
	}
}

func eachSliced(start, step []int, part, whole array, visit func(part, whole int)) {
	positions(part.shape, func(i int, at []int) {
		o := 0
		for a, p := range at {
			o = o*whole.shape[a] + start[a] + p*step[a]
		}
		visit(i, o)
	})
}

func refGather(axis int, x, index, out array) {
	n, inner := x.shape[axis], 1
	for _, d := range x.shape[axis+1:] {
		inner *= d
	}
	for i := range out.v {
		j, k := i%inner, i/inner
		r := int(index.v[k%len(index.v)])
		out.v[i] = x.v[(k/len(index.v)*n+(r+n)%n)*inner+j]
	}
}

// cast converts as chip.Cast says.
func cast(dt chip.DType, v float64) float64 {
	limit := func(lo, hi float64) float64 {
		if v != v {
			return 0
		}
		return min(max(math.Trunc(v), lo), hi)
	}
	switch dt {
	case chip.Float32:
		return float64(float32(v))
	case chip.Int32:
		return limit(math.MinInt32, math.MaxInt32)
	case chip.Int64:
		return limit(math.MinInt64, math.MaxInt64)
	case chip.Uint8:
		return limit(0, 255)
	case chip.Int8:
		return limit(-128, 127)
	case chip.Bool:
		if v != 0 {
			return 1
		}
		return 0
	}
	return v
}
