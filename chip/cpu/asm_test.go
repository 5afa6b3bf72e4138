//go:build amd64 && !purego

package cpu

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unsafe"
)

// TestAssemblyIsFresh runs the generator and compares its output with what is committed.
func TestAssemblyIsFresh(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the generator")
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./asm", "-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("the generator failed: %v\n%s", err, out)
	}
	made, err := filepath.Glob(filepath.Join(dir, "avx*_amd64.*"))
	if err != nil {
		t.Fatal(err)
	}
	have, err := filepath.Glob("avx*_amd64.*")
	if err != nil {
		t.Fatal(err)
	}
	if len(made) == 0 || len(made) != len(have) {
		t.Errorf("the generator writes %d files, %d are here", len(made), len(have))
	}
	for _, path := range made {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Base(path))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate (%v)", filepath.Base(path), err)
		}
	}
}

// TestTileLayout holds the offsets that the generator knows.
func TestTileLayout(t *testing.T) {
	var k tile
	var p poolRow
	var w patch
	for _, f := range []struct {
		name      string
		got, want uintptr
	}{
		{"a", unsafe.Offsetof(k.a), 0}, {"c", unsafe.Offsetof(k.c), 128}, {"b", unsafe.Offsetof(k.b), 256}, {"segs", unsafe.Offsetof(k.segs), 264},
		{"nseg", unsafe.Offsetof(k.nseg), 272}, {"steps", unsafe.Offsetof(k.steps), 280}, {"sa", unsafe.Offsetof(k.sa), 288}, {"sb", unsafe.Offsetof(k.sb), 296},
		{"bias", unsafe.Offsetof(k.bias), 304}, {"mask", unsafe.Offsetof(k.mask), 312}, {"add", unsafe.Offsetof(k.add), 320},
		{"alpha", unsafe.Offsetof(k.alpha), 328}, {"floor", unsafe.Offsetof(k.floor), 332}, {"cols", unsafe.Offsetof(k.cols), 336},
		{"x", unsafe.Offsetof(p.x), 0}, {"y", unsafe.Offsetof(p.y), 8}, {"index", unsafe.Offsetof(p.index), 16}, {"n", unsafe.Offsetof(p.n), 24},
		{"step", unsafe.Offsetof(p.step), 32}, {"channels", unsafe.Offsetof(p.c), 40}, {"taps", unsafe.Offsetof(p.taps), 48}, {"ntaps", unsafe.Offsetof(p.ntaps), 56},
		{"at", unsafe.Offsetof(p.at), 64}, {"atStep", unsafe.Offsetof(p.atStep), 68},
		{"pixels", unsafe.Offsetof(w.at), 0}, {"all", unsafe.Offsetof(w.all), 288}, {"patch step", unsafe.Offsetof(w.step), 296},
		{"patch channels", unsafe.Offsetof(w.n), 304}, {"temp", unsafe.Offsetof(w.temp), 312}, {"patch bias", unsafe.Offsetof(w.bias), 320},
		{"ahead", unsafe.Offsetof(w.ahead), 328}, {"patch floor", unsafe.Offsetof(w.floor), 336},
	} {
		if f.got != f.want {
			t.Errorf("%s lies at %d, the assembly reads %d", f.name, f.got, f.want)
		}
	}
}
