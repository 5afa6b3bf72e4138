package vision

import (
	"math"
	"math/rand/v2"
)

// Augment says how a training image is varied. The zero value leaves it as it is.
// Amounts are the largest ones; each image draws its own, evenly between none
// and that much in either direction.
type Augment struct {
	Flip   bool    // mirror left and right, half of the time
	Shift  float32 // share of the side
	Rotate float32 // radians
	Scale  float32 // natural logarithm of the zoom
	Shear  float32 // shift of a row per row
	Warp   float32 // how often rotation, zoom and shear are used at all, 0 to 1
	Cutout float32 // side of a square of mean colour, as a share of the image's side
	Jitter float32 // brightness, contrast and, with colours, saturation
	CutMix float32 // how often a pair of images exchanges a rectangle
}

// canvas is an image with a margin, from which warped images are read without
// looking at its borders.
type canvas struct {
	h, w, c, margin int
	stride          int // floats of a row
	pix             []float32
	mean            []float32 // colour of cutouts
	fill            []float32 // colour of the margin; nil mirrors the image
}

func newCanvas(h, w, c int, mean, fill []float32) *canvas {
	m := max(h, w)/3 + 1
	k := &canvas{h: h, w: w, c: c, margin: m, stride: (w + 2*m) * c, mean: mean, fill: fill}
	k.pix = make([]float32, (h+2*m)*k.stride)
	for i := 0; fill != nil && i < len(k.pix); i++ {
		k.pix[i] = fill[i%c]
	}
	return k
}

// row returns row y of the image, without margins.
func (k *canvas) row(y int) []float32 {
	at := (y+k.margin)*k.stride + k.margin*k.c
	return k.pix[at : at+k.w*k.c]
}

// mirror fills the margin with the image mirrored at its borders.
func (k *canvas) mirror() {
	if k.fill != nil {
		return
	}
	for y := range k.h {
		row := k.pix[(y+k.margin)*k.stride:][:k.stride]
		for x := range k.margin {
			left, right := reflect(-1-x, k.w), reflect(k.w+x, k.w)
			copy(row[(k.margin-1-x)*k.c:][:k.c], row[(k.margin+left)*k.c:][:k.c])
			copy(row[(k.margin+k.w+x)*k.c:][:k.c], row[(k.margin+right)*k.c:][:k.c])
		}
	}
	for y := range k.margin {
		top, bottom := reflect(-1-y, k.h), reflect(k.h+y, k.h)
		copy(k.pix[(k.margin-1-y)*k.stride:][:k.stride], k.pix[(k.margin+top)*k.stride:][:k.stride])
		copy(k.pix[(k.margin+k.h+y)*k.stride:][:k.stride], k.pix[(k.margin+bottom)*k.stride:][:k.stride])
	}
}

// reflect folds i into 0..n-1 by mirroring, the border pixel not repeated.
func reflect(i, n int) int {
	if n == 1 {
		return 0
	}
	p := 2 * (n - 1)
	i = ((i % p) + p) % p
	return min(i, p-i)
}

// draw writes a varied copy of the image on k into out, [h,w,c]. The image's
// values are 0 to 255; jitter may lead a little outside and is cut off.
func (a *Augment) draw(k *canvas, out []float32, r *rand.Rand) {
	k.mirror()
	flip := a.Flip && r.IntN(2) == 0
	dx, dy := a.Shift*float32(k.w)*spread(r), a.Shift*float32(k.h)*spread(r)
	if a.Warp > 0 && r.Float32() < a.Warp {
		k.warp(out, a.matrix(r), dx, dy, flip)
	} else {
		k.shift(out, int(math.Round(float64(dx))), int(math.Round(float64(dy))), flip)
	}
	if a.Jitter > 0 {
		jitter(out, k.c, a.Jitter, r)
	}
	if a.Cutout > 0 {
		k.cut(out, a.Cutout, r)
	}
}

// spread draws evenly from -1 to 1.
func spread(r *rand.Rand) float32 { return 2*r.Float32() - 1 }

// matrix draws the map from places of the output to places of the image, both
// measured from the centre.
func (a *Augment) matrix(r *rand.Rand) [4]float32 {
	angle := float64(a.Rotate * spread(r))
	zoom := math.Exp(float64(a.Scale * spread(r)))
	shear := float64(a.Shear * spread(r))
	sin, cos := math.Sincos(angle)
	return [4]float32{
		float32(zoom * cos), float32(zoom * (shear*cos - sin)),
		float32(zoom * sin), float32(zoom * (shear*sin + cos)),
	}
}

