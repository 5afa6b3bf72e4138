package graphtest

// each calls f with every index of shape, in row-major order.
func each(shape []int, f func(index []int)) {
	index := make([]int, len(shape))
	for _, d := range shape {
		if d == 0 {
			return
		}
	}
	for {
		f(index)
		i := len(shape) - 1
		for ; i >= 0; i-- {
			if index[i]++; index[i] < shape[i] {
				break
			}
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// at returns the position of an element; axes of length 1 repeat and leading
// axes that a lacks are ignored.
func (a Array) at(index []int) int {
	p, extra := 0, len(index)-len(a.Shape)
	for i, d := range a.Shape {
		j := index[i+extra]
		if d == 1 {
			j = 0
		}
		p = p*d + j
	}
	return p
}

// get returns one element, broadcasting.
func (a Array) get(index ...int) float64 { return a.Data[a.at(index)] }

// build makes an array by a function of the index.
func build(shape []int, f func(index []int) float64) Array {
	a := newArray(shape)
	i := 0
	each(shape, func(index []int) {
		a.Data[i] = f(index)
		i++
	})
	return a
}
