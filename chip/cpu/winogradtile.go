package cpu

import "github.com/macaw-ai/macaw/chip"

// winogradTile is a size of tiles of intWinograd. Its matrices are those of
// Lavin and Gray, with the divisors of G's rows taken to the other side, so that
// all numbers are whole.
type winogradTile struct {
	size int // of a tile; windows have two pixels more
	// g are the rows of G times their divisors: what a column of three weights becomes.
	g [][3]int32
	// window writes Bᵀ·d·B of n channels, parts part bytes apart, of a window whose
	// rows and pixels are row and pixel bytes apart.
	window func(dst, src uintptr, n, row, pixel, part int)
	// sum writes Aᵀ·m·A of eight columns of n tiles, which lie pixel bytes apart in
	// src, to rows and pixels row and pixel bytes apart. It may change src.
	sum func(dst, src uintptr, n, row, pixel, part int)
}

// parts are the products of a tile for each pair of an input and an output.
func (t *winogradTile) parts() int { return len(t.g) * len(t.g) }

// winogradTiles are a tier's sizes.
func (n *integers) winogradTiles() []*winogradTile {
	return []*winogradTile{
		// 2·G: results are 4 times too large.
		{2, [][3]int32{{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}}, n.window2, n.sum2},
		// Divisors 4, -6, -6, 24, 24 and 1: 576 = 64·9 times too large. Numbers of
		// windows reach 68·255 and of weights 49·127, which 16 bits hold.
		{4, [][3]int32{{1, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 1}}, n.window4, n.sum4},
	}
}

// exact reports whether 32 bits hold what the tile's sums come to before they
// are divided by a power of two, which is the only step that does not wrap; a
// ninth is a product modulo 2³². w are weights [3,3,C,K], nil if not known.
func (t *winogradTile) exact(w []int8, in, k int) bool {
	if t.size == 2 {
		return 2*9*in <= chip.MaxInt8Terms
	}
	if w == nil {
		return false
	}
	ends := make([][2]int, k) // the sums of the negative and of the positive weights
	for i, v := range w {
		ends[i%k][0] += min(int(v), 0)
		ends[i%k][1] += max(int(v), 0)
	}
	for _, e := range ends {
		if 255*e[1] >= 1<<25 || 255*e[0] <= -1<<25 {
			return false
		}
	}
	return true
}

// pack writes the weights [3,3,C,K] of a panel transformed, as [parts][C/2][columns]
// pairs, and the sums of each column's weights as they are.
func (t *winogradTile) pack(words, sums []int32, w []int8, in, k int, p panel) {
	clear(words)
	clear(sums)
	n := len(t.g)
	u := make([][3]int32, n) // G·w
	for c := range in {
		for j := range p.n {
			var window [9]int32
			for i := range window {
				window[i] = int32(w[(i*in+c)*k+p.j+j])
				sums[j] += window[i]
			}
			for i, g := range t.g {
				for col := range 3 {
					u[i][col] = g[0]*window[col] + g[1]*window[3+col] + g[2]*window[6+col]
				}
			}
			for i := range n * n {
				a, b := u[i/n], t.g[i%n]
				words[(i*in/2+c/2)*p.width+j] |= inWord(a[0]*b[0]+a[1]*b[1]+a[2]*b[2], c%2, 2)
			}
		}
	}
}
