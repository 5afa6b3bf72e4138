package store

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
)

func init() {
	children["lock"] = func(string) {
		s, err := Open("")
		if err != nil {
			panic(err)
		}
		if _, err := s.TryLock("search"); err != nil {
			panic(err)
		}
		fmt.Println("locked")
		time.Sleep(time.Minute)
	}
}

func TestLockOfADeadProcessIsFree(t *testing.T) {
	home := t.TempDir()
	cmd := child(t, "lock", home)
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bufio.NewReader(out).ReadString('\n')
	s := open(t, home)
	_, err := s.TryLock("search")
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(fault.MessageOf(err), fmt.Sprint(cmd.Process.Pid)) {
		t.Errorf("TryLock = %v, want a conflict with process %d", err, cmd.Process.Pid)
	}
	if !s.Locked("search") {
		t.Error("Locked = false while the owner lives")
	}
	cmd.Process.Kill()
	cmd.Wait()
	if s.Locked("search") {
		t.Error("Locked = true after the owner died")
	}
	lock, err := s.TryLock("search")
	if err != nil {
		t.Fatalf("TryLock after the owner died: %v", err)
	}
	lock.Unlock()
	lock.Unlock()
	if left, _ := os.ReadDir(s.locksDir()); len(left) != 0 {
		t.Errorf("locks left: %v", left)
	}
}

func TestLockNames(t *testing.T) {
	s := open(t, t.TempDir())
	for _, name := range []string{"a", "../x", "a/b", strings.Repeat("long", 200), "ü %"} {
		lock, err := s.TryLock(name)
		if err != nil {
			t.Errorf("TryLock(%.20q): %v", name, err)
			continue
		}
		if _, err := s.TryLock(name); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("second TryLock(%.20q) = %v, want a conflict", name, err)
		}
		if filepath.Dir(lock.path) != s.locksDir() {
			t.Errorf("lock %.20q lies at %s", name, lock.path)
		}
		lock.Unlock()
	}
}

// Locking, probing and unlocking at once never lets two in.
func TestLockExcludes(t *testing.T) {
	s := open(t, t.TempDir())
	var inside, entered atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				s.Locked("x")
				lock, err := s.TryLock("x")
				if err != nil {
					if fault.CodeOf(err) != fault.Conflict {
						t.Error(err)
					}
					continue
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				entered.Add(1)
				inside.Add(-1)
				lock.Unlock()
			}
		})
	}
	wg.Wait()
	if entered.Load() == 0 {
		t.Error("nobody got the lock")
	}
}
