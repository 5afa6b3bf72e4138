package main

func (w winograd) add(a, b vec) vec {
	y := w.YMM()
	w.VADDPS(b, a, y)
	return y
}

func (w winograd) sub(a, b vec) vec {
	y := w.YMM()
	w.VSUBPS(b, a, y)
	return y
}

// times is c·a.
func (w winograd) times(c float32, a vec) vec {
	y := w.YMM()
	w.VMULPS(w.fixed(c), a, y)
	return y
}

// plus adds c·a to y, minus takes it away.
func (w winograd) plus(y vec, c float32, a vec) vec {
	w.VFMADD231PS(w.fixed(c), a, y)
	return y
}

func (w winograd) minus(y vec, c float32, a vec) vec {
	w.VFNMADD231PS(w.fixed(c), a, y)
	return y
}

func (w winograd) copied(a vec) vec {
	y := w.YMM()
	w.VMOVAPS(a, y)
	return y
}

func (w winograd) input2(d []vec) []vec {
	return []vec{w.sub(d[0], d[2]), w.add(d[1], d[2]), w.sub(d[2], d[1]), w.sub(d[1], d[3])}
}

func (w winograd) output2(m []vec) []vec {
	return []vec{w.add(w.add(m[0], m[1]), m[2]), w.sub(w.sub(m[1], m[2]), m[3])}
}

func (w winograd) weights2(g []vec) []vec {
	even, odd := w.times(0.5, w.add(g[0], g[2])), w.times(0.5, g[1])
	return []vec{g[0], w.add(even, odd), w.sub(even, odd), g[2]}
}

func (w winograd) outputGrad2(y []vec) []vec {
	return []vec{y[0], w.add(y[0], y[1]), w.sub(y[0], y[1]), w.sub(w.fixed(0), y[1])}
}

func (w winograd) weightsGrad2(u []vec) []vec {
	even, odd := w.times(0.5, w.add(u[1], u[2])), w.times(0.5, w.sub(u[1], u[2]))
	return []vec{w.add(u[0], even), odd, w.add(u[3], even)}
}

// input4 takes 14 operations. Both points of a pair share what is even and
// what is odd in them.
func (w winograd) input4(d []vec) []vec {
	first := w.minus(w.add(d[0], d[4]), 2.5, d[2])
	last := w.minus(w.add(d[1], d[5]), 2.5, d[3])
	evenNear, oddNear := w.minus(w.copied(d[4]), 2, d[2]), w.minus(w.copied(d[3]), 2, d[1])
	evenFar, oddFar := w.minus(d[4], 0.5, d[2]), w.minus(d[3], 0.5, d[1])
	oddNear, oddFar = w.times(small, oddNear), w.times(root, oddFar)
	return []vec{first, w.add(evenNear, oddNear), w.sub(evenNear, oddNear), w.add(evenFar, oddFar), w.sub(evenFar, oddFar), last}
}

func (w winograd) output4(m []vec) []vec {
	evenNear, oddNear := w.add(m[1], m[2]), w.sub(m[1], m[2])
	evenFar, oddFar := w.add(m[3], m[4]), w.sub(m[3], m[4])
	return []vec{
		w.add(m[0], w.add(evenNear, evenFar)),
		w.plus(w.times(small, oddNear), root, oddFar),
		w.plus(w.times(0.5, evenNear), 2, evenFar),
		w.plus(w.plus(m[5], 1/cube, oddNear), cube, oddFar)}
}

func (w winograd) weights4(g []vec) []vec {
	evenNear, oddNear := w.plus(w.times(near, g[0]), near/2, g[2]), w.times(near*small, g[1])
	evenFar, oddFar := w.plus(w.times(far, g[0]), far*2, g[2]), w.times(far*root, g[1])
	return []vec{g[0], w.add(evenNear, oddNear), w.sub(evenNear, oddNear), w.add(evenFar, oddFar), w.sub(evenFar, oddFar), g[2]}
}

func (w winograd) outputGrad4(y []vec) []vec {
	evenNear, oddNear := w.plus(w.copied(y[0]), 0.5, y[2]), w.plus(w.times(small, y[1]), 1/cube, y[3])
	evenFar, oddFar := w.plus(w.copied(y[0]), 2, y[2]), w.plus(w.times(root, y[1]), cube, y[3])
	return []vec{y[0], w.add(evenNear, oddNear), w.sub(evenNear, oddNear), w.add(evenFar, oddFar), w.sub(evenFar, oddFar), y[3]}
}

func (w winograd) weightsGrad4(u []vec) []vec {
	evenNear, oddNear := w.add(u[1], u[2]), w.sub(u[1], u[2])
	evenFar, oddFar := w.add(u[3], u[4]), w.sub(u[3], u[4])
	return []vec{
		w.plus(w.plus(u[0], near, evenNear), far, evenFar),
		w.plus(w.times(near*small, oddNear), far*root, oddFar),
		w.plus(w.plus(u[5], near/2, evenNear), far*2, evenFar)}
}
