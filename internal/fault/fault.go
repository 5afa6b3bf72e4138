// Package fault holds the errors that are meant for users: one clear sentence
// with a code. Everything else is ours to read and shows as "internal".
package fault

import (
	"errors"
	"fmt"
)

// Code says what kind of mistake a user can act on.
type Code string

const (
	Invalid     Code = "invalid"     // the input is wrong; the sentence says how to mend it
	NotFound    Code = "not_found"   // the named thing does not exist
	Conflict    Code = "conflict"    // the thing exists, or somebody else holds it
	Unavailable Code = "unavailable" // a disk is full or read-only, a server is down
	Internal    Code = "internal"    // our own mistake
)

// Error is an error a user may read.
type Error struct {
	Code    Code
	Message string // one sentence that says what is wrong and what to do
	Err     error  // the cause, for us; may be nil
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error; a %w verb keeps the cause.
func Errorf(code Code, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// CodeOf returns the code of the first Error in err's chain, Internal when
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// MessageOf returns what a user is shown of err.
func MessageOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return err.Error()
}
