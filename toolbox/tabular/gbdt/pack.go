package gbdt

import (
	"math"
	"math/bits"
)

// packing says how gradient, hessian and count of rows share a word: from the
// top, the gradient (signed), the hessian, the count. Each field is wide enough
// for the sum over all rows, so that sums and differences of words are sums and
// differences of fields.
//
// With many rows there is no room for a count; it is then taken as the hessian's
// share of the rows, as LightGBM does. Squared loss has no hessian: the count is it.
type packing struct {
	gShift, hShift uint
	hMask, nMask   uint64
	gLevels        float64 // the largest gradient becomes so many
	hLevels        float64
	gUnit, hUnit   float64 // value of one level
	counted        bool
	perRow         float64 // without counts: rows per level of hessian
}

func newPacking(rows int, constant bool) packing {
	n := uint(bits.Len(uint(rows)))
	var p packing
	if constant {
		p.counted = true
		p.nMask, p.hShift, p.gShift = 1<<n-1, n, n
		p.gLevels = levels(min(64-2*n-1, 30))
		p.hUnit = 1
		return p
	}
	room := 64 - 3*n - 1
	if p.counted = 3*n <= 43; p.counted {
		p.nMask, p.hShift = 1<<n-1, n
	} else {
		room = 64 - 2*n - 1
	}
	h := min(room*9/21, 24)
	g := min(room-h, 30)
	p.hMask = 1<<(h+n) - 1
	p.gShift = p.hShift + h + n
	p.gLevels, p.hLevels = levels(g), levels(h)
	return p
}

func levels(bits uint) float64 { return float64(uint64(1)<<bits - 1) }

// sums are the fields of a word.
type sums struct{ g, h, n float64 }

func (p *packing) unpack(w uint64) sums {
	s := sums{g: float64(int64(w)>>p.gShift) * p.gUnit, n: float64(w & p.nMask)}
	if p.hMask == 0 {
		s.h = s.n
		return s
	}
	h := float64(w >> p.hShift & p.hMask)
	s.h = h * p.hUnit
	if !p.counted {
		s.n = h * p.perRow
	}
	return s
}

// words packs the gradients and hessians of rows. Values are rounded up or down
// at random, without bias, by a generator of seed and row.
func (p *packing) words(dst []uint64, rows []int32, g, h []float32, seed uint64) {
	var gMax, hMax float32
	for _, r := range rows {
		gMax = max(gMax, g[r], -g[r])
	}
	p.gUnit = max(float64(gMax), 1e-30) / p.gLevels
	gScale := 1 / p.gUnit
	if p.hMask == 0 {
		for _, r := range rows {
			u := hash(seed + uint64(r))
			q := int64(math.Floor(float64(g[r])*gScale + unit(u)))
			dst[r] = uint64(q)<<p.gShift + 1
		}
		return
	}
	for _, r := range rows {
		hMax = max(hMax, h[r])
	}
	p.hUnit = max(float64(hMax), 1e-30) / p.hLevels
	hScale := 1 / p.hUnit
	one, total := uint64(0), uint64(0)
	if p.counted {
		one = 1
	}
	for _, r := range rows {
		u := hash(seed + uint64(r))
		q := int64(math.Floor(float64(g[r])*gScale + unit(u)))
		k := uint64(float64(h[r])*hScale + unit(u<<32))
		total += k
		dst[r] = uint64(q)<<p.gShift + k<<p.hShift + one
	}
	p.perRow = float64(len(rows)) / float64(max(total, 1))
}

// hash is splitmix64's output function.
func hash(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit maps the high 32 bits of u to [0,1).
func unit(u uint64) float64 { return float64(u>>32) * (1.0 / (1 << 32)) }
