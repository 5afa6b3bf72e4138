package data_test

import (
	"testing"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/store"
)

// BenchmarkImportDigits imports 1,797 tiny PNG files into a fresh home.
func BenchmarkImportDigits(b *testing.B) {
	for b.Loop() {
		st, err := store.Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := data.Import(b.Context(), st, "../examples/digits", data.Options{}); err != nil {
			b.Fatal(err)
		}
		st.Close()
	}
}
