package cpu

import (
	"math"
	"unsafe"
)

//go:generate go run ./asm

// maxRows and maxCols bound the tiles of all tiers.
const (
	maxRows = 16
	maxCols = 32
)

// matrix are a tier's matrix kernels.
type matrix struct {
	tileShape
	kernels []matrixKernel // those of fewer rows before those of more; the last of a width has all of a tile's
}

// matrixKernel is a matrix kernel for so many rows and panels of such a width.
type matrixKernel struct {
	rows, width int
	run         func(t *tile)
}

// over is the kernel for whole tiles over panels of a width.
func (m *matrix) over(width int) func(t *tile) { return m.fewest(m.rows, width).run }

// fewest is the kernel with the fewest rows, but at least so many, over panels of a width.
func (m *matrix) fewest(rows, width int) *matrixKernel {
	for i := range m.kernels {
		if k := &m.kernels[i]; k.width == width && k.rows >= rows {
			return k
		}
	}
	panic("cpu: no matrix kernel of this size")
}

// rowsFor is how many rows the kernels that cover n rows have together.
func (m *matrix) rowsFor(n int) int {
	rest := n % m.rows
	if rest == 0 {
		return n
	}
	return n - rest + m.fewest(rest, m.cols).rows
}

// panelsOf cuts n columns into panels, the last of them as narrow as kernels are.
func (m *matrix) panelsOf(n int) []panel {
	ps := m.tileShape.panelsOf(n)
	if len(ps) == 0 {
		return nil
	}
	last := &ps[len(ps)-1]
	for _, k := range m.kernels {
		if k.width >= last.n {
			last.width = min(last.width, k.width)
		}
	}
	return ps
}

// tileShape is what one call of a matrix kernel covers.
type tileShape struct {
	rows   int // of a tile, at most maxRows
	cols   int // of a wide panel, at most maxCols
	narrow int // columns of a narrow panel
}

// kBlock is how many steps of a wide panel take half of a first-level cache, 24 KiB.
func (m *matrix) kBlock() int { return 6 * 1024 / m.cols }

// chunkSteps bounds the steps of a convolution's panel, 32 KiB.
func (t tileShape) chunkSteps() int { return 8 * 1024 / t.cols }

// tile is the work of one matrix kernel: some rows by one panel of columns,
//
//	c[r][j] = max(floor, alpha·Σ a[r][s,k]·b[s,k][j] + bias[j] (+ c[r][j]))
//
// summed over segments s and their steps k. A step moves by fixed distances in
// A and in B, a segment starts at its own offsets. With these, one kernel reads
// packed panels, rows or columns of matrices and the windows of a convolution.
//
// Addresses are plain numbers: what they point to is kept alive by the
// executable, and tiles lie in memory that the collector need not scan.
type tile struct {
	a     [maxRows]uintptr // rows; one that does not count repeats another
	c     [maxRows]uintptr // output rows; one that does not count points to spare memory
	b     uintptr
	segs  uintptr // of nseg segments
	nseg  int
	steps int     // in each segment
	sa    int     // bytes from one step to the next in A
	sb    int     // and in B
	bias  uintptr // 0 for none
	mask  uintptr // of columns: int32s, 0 or -1; 0 when all count
	add   int     // 1: add to what c holds
	alpha float32
	floor float32 // 0 for ReLU, else -Inf
	cols  int     // with a mask: how many columns count
}

// segment is where a run of steps begins, in bytes from a[r] and b.
type segment struct{ a, b int }

// columnMasks[maxCols-n:] selects the first n columns.
var columnMasks = func() (m [2 * maxCols]int32) {
	for i := range maxCols {
		m[i] = -1
	}
	return m
}()

// setColumns lets n of width columns count. A panel that is not full has more
// columns than fit one vector less.
func (t *tile) setColumns(n, width int) {
	t.cols, t.mask = n, 0
	if n < width {
		t.mask = uintptr(unsafe.Pointer(&columnMasks[maxCols-n]))
	}
}

var noFloor = float32(math.Inf(-1))

// pointerAt turns an address of memory that is known to be alive to a pointer.
func pointerAt(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

func floatAt(p uintptr, i int) *float32 { return (*float32)(unsafe.Add(pointerAt(p), 4*i)) }

// goTile is the Go twin of the kernels of a tier; width is the columns of a panel.
func goTile(t *tile, rows, width int) {
	cols := width
	if t.mask != 0 {
		cols = t.cols
	}
	segs := unsafe.Slice((*segment)(pointerAt(t.segs)), t.nseg)
	for r := range rows {
		var acc [maxCols]float32
		for _, s := range segs {
			a, b := t.a[r]+uintptr(s.a), t.b+uintptr(s.b)
			for range t.steps {
				x := *floatAt(a, 0)
				row := unsafe.Slice(floatAt(b, 0), cols)
				for j, y := range row {
					acc[j] += x * y
				}
				a, b = a+uintptr(t.sa), b+uintptr(t.sb)
			}
		}
		goTileStore(t, r, acc[:cols])
	}
}

func goTileStore(t *tile, r int, acc []float32) {
	for j, v := range acc {
		v *= t.alpha
		if t.bias != 0 {
			v += *floatAt(t.bias, j)
		}
		if t.add != 0 {
			v += *floatAt(t.c[r], j)
		}
		if v < t.floor {
			v = t.floor
		}
		*floatAt(t.c[r], j) = v
	}
}

// goTiles are the Go twins of tiles of some sizes.
func goTiles(shape tileShape, rows []int, widths ...int) matrix {
	m := matrix{tileShape: shape}
	for _, r := range rows {
		for _, w := range widths {
			m.kernels = append(m.kernels, matrixKernel{r, w, func(t *tile) { goTile(t, r, w) }})
		}
	}
	return m
}

// oneSegment is the segment list of a product that has only one segment, at offset 0.
var oneSegment = [1]segment{}

func address(v *view) uintptr             { return uintptr(v.p) }
func addressOf(s []float32) uintptr       { return uintptr(unsafe.Pointer(unsafe.SliceData(s))) }
func floatsAt(p uintptr, n int) []float32 { return unsafe.Slice((*float32)(pointerAt(p)), n) }

// setRows places n of rows rows at even distances; the others repeat the first.
func (t *tile) setRows(p uintptr, step, n, rows int) {
	for r := range t.a[:n] {
		t.a[r] = p
		p += uintptr(step)
	}
	for r := n; r < rows; r++ {
		t.a[r] = t.a[0]
	}
}

// setOut places n of rows output rows; the others go to spare memory.
func (t *tile) setOut(p uintptr, step, n, rows int, spare uintptr) {
	for r := range t.c[:n] {
		t.c[r] = p
		p += uintptr(step)
	}
	for r := n; r < rows; r++ {
		t.c[r] = spare
	}
}
