// Package store opens the one home directory that all Macaw processes share:
// SQLite for metadata, files for blobs, file locks for ownership.
//
//	home/macaw.db    metadata; times are Unix milliseconds, lists are JSON
//	home/blobs/      content-addressed files
//	home/models/     model packages, one folder per version
//	home/locks/      locks of live processes
//	home/tmp/        work in progress; what a dead process left is swept
//
// This package alone opens and migrates the database. Several processes may
// work on one home at the same time, also while it is being created.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/macaw-ai/macaw/internal/fault"
)

// Store is an open home directory. It is safe for concurrent use.
type Store struct {
	Home  string // absolute path
	DB    *sql.DB
	Blobs *Blobs

	mu    sync.Mutex
	work  string // this process's folder under tmp, made when first needed
	alive *Lock  // held as long as work belongs to us
}

// Open opens the home directory and creates or migrates it where needed. An
// empty home means DefaultHome. Close must be called at the end.
func Open(home string) (*Store, error) {
	if home == "" {
		var err error
		if home, err = DefaultHome(); err != nil {
			return nil, err
		}
	}
	home, err := filepath.Abs(home)
	if err != nil {
		return nil, fmt.Errorf("find the home directory: %w", err)
	}
	s := &Store{Home: home}
	s.Blobs = &Blobs{dir: filepath.Join(home, "blobs"), store: s}
	for _, dir := range []string{home, s.Blobs.dir, s.ModelsDir(), s.locksDir(), s.tmpDir()} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, s.Explain(fmt.Errorf("create the home directory: %w", err))
		}
	}
	if s.DB, err = openDB(filepath.Join(home, "macaw.db")); err != nil {
		return nil, s.Explain(err)
	}
	if err := s.migrate(context.Background()); err != nil {
		s.DB.Close()
		return nil, s.Explain(err)
	}
	return s, nil
}

// DefaultHome is the environment's MACAW_HOME, else macaw in the user's folder
// for application data.
func DefaultHome() (string, error) {
	if home := os.Getenv("MACAW_HOME"); home != "" {
		return home, nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "macaw"), nil
	}
	if dir := os.Getenv("LocalAppData"); runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "macaw"), nil
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return "", fault.Errorf(fault.Invalid, "There is no home directory; set MACAW_HOME to a folder that Macaw may write to.")
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(user, "Library", "Application Support", "macaw"), nil
	}
	return filepath.Join(user, ".local", "share", "macaw"), nil
}

// ModelsDir is where the registry keeps its packages.
func (s *Store) ModelsDir() string { return filepath.Join(s.Home, "models") }

func (s *Store) locksDir() string { return filepath.Join(s.Home, "locks") }
func (s *Store) tmpDir() string   { return filepath.Join(s.Home, "tmp") }

// Close closes the database and removes this process's temporary files.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive != nil {
		os.RemoveAll(s.work)
		s.alive.Unlock()
		s.work, s.alive = "", nil
	}
	return s.DB.Close()
}
