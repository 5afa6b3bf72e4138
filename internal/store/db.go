package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/macaw-ai/macaw/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// openDB prepares a pool; nothing is opened before the first query. Writing
// transactions take the write lock at once, so that two of them wait for each
// other instead of failing half-way.
func openDB(path string) (*sql.DB, error) {
	p := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // C:/... on Windows
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(20000)", "foreign_keys(1)", "synchronous(NORMAL)",
	}}
	db, err := sql.Open("sqlite", "file:"+p+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db.SetMaxOpenConns(8)
	return db, nil
}

// migrate brings the schema up to date. The schema's version stands in
// user_version too, which is read in well under a millisecond; goose and its
// lock are only needed when it is behind.
func (s *Store) migrate(ctx context.Context) error {
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	if done, err := s.isMigrated(ctx, newest); done || err != nil {
		return err
	}
	lock, err := s.waitLock(ctx, "migrate", time.Minute)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if done, err := s.isMigrated(ctx, newest); done || err != nil {
		return err
	}
	if _, err := s.DB.ExecContext(ctx, "PRAGMA journal_mode(WAL)"); err != nil {
		return fmt.Errorf("switch the database to WAL: %w", err)
	}
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.DB, sub, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	_, err = s.DB.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", newest))
	return err
}

func (s *Store) isMigrated(ctx context.Context, newest int) (bool, error) {
	var have int
	if err := s.DB.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return false, fmt.Errorf("read the schema's version: %w", err)
	}
	if have > newest {
		return false, fault.Errorf(fault.Unavailable, "The home %s was made by a newer Macaw; update this one or set MACAW_HOME to another folder.", s.Home)
	}
	return have == newest, nil
}

// newestMigration is the number that the last migration's file name begins with.
func newestMigration() (int, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("no migrations are embedded: %v", err)
	}
	var n int
	_, err = fmt.Sscanf(names[len(names)-1], "migrations/%d_", &n)
	return n, err
}

// Tx runs fn in a writing transaction and commits when it returns nil.
func (s *Store) Tx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := s.DB.BeginTx(ctx, nil)
	if err != nil {
		return s.Explain(fmt.Errorf("begin: %w", err))
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return s.Explain(err)
	}
	return s.Explain(tx.Commit())
}

// Millis is t as the database keeps it; the zero time is 0.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the inverse of Millis.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
