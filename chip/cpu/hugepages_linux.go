package cpu

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of a large page of virtual memory.
const hugePage = 2 << 20

// adviseHuge asks for large pages under b. A matrix product walks over rows in
// hundreds of small pages, more than a processor remembers the places of. It is
// advice: when the system does not take it, nothing but speed is lost.
func adviseHuge(b []byte) { advise(b, unix.MADV_HUGEPAGE) }

// collapseHuge is adviseHuge for memory that is in use already: what lies in
// small pages is copied to large ones, from Linux 6.1 on.
func collapseHuge(b []byte) {
	advise(b, unix.MADV_HUGEPAGE)
	advise(b, unix.MADV_COLLAPSE)
}

func advise(b []byte, advice int) {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	from := (p + hugePage - 1) &^ (hugePage - 1)
	to := (p + uintptr(len(b))) &^ (hugePage - 1)
	if from < to {
		unix.Madvise(b[from-p:to-p], advice)
	}
}
