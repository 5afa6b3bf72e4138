package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockedByte lies behind the content, which others may then read.
func lockedByte() *windows.Overlapped { return &windows.Overlapped{Offset: 1 << 20} }

// tryLock locks f exclusively, or returns false when it is held elsewhere.
func tryLock(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, lockedByte())
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// probe reports whether f is locked elsewhere.
func probe(f *os.File) bool {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, lockedByte())
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

func unlock(f *os.File) { windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, lockedByte()) }
