package onnx

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// exactResize is Resize of an image of integers by sizes in rational arithmetic.
type exactResize struct {
	mode, coordinates string
	antialias         bool
}

// position is where output i of m lies among n elements, as the standard has it.
func (e exactResize) position(i, n, m int64) *big.Rat {
	switch {
	case e.coordinates == "asymmetric":
		return big.NewRat(i*n, m)
	case m == 1 && e.coordinates != "half_pixel" && e.coordinates != "half_pixel_symmetric":
		return new(big.Rat)
	case e.coordinates == "align_corners":
		return big.NewRat(i*(n-1), m-1)
	}
	return big.NewRat((2*i+1)*n-m, 2*m)
}

// weight is that of an element at a distance from the position.
func (e exactResize) weight(d *big.Rat) *big.Rat {
	one, d := big.NewRat(1, 1), new(big.Rat).Abs(d)
	if e.mode == "linear" {
		if d.Cmp(one) >= 0 {
			return new(big.Rat)
		}
		return one.Sub(one, d)
	}
	cubic := func(c3, c2, c1, c0 int64) *big.Rat { // in quarters, with a = −3/4
		v := big.NewRat(c3, 4)
		for _, c := range []int64{c2, c1, c0} {
			v.Add(v.Mul(v, d), big.NewRat(c, 4))
		}
		return v
	}
	switch {
	case d.Cmp(one) <= 0:
		return cubic(5, -9, 0, 4)
	case d.Cmp(big.NewRat(2, 1)) < 0:
		return cubic(-3, 15, -24, 12)
	}
	return new(big.Rat)
}

// weights gives output i of m its weights for n elements; beyond them lies the edge.
func (e exactResize) weights(i, n, m int64) []*big.Rat {
	at, stretch := e.position(i, n, m), big.NewRat(1, 1)
	if e.antialias && n > m {
		stretch.SetFrac64(n, m)
	}
	w, total := make([]*big.Rat, n), new(big.Rat)
	for j := range w {
		w[j] = new(big.Rat)
	}
	for j := -8 * n; j < 8*n; j++ {
		d := new(big.Rat).Sub(big.NewRat(j, 1), at)
		v := e.weight(d.Quo(d, stretch))
		edge := min(max(j, 0), n-1)
		w[edge].Add(w[edge], v)
		total.Add(total, v)
	}
	for _, v := range w {
		v.Quo(v, total)
	}
	return w
}

// sums gives the elements [rows,columns] of x [height,width] before they are whole.
func (e exactResize) sums(x []int64, height, width, rows, columns int64) (out []*big.Rat) {
	across := make([][]*big.Rat, columns)
	for j := range across {
		across[j] = e.weights(int64(j), width, columns)
	}
	for i := range rows {
		down := e.weights(i, height, rows)
		for j := range across {
			sum := new(big.Rat)
			for y, wy := range down {
				for k, wx := range across[j] {
					v := big.NewRat(x[y*int(width)+k], 1)
					sum.Add(sum, v.Mul(v, wx).Mul(v, wy))
				}
			}
			out = append(out, sum)
		}
	}
	return out
}

// whole cuts v off or rounds it to nearest, halves away from zero, within bounds.
func (e exactResize) whole(v *big.Rat, bounds [2]float64) int64 {
	n := new(big.Int).Set(v.Num())
	d := new(big.Int).Set(v.Denom())
	if e.antialias {
		n.Mul(n, big.NewInt(2)).Add(n, new(big.Int).Mul(d, big.NewInt(int64(v.Sign()))))
		d.Mul(d, big.NewInt(2))
	}
	return min(max(n.Quo(n, d).Int64(), int64(bounds[0])), int64(bounds[1]))
}

// close says that a rounding error of float32 may decide what whole makes of v.
func (e exactResize) close(v *big.Rat) bool {
	f, _ := v.Float64()
	if e.antialias {
		f += 0.5
	}
	_, part := math.Modf(math.Abs(f))
	return part < 1e-3 || part > 1-1e-3
}

// TestResizeIntegers compares the interpolation of integers with rational arithmetic,
// to the last unit, and both with onnxruntime, where its float32 decides nothing. With
// antialiasing onnxruntime rounds after each axis, so that it is asked for one; it has
// neither cubic interpolation of integers without it nor negative int8 with it.
func TestResizeIntegers(t *testing.T) {
	const height, width = 4, 5
	for _, dt := range []tensor.DType{tensor.Uint8, tensor.Int8, tensor.Int16, tensor.Int32} {
		for _, coordinates := range []string{"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"} {
			for _, e := range []exactResize{{"linear", coordinates, false}, {"cubic", coordinates, false}, {"linear", coordinates, true}, {"cubic", coordinates, true}} {
				t.Run(fmt.Sprint(dt, e), func(t *testing.T) {
					noise := rand.New(rand.NewPCG(3, 4))
					for _, size := range [][2]int64{{6, 7}, {2, 3}, {8, 2}, {3, 10}, {4, 3}, {4, 7}, {4, 1}} {
						for range 3 {
							e.compare(t, noise, dt, height, width, size)
						}
					}
				})
			}
		}
	}
}

func (e exactResize) compare(t *testing.T, noise *rand.Rand, dt tensor.DType, height, width int64, size [2]int64) {
	t.Helper()
	bounds := integerRange[dt]
	lo, hi := int64(max(bounds[0], -999)), int64(min(bounds[1], 999))
	x := make([]int64, height*width)
	for i := range x {
		x[i] = lo + noise.Int64N(hi-lo+1)
	}
	attrs := Attrs{"mode": e.mode, "coordinate_transformation_mode": e.coordinates}
	if e.antialias {
		attrs["antialias"] = 1
	}
	m, feeds := resize(attrs, as(tensor.Of(x, 1, 1, int(height), int(width)), dt), nil, ints(1, 1, size[0], size[1])).model()
	got, err := runOld(t, m, feeds)
	if err != nil {
		t.Fatal(err)
	}
	sums := e.sums(x, height, width, size[0], size[1])
	for i, g := range as(got, tensor.Int64).Int64s() {
		if want := e.whole(sums[i], bounds); g != want {
			t.Fatalf("%v to %v: element %d is %d, want %d, which is %s", x, size, i, g, want, sums[i].FloatString(9))
		}
	}
	switch {
	case dt == tensor.Int16, !e.antialias && e.mode == "cubic", e.antialias && (dt == tensor.Int8 || size[0] != height):
		return
	}
	declare(m, map[string]*tensor.Tensor{"out0": got})
	for i, o := range as(ort(t, m, feeds)["out0"], tensor.Int64).Int64s() {
		if want := e.whole(sums[i], bounds); o != want && !e.close(sums[i]) {
			t.Errorf("%v to %v: onnxruntime has %d for element %d, want %d, which is %s", x, size, o, i, want, sums[i].FloatString(9))
		}
	}
}
