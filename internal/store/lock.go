package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
)

// Lock is a file lock of the operating system's. It ends with Unlock or with
// the process, however that dies.
type Lock struct {
	once sync.Once
	path string
	file *os.File
}

// TryLock takes the lock called name, or returns fault.Conflict at once when a
// live process (this one included) holds it.
func (s *Store) TryLock(name string) (*Lock, error) {
	path := s.lockPath(name)
	lock, err := lockFile(path)
	for tries := 0; lock == nil && err == nil && tries < 5; tries++ {
		time.Sleep(2 * time.Millisecond) // a Locked elsewhere holds the file for microseconds
		lock, err = lockFile(path)
	}
	if err != nil {
		return nil, s.Explain(fmt.Errorf("lock %s: %w", name, err))
	}
	if lock == nil {
		return nil, fault.Errorf(fault.Conflict, "%q is in use by %s; wait until it ends, or end it.", name, owner(path))
	}
	return lock, nil
}

// Locked reports whether a live process holds the lock called name.
func (s *Store) Locked(name string) bool {
	path := s.lockPath(name)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	return probe(f)
}

// waitLock is TryLock that waits for a live holder, at most as long as limit.
func (s *Store) waitLock(ctx context.Context, name string, limit time.Duration) (*Lock, error) {
	deadline := time.Now().Add(limit)
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		lock, err := s.TryLock(name)
		if fault.CodeOf(err) != fault.Conflict || time.Now().After(deadline) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Unlock ends the lock. Later calls do nothing.
func (l *Lock) Unlock() {
	l.once.Do(func() {
		os.Remove(l.path) // while held: nobody else can have locked this file
		unlock(l.file)
		l.file.Close()
	})
}

// lockPath is the file of a lock: its name escaped, or hashed when it is long.
func (s *Store) lockPath(name string) string {
	file := url.PathEscape(name)
	if len(file) > 120 {
		file = fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	}
	return filepath.Join(s.locksDir(), file+".lock")
}

// lockFile locks the file at path, which it creates, or returns nil when it is
// held. A holder removes the file before it unlocks; whoever then gets hold of
// the removed file must try again with the new one.
func lockFile(path string) (*Lock, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		ok, err := tryLock(f)
		if err != nil || !ok {
			f.Close()
			return nil, err
		}
		if sameFile(f, path) {
			if f.Truncate(0) == nil {
				f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0) // only for the message
			}
			return &Lock{path: path, file: f}, nil
		}
		f.Close()
	}
}

func sameFile(f *os.File, path string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

func owner(path string) string {
	p, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(p)); err == nil && pid != "" {
		return "process " + pid
	}
	return "another process"
}
