//go:build !unix

package main

import "os"

// columns is the width of f's terminal, 0 when it is not known.
func columns(*os.File) int { return 0 }
