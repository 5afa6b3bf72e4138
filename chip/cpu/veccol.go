package cpu

// colVectors are a tier's functions over the columns of row-major [rows, width]
// data; width is the length of the vectors.
type colVectors struct {
	colSum    func(sum, x []float32)       // sum += rows of x
	colSqDiff func(sum, x, mean []float32) // sum += (x-mean)²
	// colAffine writes x·scale + shift, then max(·, 0) with relu.
	colAffine func(dst, x, scale, shift []float32, relu bool)
	// colGradSums adds dy to db and dy·(x-mean) to dg; where gate is given and
	// not positive, dy counts as 0.
	colGradSums func(db, dg, x, dy, gate, mean []float32)
	// colGradApply writes dy·coef[0] + x·coef[1] + coef[2], dy gated likewise.
	colGradApply func(dst, x, dy, gate, coef []float32)
}

var goColVectors = colVectors{
	colSum: func(sum, x []float32) {
		for w := len(sum); len(x) >= w; x = x[w:] {
			for j, v := range x[:w] {
				sum[j] += v
			}
		}
	},
	colSqDiff: func(sum, x, mean []float32) {
		mean = mean[:len(sum)]
		for w := len(sum); len(x) >= w; x = x[w:] {
			for j, v := range x[:w] {
				d := v - mean[j]
				sum[j] += d * d
			}
		}
	},
	colAffine:    goColAffine,
	colGradSums:  goColGradSums,
	colGradApply: goColGradApply,
}

func goColAffine(dst, x, scale, shift []float32, relu bool) {
	w := len(scale)
	shift = shift[:w]
	for ; len(x) >= w; x, dst = x[w:], dst[w:] {
		d := dst[:w]
		for j, v := range x[:w] {
			d[j] = v*scale[j] + shift[j]
		}
		if relu {
			for j, v := range d {
				d[j] = max(v, 0)
			}
		}
	}
}

func goColGradSums(db, dg, x, dy, gate, mean []float32) {
	w := len(db)
	dg, mean = dg[:w], mean[:w]
	for at := 0; at+w <= len(x); at += w {
		xs, ds := x[at:at+w], dy[at:at+w]
		for j, v := range ds {
			if gate == nil || gate[at+j] > 0 {
				db[j] += v
				dg[j] += v * (xs[j] - mean[j])
			}
		}
	}
}

func goColGradApply(dst, x, dy, gate, coef []float32) {
	w := len(coef) / 3
	a, b, c := coef[:w], coef[w:2*w], coef[2*w:3*w]
	for at := 0; at+w <= len(x); at += w {
		out, xs, ds := dst[at:at+w], x[at:at+w], dy[at:at+w]
		for j, v := range ds {
			if gate != nil && !(gate[at+j] > 0) {
				v = 0
			}
			out[j] = v*a[j] + xs[j]*b[j] + c[j]
		}
	}
}
