//go:build amd64 && !purego

package cpu

import (
	"testing"
	"unsafe"
)

// TestRequantLayout holds the offsets that the generator knows.
func TestRequantLayout(t *testing.T) {
	var q requant
	for _, f := range []struct {
		name      string
		got, want uintptr
	}{
		{"sums", unsafe.Offsetof(q.sums), 0}, {"bias", unsafe.Offsetof(q.bias), 8}, {"scale", unsafe.Offsetof(q.scale), 16},
		{"out", unsafe.Offsetof(q.out), 24}, {"add", unsafe.Offsetof(q.add), 32}, {"n", unsafe.Offsetof(q.n), 40},
		{"sumStep", unsafe.Offsetof(q.sumStep), 48}, {"outStep", unsafe.Offsetof(q.outStep), 56}, {"addStep", unsafe.Offsetof(q.addStep), 64},
		{"low", unsafe.Offsetof(q.low), 72}, {"high", unsafe.Offsetof(q.high), 76}, {"zero", unsafe.Offsetof(q.zero), 80},
		{"addScale", unsafe.Offsetof(q.addScale), 84}, {"addZero", unsafe.Offsetof(q.addZero), 88},
	} {
		if f.got != f.want {
			t.Errorf("%s is at %d, the generator has %d", f.name, f.got, f.want)
		}
	}
}
