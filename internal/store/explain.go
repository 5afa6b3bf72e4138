package store

import (
	"errors"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"

	"github.com/macaw-ai/macaw/internal/fault"
)

// SQLite's primary result codes that a user can do something about.
const (
	sqliteBusy     = 5
	sqliteReadOnly = 8
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26

	// Extended codes of SQLITE_IOERR: how a full disk shows while the WAL or its
	// index grows.
	sqliteIOErrWrite   = 10 | 3<<8
	sqliteIOErrFsync   = 10 | 4<<8
	sqliteIOErrShmSize = 10 | 19<<8
)

// Explain turns an error that comes from the state of the disk into
// fault.Unavailable with a sentence for the user. Other errors, and those with
// a sentence already, are returned unchanged.
func (s *Store) Explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if what := diskTrouble(err); what != "" {
		return &fault.Error{Code: fault.Unavailable, Message: "The home " + s.Home + " " + what, Err: err}
	}
	return err
}

const (
	full     = "is on a full disk; free some space or set MACAW_HOME to a folder on another disk."
	readOnly = "cannot be written to; make it writable or set MACAW_HOME to another folder."
	busy     = "is busy: another process holds the database; try again."
	broken   = "holds a macaw.db that is not a Macaw database; move it away or set MACAW_HOME to another folder."
	noFolder = "cannot be made: a file is in its way; set MACAW_HOME to another folder."
)

func diskTrouble(err error) string {
	for _, c := range []struct {
		is   error
		what string
	}{
		{syscall.ENOSPC, full}, {syscall.EDQUOT, full},
		{syscall.EROFS, readOnly}, {fs.ErrPermission, readOnly},
		{syscall.ENOTDIR, noFolder},
	} {
		if errors.Is(err, c.is) {
			return c.what
		}
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() {
		case sqliteIOErrWrite, sqliteIOErrFsync, sqliteIOErrShmSize:
			return full
		}
		switch e.Code() & 0xff {
		case sqliteBusy:
			return busy
		case sqliteReadOnly, sqliteCantOpen:
			return readOnly
		case sqliteFull:
			return full
		case sqliteNotADB:
			return broken
		}
	}
	return ""
}
