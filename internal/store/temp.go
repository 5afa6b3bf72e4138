package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// TempDir makes a new folder inside the home, on the same file system as the
// rest of it, so that files can be renamed out of it. cleanup removes it with
// what is left in it; should the process die, a later one sweeps it.
func (s *Store) TempDir(pattern string) (dir string, cleanup func(), err error) {
	work, err := s.workDir()
	if err != nil {
		return "", nil, err
	}
	if dir, err = os.MkdirTemp(work, pattern); err != nil {
		return "", nil, s.Explain(fmt.Errorf("make a temporary folder: %w", err))
	}
	return dir, func() { os.RemoveAll(dir) }, nil
}

// workDir returns this process's own folder under tmp. A lock beside it tells
// others that its owner lives.
func (s *Store) workDir() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive != nil {
		return s.work, nil
	}
	s.sweep()
	for range 100 {
		dir, lock, err := s.claimWork()
		if err != nil {
			return "", s.Explain(fmt.Errorf("make a temporary folder: %w", err))
		}
		if lock != nil {
			s.work, s.alive = dir, lock
			return dir, nil
		}
	}
	return "", errors.New("make a temporary folder: every name is taken")
}

// claimWork makes a folder whose lock we hold, or returns no lock when another
// process took the name.
func (s *Store) claimWork() (string, *Lock, error) {
	f, err := os.CreateTemp(s.tmpDir(), "*.lock")
	if err != nil {
		return "", nil, err
	}
	path := f.Name()
	f.Close()
	lock, err := lockFile(path)
	if err != nil || lock == nil {
		return "", nil, err
	}
	dir := strings.TrimSuffix(path, ".lock")
	if err := os.Mkdir(dir, 0o777); err != nil {
		lock.Unlock()
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
		return "", nil, err
	}
	return dir, lock, nil
}

// sweep removes the temporary files of processes that died. What cannot be
// removed stays for the next sweep.
func (s *Store) sweep() {
	locks, _ := filepath.Glob(filepath.Join(s.tmpDir(), "*.lock"))
	for _, path := range locks {
		lock, err := lockFile(path)
		if err != nil || lock == nil {
			continue // its owner lives
		}
		os.RemoveAll(strings.TrimSuffix(path, ".lock"))
		lock.Unlock()
	}
}
