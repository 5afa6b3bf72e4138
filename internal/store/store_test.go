package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
)

// TestMain lets the test binary play another process: MACAW_STORE_CHILD names
// what it does.
func TestMain(m *testing.M) {
	if play, ok := children[os.Getenv("MACAW_STORE_CHILD")]; ok {
		play(os.Getenv("MACAW_HOME"))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var children = map[string]func(home string){}

func child(t *testing.T, play, home string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MACAW_STORE_CHILD="+play, "MACAW_HOME="+home)
	cmd.Stderr = os.Stderr
	return cmd
}

func open(t *testing.T, home string) *Store {
	t.Helper()
	s, err := Open(home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func init() {
	children["insert"] = func(home string) {
		s, err := Open("")
		if err != nil {
			panic(err)
		}
		defer s.Close()
		for range 20 {
			err := s.Tx(context.Background(), func(tx *sql.Tx) error {
				var n int
				if err := tx.QueryRow("SELECT count(*) FROM datasets").Scan(&n); err != nil {
					return err
				}
				_, err := tx.Exec("INSERT INTO datasets (name, created) VALUES (?, 0)", n)
				return err
			})
			if err != nil {
				panic(err)
			}
		}
	}
}

func TestProcessesCreateOneHomeTogether(t *testing.T) {
	home := filepath.Join(t.TempDir(), "new", "a b#c?%41")
	var wg sync.WaitGroup
	const processes = 5
	for range processes {
		cmd := child(t, "insert", home)
		wg.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("child: %v", err)
			}
		})
	}
	wg.Wait()
	var n int
	if err := open(t, home).DB.QueryRow("SELECT count(*) FROM datasets").Scan(&n); err != nil || n != 20*processes {
		t.Errorf("datasets = %d, %v, want %d", n, err, 20*processes)
	}
	if _, err := os.Stat(filepath.Join(home, "macaw.db")); err != nil {
		t.Error(err)
	}
}

func TestOpenAgainIsQuick(t *testing.T) {
	home := t.TempDir()
	open(t, home).Close()
	best := time.Hour
	for range 5 {
		start := time.Now()
		s, err := Open(home)
		if err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
		s.Close()
	}
	t.Logf("opening takes %v", best)
	if best > 50*time.Millisecond {
		t.Errorf("opening takes %v, want a few ms", best)
	}
}

func TestPragmas(t *testing.T) {
	s := open(t, t.TempDir())
	for pragma, want := range map[string]string{"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "20000"} {
		var got string
		if err := s.DB.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v, want %q", pragma, got, err, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o666)
	junk := filepath.Join(dir, "junk")
	os.Mkdir(junk, 0o777)
	os.WriteFile(filepath.Join(junk, "macaw.db"), make([]byte, 5000), 0o666)
	newer := filepath.Join(dir, "newer")
	s := open(t, newer)
	s.DB.Exec("PRAGMA user_version = 99")
	s.Close()
	for name, home := range map[string]string{"a file": file, "below a file": filepath.Join(file, "home"), "not a database": junk, "newer": newer} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(home)
			if fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("Open = %v, want fault.Unavailable", err)
			}
			if err == nil {
				s.Close()
			}
		})
	}
}

func TestDefaultHome(t *testing.T) {
	t.Setenv("MACAW_HOME", "/x/y")
	if got, err := DefaultHome(); got != "/x/y" || err != nil {
		t.Errorf("DefaultHome = %q, %v", got, err)
	}
	t.Setenv("MACAW_HOME", "")
	t.Setenv("XDG_DATA_HOME", "/data")
	if got, _ := DefaultHome(); got != filepath.Join("/data", "macaw") {
		t.Errorf("DefaultHome = %q with XDG_DATA_HOME", got)
	}
}

func TestTxRollsBack(t *testing.T) {
	s := open(t, t.TempDir())
	want := errors.New("no")
	err := s.Tx(context.Background(), func(tx *sql.Tx) error {
		tx.Exec("INSERT INTO datasets (name, created) VALUES ('x', 0)")
		return want
	})
	var n int
	s.DB.QueryRow("SELECT count(*) FROM datasets").Scan(&n)
	if !errors.Is(err, want) || n != 0 {
		t.Errorf("Tx = %v, rows %d; want %v, 0", err, n, want)
	}
}
