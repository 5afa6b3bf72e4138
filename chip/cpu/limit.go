package cpu

import "fmt"

// most bounds one allocation where the machine's memory is unknown: what Go
// can address.
const most = 1 << 47

// allowed reports bytes that cannot be had, before Go ends the process for
// want of memory.
func allowed(what string, bytes int) error {
	limit := int64(most)
	if m := memory(); m > 0 {
		limit = m
	}
	if bytes < 0 || int64(bytes) > limit {
		return fmt.Errorf("cpu: %s needs %.3g GB, more than the %.3g GB of this machine", what, float64(uint64(bytes))/1e9, float64(limit)/1e9)
	}
	return nil
}
