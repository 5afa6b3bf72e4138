package vision

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// ramp is an image whose levels tell the place: 10·y + x, plus 100 a channel.
func ramp(h, w, c int) *pixels {
	p := &pixels{h: h, w: w, c: c, raw: make([]uint8, h*w*c)}
	for i := range p.raw {
		y, x, ch := i/c/w, i/c%w, i%c
		p.raw[i] = uint8(10*y + x + 100*ch)
	}
	return p
}

func paint(p *pixels, fill []float32) *canvas {
	mean := make([]float32, p.c)
	for i := range mean {
		mean[i] = 7
	}
	k := newCanvas(p.h, p.w, p.c, mean, fill)
	k.paint(p, 0)
	k.mirror()
	return k
}

func TestNoAugmentKeepsTheImage(t *testing.T) {
	p := ramp(5, 4, 2)
	want, got := make([]float32, 40), make([]float32, 40)
	p.load(0, want)
	new(Augment).draw(paint(p, nil), got, rand.New(rand.NewPCG(1, 2)))
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestShiftMirrorsOrFills(t *testing.T) {
	p := ramp(3, 3, 1)
	for _, x := range []struct {
		name   string
		dx, dy int
		flip   bool
		fill   []float32
		want   []float32
	}{
		{"right", 1, 0, false, nil, []float32{1, 2, 1, 11, 12, 11, 21, 22, 21}},
		{"up filled", 0, -1, false, []float32{9}, []float32{9, 9, 9, 0, 1, 2, 10, 11, 12}},
		{"flip", 0, 0, true, nil, []float32{2, 1, 0, 12, 11, 10, 22, 21, 20}},
		{"flip after shift", 1, 0, true, []float32{9}, []float32{9, 2, 1, 9, 12, 11, 9, 22, 21}},
	} {
		got := make([]float32, 9)
		paint(p, x.fill).shift(got, x.dx, x.dy, x.flip)
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: got %v, want %v", x.name, got, x.want)
		}
	}
}

func TestWarpAgreesWithShift(t *testing.T) {
	p := ramp(6, 5, 2)
	k := paint(p, nil)
	same := [4]float32{1, 0, 0, 1}
	for _, flip := range []bool{false, true} {
		for dx := -2; dx <= 2; dx++ {
			want, got := make([]float32, 60), make([]float32, 60)
			k.shift(want, dx, 1, flip)
			d := float32(dx)
			k.warp(got, same, d, 1, flip)
			for i := range want {
				if math.Abs(float64(got[i]-want[i])) > 0.2 { // 0.1 % of a pixel is lost at the far edge
					t.Fatalf("dx %d flip %v: pixel %d is %v, want %v", dx, flip, i, got[i], want[i])
				}
			}
		}
	}
}

func TestWarpTurns(t *testing.T) {
	p := ramp(3, 3, 1)
	got := make([]float32, 9)
	paint(p, nil).warp(got, [4]float32{0, -1, 1, 0}, 0, 0, false) // a quarter turn
	want := []float32{2, 12, 22, 1, 11, 21, 0, 10, 20}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 0.05 {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestWarpHalfPixel(t *testing.T) {
	got := make([]float32, 9)
	paint(ramp(3, 3, 1), nil).warp(got, [4]float32{1, 0, 0, 1}, 0.5, 0, false)
	if got[3] != 10.5 || got[4] != 11.5 {
		t.Errorf("row 1 is %v, want 10.5, 11.5, ...", got[3:6])
	}
}

func TestWarpStaysInside(t *testing.T) {
	k := paint(ramp(4, 4, 1), []float32{200})
	got := make([]float32, 16)
	k.warp(got, [4]float32{50, 30, -40, 60}, 1000, -1000, true)
	for _, v := range got {
		if v < 0 || v > 200 {
			t.Fatalf("values outside of the image: %v", got)
		}
	}
}

func TestJitterStaysInRangeAndKeepsGrey(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		img := []float32{10, 10, 10, 200, 200, 200, 255, 255, 255, 0, 0, 0}
		before := slices.Clone(img)
		jitter(img, 3, 0.5, r)
		for i := 0; i < len(img); i += 3 {
			if img[i] < 0 || img[i] > 255 || img[i] != img[i+1] || img[i] != img[i+2] {
				t.Fatalf("grey became %v", img[i:i+3])
			}
		}
		if slices.Equal(img, before) {
			t.Fatal("nothing changed")
		}
	}
}

func TestCutPaintsASquare(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	k := newCanvas(8, 8, 1, []float32{7}, nil)
	most := 0
	for range 100 {
		img := make([]float32, 64)
		k.cut(img, 0.5, r)
		n := 0
		for _, v := range img {
			if v == 7 {
				n++
			}
		}
		if n == 0 || n > 16 {
			t.Fatalf("%d pixels painted, want 1 to 16", n)
		}
		most = max(most, n)
	}
	if most != 16 {
		t.Errorf("the largest square has %d pixels, want 16", most)
	}
}

func TestCutMixExchangesTheShareItSays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		a, b := make([]float32, 60), make([]float32, 60)
		for i := range a {
			b[i] = 1
		}
		own := cutMix(a, b, 5, 6, 2, r)
		var sum float32
		for i, v := range a {
			sum += v
			if v+b[i] != 1 {
				t.Fatal("the images did not exchange pixels")
			}
		}
		if got := 1 - sum/60; math.Abs(float64(got-own)) > 1e-6 {
			t.Fatalf("says %v is left, %v is", own, got)
		}
	}
}

func TestDrawIsDeterministic(t *testing.T) {
	a := Augment{Flip: true, Shift: 0.2, Rotate: 0.3, Scale: 0.2, Shear: 0.1, Warp: 0.5, Cutout: 0.3, Jitter: 0.3}
	p := ramp(8, 8, 1)
	draw := func(seed uint64) []float32 {
		out := make([]float32, 64)
		a.draw(paint(p, nil), out, rand.New(rand.NewPCG(seed, 0)))
		return out
	}
	if !slices.Equal(draw(1), draw(1)) {
		t.Error("the same generator gave two images")
	}
	if slices.Equal(draw(1), draw(2)) {
		t.Error("two generators gave the same image")
	}
}

func BenchmarkDraw(b *testing.B) {
	a := Augment{Flip: true, Shift: 0.12, Rotate: 0.15, Scale: 0.12, Shear: 0.1, Warp: 1, Cutout: 0.25, Jitter: 0.25}
	p := ramp(32, 32, 3)
	k := paint(p, nil)
	out := make([]float32, 32*32*3)
	r := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		k.paint(p, 0)
		a.draw(k, out, r)
	}
}
