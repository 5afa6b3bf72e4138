package data_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// TestFullDisk imports more than the home's disk holds, then something small.
func TestFullDisk(t *testing.T) {
	home := t.TempDir()
	if err := syscall.Mount("tmpfs", home, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("needs the right to mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(home, syscall.MNT_DETACH) })
	st, err := store.Open(home)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	large := files{}
	for i := range 20 {
		pix := make([]byte, 500*500)
		rng := rand.New(rand.NewPCG(uint64(i), 3))
		for k := range pix {
			pix[k] = uint8(rng.IntN(256))
		}
		large[fmt.Sprintf("%c/%d.pgm", 'a'+i%2, i)] = "P5 500 500 255\n" + string(pix)
	}
	_, err = data.Import(t.Context(), st, large.write(t), data.Options{})
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "full disk") {
		t.Errorf("%v (%s)", err, fault.CodeOf(err))
	}
	if list, err := data.List(st); err != nil || len(list) != 0 {
		t.Errorf("%d versions are registered, %v", len(list), err)
	}
	if _, err := data.Import(t.Context(), st, classes(5, "a", "b").write(t), data.Options{}); err != nil {
		t.Errorf("a small set does not fit: %v", err)
	}
}
