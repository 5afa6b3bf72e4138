package cpu

// rowMajor gives the strides of a contiguous array.
func rowMajor(shape []int) []int {
	s, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// broadcastStrides gives the strides at which an array of shape is read to
// fill to: 0 along axes that repeat.
func broadcastStrides(shape, to []int) []int {
	own, s := rowMajor(shape), make([]int, len(to))
	skip := len(to) - len(shape)
	for i, d := range shape {
		if d != 1 {
			s[skip+i] = own[i]
		}
	}
	return s
}

// mergeAxes drops axes of length 1 and joins neighbours over which every
// operand steps evenly. At least one axis is left.
func mergeAxes(shape []int, strides [][]int) ([]int, [][]int) {
	var dims []int
	merged := make([][]int, len(strides))
	for i, d := range shape {
		if d == 1 {
			continue
		}
		if n := len(dims); n > 0 && evenly(merged, strides, n-1, i, d) {
			dims[n-1] *= d
			for j := range strides {
				merged[j][n-1] = strides[j][i]
			}
			continue
		}
		dims = append(dims, d)
		for j := range strides {
			merged[j] = append(merged[j], strides[j][i])
		}
	}
	if dims == nil {
		dims = []int{1}
		for j := range merged {
			merged[j] = []int{1}
		}
	}
	return dims, merged
}

func evenly(merged, strides [][]int, last, axis, d int) bool {
	for j := range strides {
		if merged[j][last] != strides[j][axis]*d {
			return false
		}
	}
	return true
}