// shift copies the image moved by whole pixels.
func (k *canvas) shift(out []float32, dx, dy int, flip bool) {
	dx, dy = clamp(dx, k.margin), clamp(dy, k.margin)
	n := k.w * k.c
	for y := range k.h {
		src := k.pix[(y+k.margin+dy)*k.stride+(k.margin+dx)*k.c:][:n]
		dst := out[y*n:][:n]
		if !flip {
			copy(dst, src)
			continue
		}
		for x := range k.w {
			copy(dst[x*k.c:][:k.c], src[(k.w-1-x)*k.c:][:k.c])
		}
	}
}

func clamp(v, limit int) int { return min(max(v, -limit), limit) }

// warp reads the image at m·(place - centre) + centre + (dx, dy) by bilinear
// interpolation; places beyond the margin take the margin's edge.
func (k *canvas) warp(out []float32, m [4]float32, dx, dy float32, flip bool) {
	cx, cy := float32(k.w-1)/2, float32(k.h-1)/2
	ox, oy := cx+dx+float32(k.margin), cy+dy+float32(k.margin)
	maxX, maxY := float32(k.w+2*k.margin)-1.001, float32(k.h+2*k.margin)-1.001
	if flip {
		m[0], m[2] = -m[0], -m[2]
	}
	for y := range k.h {
		v := float32(y) - cy
		sx, sy := ox+m[1]*v-m[0]*cx, oy+m[3]*v-m[2]*cx
		row := out[y*k.w*k.c:][:k.w*k.c]
		for len(row) >= k.c {
			px, py := min(max(sx, 0), maxX), min(max(sy, 0), maxY)
			ix, iy := int(px), int(py)
			fx, fy := px-float32(ix), py-float32(iy)
			at := iy*k.stride + ix*k.c
			top, bottom := k.pix[at:at+2*k.c], k.pix[at+k.stride:at+k.stride+2*k.c]
			for ch := range k.c {
				u, w := top[ch], bottom[ch]
				u += fx * (top[ch+k.c] - u)
				w += fx * (bottom[ch+k.c] - w)
				row[ch] = u + fy*(w-u)
			}
			row = row[k.c:]
			sx += m[0]
			sy += m[2]
		}
	}
}

// jitter changes brightness, contrast and, with three channels, saturation.
func jitter(out []float32, channels int, amount float32, r *rand.Rand) {
	contrast, bright, colour := 1+amount*spread(r), 127*amount*spread(r), 1+amount*spread(r)
	var sum float32
	for _, v := range out {
		sum += v
	}
	mean := sum / float32(len(out))
	if channels == 3 {
		for i := 0; i+3 <= len(out); i += 3 {
			p := out[i : i+3]
			grey := (p[0] + p[1] + p[2]) / 3
			p[0], p[1], p[2] = grey+colour*(p[0]-grey), grey+colour*(p[1]-grey), grey+colour*(p[2]-grey)
		}
	}
	bias := mean*(1-contrast) + bright/2
	for i, v := range out {
		out[i] = min(max(contrast*v+bias, 0), 255)
	}
}

// cut paints a square of mean colour around a random place.
func (k *canvas) cut(out []float32, share float32, r *rand.Rand) {
	half := max(1, int(share*float32(min(k.h, k.w))/2+0.5))
	y, x := r.IntN(k.h), r.IntN(k.w)
	y0, y1 := max(y-half, 0), min(y+half, k.h)
	x0, x1 := max(x-half, 0), min(x+half, k.w)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			copy(out[(y*k.w+x)*k.c:][:k.c], k.mean)
		}
	}
}

// cutMix exchanges a random rectangle of images a and b, [h,w,c], and returns the
// share of its own that each keeps. Source: Yun et al. 2019, arXiv:1905.04899.
func cutMix(a, b []float32, h, w, c int, r *rand.Rand) float32 {
	side := math.Sqrt(r.Float64())
	bh, bw := int(side*float64(h)+0.5), int(side*float64(w)+0.5)
	y0, x0 := r.IntN(h-bh+1), r.IntN(w-bw+1)
	for y := y0; y < y0+bh; y++ {
		p, q := a[(y*w+x0)*c:][:bw*c], b[(y*w+x0)*c:][:bw*c]
		for i := range p {
			p[i], q[i] = q[i], p[i]
		}
	}
	return 1 - float32(bh*bw)/float32(h*w)
}
