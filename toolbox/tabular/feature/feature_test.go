package feature

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/data"
)

var nan = float32(math.NaN())

func numbers(name string, v ...float32) *data.Series {
	return &data.Series{Column: data.Column{Name: name, Type: data.Number}, Floats: v}
}

func words(name string, kind data.ColumnType, v ...string) *data.Series {
	return &data.Series{Column: data.Column{Name: name, Type: kind}, Strings: v}
}

func source(columns ...*data.Series) *Source {
	return NewSource(&data.Table{Rows: columns[0].Len(), Columns: columns})
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// same compares with NaN equal to NaN.
func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool {
		return x != x && y != y || math.Abs(float64(x-y)) < 1e-5
	})
}

func TestInputNames(t *testing.T) {
	got := InputNames([]string{"Miles per Gallon", "Miles_per_Gallon", "größe", "2024", ""})
	want := []string{"Miles_per_Gallon", "Miles_per_Gallon_2", "gr__e", "c2024", "c"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSourceLeavesOutIdentifiers(t *testing.T) {
	s := source(numbers("x", 1, 2), words("id", data.Identifier, "a", "b"), words("day", data.Date, "2024-03-01", ""))
	if len(s.Columns) != 2 || s.Columns[1].Width != len(data.DatePartNames) {
		t.Fatalf("columns %+v", s.Columns)
	}
	if f := s.Columns[1].Floats; f[1] != 2024 || f[2] != 3 || f[6] == f[6] {
		t.Errorf("date parts %v", f)
	}
}

func TestDense(t *testing.T) {
	s := source(numbers("x", 1, 3, nan, 2, 99), words("c", data.Category, "a", "b", "a", "", "new"))
	for _, c := range []struct {
		name    string
		options DenseOptions
		want    []float32 // by row: fitted on the first four
	}{
		{"standard", DenseOptions{}, []float32{
			-1.224745, 0, 1, 0, 0,
			1.224745, 0, 0, 1, 0,
			0, 1, 1, 0, 0,
			0, 0, 0, 0, 1,
			5, 0, 0, 0, 1}}, // held to five deviations; the unknown level is the other one
		{"rare levels share a column", DenseOptions{MinLevel: 2}, []float32{
			-1.224745, 0, 1, 0,
			1.224745, 0, 0, 1,
			0, 1, 1, 0,
			0, 0, 0, 1,
			5, 0, 0, 1}},
		{"piecewise", DenseOptions{Scaling: Piecewise, Bins: 2}, []float32{
			0, 0, 0, 1, 0, 0,
			1, 1, 0, 0, 1, 0,
			1, 0, 1, 1, 0, 0, // missing counts as the median, 2
			1, 0, 0, 0, 0, 1,
			1, 1, 0, 0, 0, 1}},
	} {
		e := FitDense(s, all(4), c.options)
		if got := e.Transform(all(5)); !same(got, c.want) || len(got) != 5*e.Width() {
			t.Errorf("%s: width %d\n got %v\nwant %v", c.name, e.Width(), got, c.want)
		}
	}
}

// TestQuantile checks that ranks become normal: of skewed numbers, and monotone.
func TestQuantile(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	v := make([]float32, 2000)
	for i := range v {
		v[i] = float32(math.Exp(3 * rng.NormFloat64()))
	}
	s := source(numbers("x", v...))
	e := FitDense(s, all(len(v)), DenseOptions{Scaling: Quantile})
	z := e.Transform(all(len(v)))
	mean, square := 0.0, 0.0
	for i := range z {
		mean += float64(z[i]) / float64(len(z))
		square += float64(z[i]) * float64(z[i]) / float64(len(z))
		if j := (i + 1) % len(z); (v[i] < v[j]) != (z[i] < z[j]) && z[i] != z[j] {
			t.Fatalf("%v, %v become %v, %v", v[i], v[j], z[i], z[j])
		}
	}
	if math.Abs(mean) > 0.02 || math.Abs(square-1) > 0.05 {
		t.Errorf("mean %g, mean square %g", mean, square)
	}
}

func TestTreesOrderLevels(t *testing.T) {
	s := source(words("c", data.Category, "lo", "hi", "mid", "lo", "hi", "mid", "", "new"))
	target := Target{Values: []float32{0, 10, 5, 1, 11, 6, 3, 3}}
	e, x := FitTrees(s, target, all(7), TreeOptions{OneHot: 3})
	if e.Width() != 4 {
		t.Fatalf("width %d, want rank and three indicators", e.Width())
	}
	got := e.Transform(all(8))
	if !same(got[:len(x)], x) {
		t.Error("small categories differ between training and later")
	}
	for r, want := range []float32{0, 2, 1, 0, 2, 1, nan, nan} {
		if !same(got[4*r:4*r+1], []float32{want}) {
			t.Errorf("row %d has rank %v, want %v", r, got[4*r], want)
		}
	}
	for r := range 6 {
		if sum := got[4*r+1] + got[4*r+2] + got[4*r+3]; sum != 1 {
			t.Errorf("row %d has %v indicators", r, sum)
		}
	}
}

// TestCrossFit: targets of pure noise must not show in the training codes of a
// large category, as they do in the codes that later rows get.
func TestCrossFit(t *testing.T) {
	const rows = 3000
	rng := rand.New(rand.NewPCG(5, 5))
	cells, target := make([]string, rows), Target{Values: make([]float32, rows)}
	for r := range rows {
		cells[r] = string(rune('a' + rng.IntN(1000)))
		target.Values[r] = float32(rng.NormFloat64())
	}
	s := source(words("c", data.Category, cells...))
	e, x := FitTrees(s, target, all(rows), TreeOptions{Smooth: 1})
	if e.Width() != 2 {
		t.Fatalf("width %d, want mean and count", e.Width())
	}
	correlation := func(x []float32) float64 {
		var mx, my, xy, xx, yy float64
		for r := range rows {
			mx += float64(x[2*r]) / rows
			my += float64(target.Values[r]) / rows
		}
		for r := range rows {
			a, b := float64(x[2*r])-mx, float64(target.Values[r])-my
			xy, xx, yy = xy+a*b, xx+a*a, yy+b*b
		}
		return xy / math.Sqrt(xx*yy)
	}
	later := correlation(e.Transform(all(rows)))
	if c := correlation(x); c > 0.1 || later < 0.4 {
		t.Errorf("correlation with noise: %.2f in training, %.2f later", c, later)
	}
	again, y := FitTrees(s, target, all(rows), TreeOptions{Smooth: 1})
	if !same(x, y) || !same(again.Transform(all(9)), e.Transform(all(9))) {
		t.Error("the same seed gives other codes")
	}
}

// TestSeveralClasses: of several classes each has its own order; rows that are not
// fitted on do not count.
func TestSeveralClasses(t *testing.T) {
	s := source(words("c", data.Category, "a", "b", "c", "a", "b", "c", "c", "c"))
	target := Target{Classes: 3, Labels: []int32{0, 1, 2, 0, 1, 2, 0, 0}}
	e, _ := FitTrees(s, target, all(6), TreeOptions{})
	got := e.Transform(all(3))
	for k := range 3 { // the most frequent level of class k ranks highest there
		if got[3*k+k] != 2 {
			t.Errorf("ranks %v", got)
		}
	}
}

func TestWords(t *testing.T) {
	s := source(words("text", data.FreeText, "A cat", "the cat, the cat", "dog", "the dog", "The bird", "A fish", "a hen", "a cow"))
	target := Target{Values: []float32{9, 9, 1, 1, 4, 4, 4, 4}}
	e := FitDense(s, all(8), DenseOptions{Words: 2}) // "a" occurs in 4 rows, "the" in 3
	got := e.Transform([]int{1, 0, 4})
	a, the := float32(math.Log(9./5)), float32(math.Log(9./4))
	want := []float32{0, float32(math.Log(3)) * the, float32(math.Ln2) * a, 0, 0, float32(math.Ln2) * the}
	if !same(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	st := newStatistics(target, all(8))
	names, count := frequent(&s.Columns[0], all(8), 2)
	score := st.associations(&s.Columns[0], names, count, all(8))
	if score["cat"] <= score["the"] || score["dog"] <= score["a"] {
		t.Errorf("scores %v", score)
	}
}
