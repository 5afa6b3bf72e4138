package vision

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// strokes draws n noisy 12×12 images of two classes: a bar on the left or on
// the right, or with symmetric a bar at the top or at the bottom.
func strokes(n int, symmetric bool) (*pixels, []int, []int32) {
	r := rand.New(rand.NewPCG(8, 9))
	p := &pixels{h: 12, w: 12, c: 1, raw: make([]uint8, n*144)}
	rows, labels := make([]int, n), make([]int32, n)
	for i := range n {
		rows[i], labels[i] = i, int32(r.IntN(2))
		for y := range 12 {
			for x := range 12 {
				at := x
				if symmetric {
					at = y
				}
				v := r.IntN(60)
				if (at < 4) == (labels[i] == 0) && (at < 4 || at >= 8) {
					v += 150
				}
				p.raw[i*144+y*12+x] = uint8(v)
			}
		}
	}
	return p, rows, labels
}

func TestFlipSuits(t *testing.T) {
	for _, symmetric := range []bool{true, false} {
		p, rows, labels := strokes(300, symmetric)
		if got := flipSuits(p, rows, labels, 1); got != symmetric {
			t.Errorf("symmetric %v: mirroring suits: %v", symmetric, got)
		}
	}
	p, rows, labels := strokes(30, true)
	if flipSuits(p, rows, labels, 1) {
		t.Error("thirty images are too few to say that mirroring suits")
	}
}

func TestLook(t *testing.T) {
	p := &pixels{h: 4, w: 4, c: 2, raw: make([]uint8, 2*32)}
	for i := 0; i < len(p.raw); i += 2 {
		p.raw[i] = 10
		p.raw[i+1] = uint8(20 * (i / 2 % 2))
	}
	l := lookOf(p, []int{0, 1})
	if l.mean[0] != 10 || l.mean[1] != 10 || l.std[0] != 1 || l.std[1] != 10 {
		t.Errorf("mean %v, deviation %v", l.mean, l.std)
	}
	if l.fill == nil || l.fill[0] != 10 {
		t.Errorf("border colour %v, want 10 first", l.fill)
	}
}

func TestPlan(t *testing.T) {
	for _, x := range []struct {
		side   int
		places []int
	}{
		{8, []int{64, 16}}, {12, []int{144, 36}}, {28, []int{784, 196, 49}}, {32, []int{1024, 256, 64, 16}},
		{64, []int{1024, 256, 64, 16}}, {96, []int{1024, 256, 64, 16}},
	} {
		p := plan{h: x.side, w: x.side, c: 3, classes: 10, width: 16}
		var got []int
		in, _ := p.stem()
		for _, s := range p.stages() {
			got = append(got, s.places)
			if s.in != in {
				t.Errorf("side %d: a stage takes %d channels from %d", x.side, s.in, in)
			}
			in = s.out
		}
		if !slices.Equal(got, x.places) {
			t.Errorf("side %d: places %v, want %v", x.side, got, x.places)
		}
	}
	p := plan{h: 32, w: 32, c: 3, classes: 10}
	if small, large := p.fitWidth(200), p.fitWidth(60000); small <= large {
		t.Errorf("width %d for few samples, %d for many", small, large)
	}
}

func TestTrainingSize(t *testing.T) {
	for _, x := range [][5]int{{8, 8, 64, 8, 8}, {28, 28, 64, 28, 28}, {480, 640, 64, 48, 64}, {100, 1000, 64, 32, 64}, {36, 36, 28, 36, 36}, {200, 200, 16, 16, 16}} {
		if h, w := trainingSize(x[0], x[1], x[2], 40); h != x[3] || w != x[4] {
			t.Errorf("%d by %d at %d gives %d by %d, want %d by %d", x[0], x[1], x[2], h, w, x[3], x[4])
		}
	}
}

func TestPlanOfTinyImages(t *testing.T) {
	for side := 1; side < 8; side++ {
		p := plan{h: side, w: side, c: 1, classes: 2, width: 16}
		if n := len(p.stages()); n != map[bool]int{true: 1}[side >= 4] {
			t.Errorf("side %d has %d stages", side, n)
		}
	}
}
