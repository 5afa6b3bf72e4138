package metric

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// The expected figures are sklearn 1.4's for the same predictions.
func TestOfClasses(t *testing.T) {
	p := []float32{
		0.7, 0.2, 0.1,
		0.1, 0.8, 0.1,
		0.3, 0.4, 0.3,
		0.2, 0.2, 0.6,
		0.5, 0.3, 0.2,
	}
	labels := []int32{0, 1, 2, 2, 1}
	m := OfClasses(p, labels, 3)
	near(t, "accuracy", m[Accuracy], 0.6)
	near(t, "log loss", m[LogLoss], -(math.Log(0.7)+math.Log(0.8)+math.Log(0.3)+math.Log(0.6)+math.Log(0.3))/5)
	near(t, "macro f1", m[MacroF1], (2.0/3+0.5+2.0/3)/3)
	near(t, "balanced accuracy", m[BalancedAccuracy], (1+0.5+0.5)/3)
}

func TestLogLossBounds(t *testing.T) {
	near(t, "certain and wrong", LogLossOf([]float32{0, 1}, []int32{0}, 2), -math.Log(floor))
	near(t, "not normalised", LogLossOf([]float32{2, 2}, []int32{0}, 2), math.Log(2))
}

func TestOfValues(t *testing.T) {
	m := OfValues([]float32{2.5, 0, 2, 8}, []float32{3, -0.5, 2, 7})
	near(t, "r2", m[R2], 0.9486081370449679)
	near(t, "rmse", m[RMSE], math.Sqrt(0.375))
	near(t, "mae", m[MAE], 0.5)
	near(t, "r2 of a constant truth", R2Of([]float32{1, 2}, []float32{3, 3}), 0)
}

func TestCalibration(t *testing.T) {
	p := []float32{0.95, 0.05, 0.95, 0.05, 0.55, 0.45}
	bins, ece := Calibration(p, []int32{0, 1, 0}, 2, 10)
	if bins[9].Count != 2 || bins[9].Accuracy != 0.5 || bins[5].Count != 1 || bins[5].Accuracy != 1 {
		t.Errorf("bins = %+v", bins)
	}
	near(t, "ece", ece, (2*0.45+0.45)/3)
}

func TestFinite(t *testing.T) {
	for v, want := range map[float32]bool{1: true, float32(math.Inf(-1)): false} {
		if got := Finite([]float32{0, v}); got != want {
			t.Errorf("Finite(%v) = %v", v, got)
		}
	}
	if Finite([]float32{float32(math.NaN())}) {
		t.Error("NaN is finite")
	}
}
