package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path, broken := filepath.Join(dir, "file"), errors.New("broken")
	text := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			io.WriteString(w, s)
			return err
		}
	}
	if err := Write(path, text("half", broken)); !errors.Is(err, broken) {
		t.Errorf("a failing writer gives %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("a failing writer left %v, %v", entries, err)
	}
	for _, want := range []string{"first", "second"} {
		if err := Write(path, text(want, nil)); err != nil {
			t.Fatal(err)
		}
		if err := Write(path, text("half", broken)); !errors.Is(err, broken) {
			t.Errorf("a failing writer gives %v", err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("the file holds %q, %v, want %q", got, err, want)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file is %v, %v", info, err)
	}
	if err := Write(filepath.Join(dir, "nowhere", "file"), text("", nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there gives %v", err)
	}
	if err := Write(dir, text("", nil)); err == nil {
		t.Error("a folder was overwritten")
	}
}

// TestWriteKeepsDevices: a device is written to, not replaced by a file.
func TestWriteKeepsDevices(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "null") // a mistake must not cost the machine its device
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Skip(err)
	}
	if err := Write(link, func(w io.Writer) error { _, err := io.WriteString(w, "gone"); return err }); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(link); err != nil || !os.SameFile(before, after) {
		t.Errorf("the device became %v, %v", after, err)
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{partial + "a-1", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != "b" {
		t.Errorf("left are %v, %v", entries, err)
	}
}
