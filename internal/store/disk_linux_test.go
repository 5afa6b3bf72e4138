package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/macaw-ai/macaw/internal/fault"
)

// mount gives a folder with a file system of its own, or skips: root ignores
// file modes, so that only a mount shows what a user meets.
func mount(t *testing.T, source, kind string, flags uintptr, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount(source, dir, kind, flags, options); err != nil {
		t.Skipf("needs the right to mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func TestFullDisk(t *testing.T) {
	home := mount(t, "tmpfs", "tmpfs", 0, "size=2m")
	s, err := Open(home)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	small, err := s.Blobs.PutBytes([]byte("small"))
	if err != nil {
		t.Fatal(err)
	}
	big := make([]byte, 4<<20)
	rand.Read(big)
	_, _, err = s.Blobs.Put(bytes.NewReader(big))
	wantUnavailable(t, "Put", err, "full disk")
	if got := filesIn(t, s.Blobs.dir, s.work); len(got) != 1 {
		t.Errorf("after a failed Put there are %v, want one blob", got)
	}
	insert := func(text string) error {
		return s.Tx(context.Background(), func(tx *sql.Tx) error {
			_, err := tx.Exec("INSERT INTO datasets (name, created) VALUES (?, 0)", text)
			return err
		})
	}
	wantUnavailable(t, "Tx", insert(string(bytes.Repeat([]byte("x"), 4<<20))), "full disk")
	if err := insert("fits"); err != nil {
		t.Errorf("a small row after a failed one: %v", err)
	}
	var rows int
	s.DB.QueryRow("SELECT count(*) FROM datasets").Scan(&rows)
	if rows != 1 || !s.Blobs.Has(small) {
		t.Errorf("rows = %d, want 1", rows)
	}
}

func TestFullDiskAtCreation(t *testing.T) {
	home := mount(t, "tmpfs", "tmpfs", 0, "size=64k")
	os.WriteFile(filepath.Join(home, "ballast"), make([]byte, 60<<10), 0o666)
	s, err := Open(home)
	if err == nil {
		s.Close()
	}
	wantUnavailable(t, "Open", err, "full disk")
	os.Remove(filepath.Join(home, "ballast"))
	if err := syscall.Mount("tmpfs", home, "tmpfs", syscall.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	open(t, home) // a half-made home is mended
}

func TestReadOnlyHome(t *testing.T) {
	for name, prepare := range map[string]func(dir string){
		"empty": func(string) {},
		"home":  func(dir string) { s, _ := Open(dir); s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			source := t.TempDir()
			prepare(source)
			home := mount(t, source, "", syscall.MS_BIND, "")
			if err := syscall.Mount("", home, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""); err != nil {
				t.Skipf("needs the right to remount: %v", err)
			}
			s, err := Open(home)
			if err == nil {
				_, _, err = s.Blobs.Put(strings.NewReader("x"))
				defer s.Close()
			}
			wantUnavailable(t, "Open", err, "cannot be written")
		})
	}
}

func wantUnavailable(t *testing.T, what string, err error, sentence string) {
	t.Helper()
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(fault.MessageOf(err), sentence) {
		t.Errorf("%s = %v (%v), want fault.Unavailable with %q", what, err, errors.Unwrap(err), sentence)
	}
}
