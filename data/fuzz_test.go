package data_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// FuzzImport imports any bytes as a file that a user points at. It must end in a
// version that opens or in a sentence for the user.
func FuzzImport(f *testing.F) {
	for _, s := range []string{
		"a,b,y\n1,x,0\n2,y,1\n3,z,0\n4,x,1\n", "id;when;y\n1;2024-01-01;1,5\n2;2024-02-01;2,5\n3;?;3,5\n",
		"label\ttext\nham\thello there my good old friend\nspam\tbuy this thing now or never again\nham\tsee you there at the usual time\nspam\tfree money for you and your dear friends\n",
		`[{"a": 1, "y": "p"}, {"a": 2, "y": "q"}, {"a": 3, "y": "p"}, {"a": 4, "y": "q"}]`,
		"3,2,no,yes\n1,5,0\n2,6,1\n3,7,0\n", "P5 1 1 255\nx", "\xff\xfea\x00,\x00y\x00\n\x00", "a,y\n1,NaN\n2,inf\n3,1e400\n", "split,a,y\ntrain,1,p\ntest,2,q\n",
	} {
		f.Add([]byte(s))
	}
	st, err := store.Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	defer st.Close()
	f.Fuzz(func(t *testing.T, p []byte) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, p, 0o666); err != nil {
			t.Fatal(err)
		}
		v, err := data.Import(t.Context(), st, path, data.Options{Name: "f"})
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("no sentence for users: %v", err)
			}
			return
		}
		s, err := v.Samples()
		if err != nil || len(s) != v.Count {
			t.Fatalf("%d samples, %v", len(s), err)
		}
		if v.Kind == data.KindTable {
			if table, err := v.Table(); err != nil || table.Rows != v.Count || len(table.Columns) == 0 {
				t.Fatalf("%+v, %v", table, err)
			}
		} else if texts, err := v.Texts(); err != nil || len(texts) != v.Count {
			t.Fatalf("%d texts, %v", len(texts), err)
		}
		for _, x := range s {
			if !v.Regression() && (x.Label < 0 || int(x.Label) >= len(v.Classes)) {
				t.Fatalf("label %d of %d classes", x.Label, len(v.Classes))
			}
		}
	})
}
