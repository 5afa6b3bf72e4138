package onnx

// The folds of integers wrap around. Over no elements the largest is the least
// number of the type and the smallest the greatest.

func sumInt[T int64 | uint64](x []T) (s T) {
	for _, v := range x {
		s += v
	}
	return s
}

func sumSquareInt[T int64 | uint64](x []T) (s T) {
	for _, v := range x {
		s += v * v
	}
	return s
}

func productInt[T int64 | uint64](x []T) T {
	p := T(1)
	for _, v := range x {
		p *= v
	}
	return p
}

func largestInt[T int64 | uint64](x []T) T {
	m, _ := limits[T]()
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

func smallestInt[T int64 | uint64](x []T) T {
	_, m := limits[T]()
	for _, v := range x {
		m = min(m, v)
	}
	return m
}

func limits[T int64 | uint64]() (lo, hi T) {
	if hi = ^T(0); hi > 0 {
		return 0, hi
	}
	lo = T(1) << 63
	return lo, ^lo
}
