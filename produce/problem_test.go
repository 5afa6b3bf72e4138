package produce

import (
	"testing"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/toolbox"
)

func TestShrinkKeepsEveryClass(t *testing.T) {
	v := &data.Version{Manifest: data.Manifest{Kind: data.KindImage, Split: data.SplitInfo{Method: "stratified"}, Parts: map[data.Part]int{data.Validation: 800}}}
	posed := func() *assignment {
		p := &toolbox.Problem{Classes: []string{"a", "b"}}
		a := &assignment{Problem: p, version: v, samples: nil}
		for i := range 4000 {
			p.Labels = append(p.Labels, int32(i%4/3))
			if i < 3200 {
				p.Train = append(p.Train, i)
			} else {
				p.Val = append(p.Val, i)
			}
		}
		a.samples = make([]data.Sample, 4000)
		return a
	}
	a := posed()
	a.shrink()
	if len(a.Val) != 400 || len(a.Train) != 3600 {
		t.Fatalf("%d to learn from, %d to validate on, want 3600 and 400", len(a.Train), len(a.Val))
	}
	b, seen := 0, map[int]bool{}
	for _, i := range append(append([]int(nil), a.Train...), a.Val...) {
		seen[i] = true
	}
	for _, i := range a.Val {
		b += int(a.Labels[i])
	}
	if len(seen) != 4000 || b != 100 {
		t.Errorf("%d samples are left, %d of 400 are of the second class", len(seen), b)
	}
	v.Split = data.SplitInfo{Method: "given"}
	a = posed()
	a.shrink()
	if len(a.Val) != 800 {
		t.Errorf("a validation part that was given has %d samples left", len(a.Val))
	}
}

func TestFoldsFor(t *testing.T) {
	for _, tc := range []struct {
		kind   data.Kind
		method string
		n, val int
		want   int
	}{
		{data.KindTable, "stratified", 142, 36, 10},
		{data.KindTable, "stratified", 2000, 400, 5},
		{data.KindTable, "stratified", 20000, 4000, 1},
		{data.KindTable, "given", 2000, 400, 1},
		{data.KindTable, "given", 200, 40, 10},
		{data.KindTable, "stratified", 6, 1, 3},
		{data.KindImage, "stratified", 200, 40, 1},
	} {
		v := &data.Version{Manifest: data.Manifest{Kind: tc.kind, Split: data.SplitInfo{Method: tc.method}, Parts: map[data.Part]int{data.Validation: tc.val}}}
		a := &assignment{Problem: &toolbox.Problem{Train: make([]int, tc.n-tc.val), Val: make([]int, tc.val)}, version: v}
		if got := foldsFor(a); got != tc.want {
			t.Errorf("%d samples of %s, %s split: %d folds, want %d", tc.n, tc.kind, tc.method, got, tc.want)
		}
	}
}
