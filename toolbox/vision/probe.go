package vision

import (
	"math"
	"math/rand/v2"
)

// thumb is the side of the thumbnails that flipSuits compares.
const thumb = 12

// flipSuits reports whether mirrored images still look like their class: it
// finds the nearest neighbours of some training images and of their mirror
// images among other training images, and says yes when mirroring costs no more
// right answers than chance explains. Digits and letters lose most of theirs,
// photographs none.
func flipSuits(px *pixels, rows []int, labels []int32, seed uint64) bool {
	r := rand.New(rand.NewPCG(seed, 0xf11b))
	order := r.Perm(len(rows))
	queries := min(len(rows)/3, 400)
	others := min(len(rows)-queries, 1600)
	if queries < 20 {
		return false
	}
	vectors := make([][]float32, others)
	for i := range vectors {
		vectors[i] = thumbnail(px, rows[order[queries+i]], false)
	}
	var plain, mirrored int
	for _, q := range order[:queries] {
		same := func(flip bool) int {
			n := nearest(vectors, thumbnail(px, rows[q], flip))
			if labels[order[queries+n]] == labels[q] {
				return 1
			}
			return 0
		}
		plain += same(false)
		mirrored += same(true)
	}
	n := float64(queries)
	p := float64(plain+mirrored) / (2 * n)
	spread := math.Sqrt(2 * p * (1 - p) / n)
	return float64(plain-mirrored)/n <= max(0.02, 1.5*spread)
}

// thumbnail averages a row's image to thumb by thumb pixels of mean 0 and length 1.
func thumbnail(px *pixels, row int, flip bool) []float32 {
	th, tw := min(thumb, px.h), min(thumb, px.w)
	img := make([]float32, px.h*px.w*px.c)
	px.load(row, img)
	out := make([]float32, th*tw*px.c)
	for y := range px.h {
		for x := range px.w {
			tx := x
			if flip {
				tx = px.w - 1 - x
			}
			at := (y*th/px.h*tw + tx*tw/px.w) * px.c
			for c := range px.c {
				out[at+c] += img[(y*px.w+x)*px.c+c]
			}
		}
	}
	centre(out)
	return out
}

// centre gives v mean 0 and length 1.
func centre(v []float32) {
	var sum, square float64
	for _, x := range v {
		sum += float64(x)
	}
	mean := float32(sum / float64(len(v)))
	for i := range v {
		v[i] -= mean
		square += float64(v[i]) * float64(v[i])
	}
	if square > 0 {
		scale := float32(1 / math.Sqrt(square))
		for i := range v {
			v[i] *= scale
		}
	}
}

// nearest returns the vector with the largest inner product with q.
func nearest(vectors [][]float32, q []float32) int {
	best, at := float32(math.Inf(-1)), 0
	for i, v := range vectors {
		var dot float32
		for j, x := range v {
			dot += x * q[j]
		}
		if dot > best {
			best, at = dot, i
		}
	}
	return at
}
