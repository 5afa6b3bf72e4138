package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/nn"
)

// TestOrthogonal: the shorter side's vectors have length 2 and are at right angles.
func TestOrthogonal(t *testing.T) {
	for _, dims := range [][]int{{6, 4}, {4, 6}, {3, 3, 2, 8}, {5}} {
		w := nn.NewParams(1).Weight("w", nn.Orthogonal(2), dims...).Value().Float32s()
		columns := dims[len(dims)-1]
		rows := len(w) / columns
		at := func(v, i int) float64 { return float64(w[i*columns+v]) }
		count, length := columns, rows
		if rows < columns {
			at = func(v, i int) float64 { return float64(w[v*columns+i]) }
			count, length = rows, columns
		}
		for a := range count {
			for b := range count {
				dot, want := 0.0, 0.0
				for i := range length {
					dot += at(a, i) * at(b, i)
				}
				if a == b {
					want = 4
				}
				if math.Abs(dot-want) > 1e-5 {
					t.Errorf("%v: vectors %d and %d have the product %v, want %v", dims, a, b, dot, want)
				}
			}
		}
	}
}

func TestDirac(t *testing.T) {
	w := nn.NewParams(1).Weight("w", nn.Dirac, 3, 3, 2, 4).Value().Float32s()
	for i, v := range w {
		pixel, c, k := i/8, i/4%2, i%4
		if one := pixel == 4 && c == k; (v == 1) != one || v != 0 && v != 1 {
			t.Errorf("pixel %d, channel %d, filter %d is %v", pixel, c, k, v)
		}
	}
	if w := nn.NewParams(1).Weight("w", nn.Identity, 2, 2).Value().Float32s(); w[0] != 1 || w[1] != 0 || w[2] != 0 || w[3] != 1 {
		t.Errorf("identity %v", w)
	}
}

func TestLeCunNormalAndSparse(t *testing.T) {
	w := nn.NewParams(1).Weight("w", nn.LeCunNormal, 3, 3, 32, 64).Value().Float32s()
	sum := 0.0
	for _, v := range w {
		sum += float64(v) * float64(v)
	}
	if std := math.Sqrt(sum / float64(len(w))); math.Abs(std*math.Sqrt(288)-1) > 0.02 {
		t.Errorf("deviation %v, want %v", std, 1/math.Sqrt(288))
	}
	w = nn.NewParams(1).Weight("w", nn.Sparse(0.75, 1), 20, 6).Value().Float32s()
	for c := range 6 {
		zeros := 0
		for i := c; i < len(w); i += 6 {
			if w[i] == 0 {
				zeros++
			}
		}
		if zeros != 15 {
			t.Errorf("output %d has %d zeros of 20, want 15", c, zeros)
		}
	}
}

// TestForgetGatesStartOpen: of the gates i, o, f, c alone f has biases of 1.
func TestForgetGatesStartOpen(t *testing.T) {
	l := nn.NewLSTM(nn.NewParams(1), 3, 2, nn.RecurrentOptions{Bidirectional: true})
	for _, w := range l.Weights {
		if got, want := w.Input.Bias.Value().Float32s(), []float32{0, 0, 0, 0, 1, 1, 0, 0}; !slices.Equal(got, want) {
			t.Errorf("biases %v, want %v", got, want)
		}
	}
}
