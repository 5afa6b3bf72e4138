//go:build !amd64 || purego

package cpu

// spinPause tells the processor that the caller spins.
func spinPause() {}
