package cpu

import (
	"fmt"
	"unsafe"

	"github.com/macaw-ai/macaw/chip"
)

// buffer is host memory of one element type.
type buffer struct {
	dt   chip.DType
	n    int
	p    unsafe.Pointer // keeps the memory alive; nil when n is 0
	dead bool
}

// NewBuffer returns zeroed memory that starts on a cache line.
func (d *Device) NewBuffer(dt chip.DType, n int) (chip.Buffer, error) {
	if !dt.OnDevice() || n < 0 {
		return nil, fmt.Errorf("cpu: no buffer of %d %v", n, dt)
	}
	if n > most/dt.Size() {
		return nil, allowed("a buffer", most+1)
	}
	if err := allowed("a buffer", n*dt.Size()); err != nil {
		return nil, err
	}
	return &buffer{dt: dt, n: n, p: alignedBytes(n * dt.Size())}, nil
}

// Wrap makes a buffer of a host slice such as []float32 without copying.
func (d *Device) Wrap(data any) (chip.Buffer, error) {
	dt, n, p, err := sliceOf(data)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		collapseHuge(bytesAt(p, n*dt.Size()))
	}
	return &buffer{dt: dt, n: n, p: p}, nil
}

func (b *buffer) DType() chip.DType { return b.dt }
func (b *buffer) Len() int          { return b.n }

// Free lets go of the memory; using the buffer afterwards is an error.
func (b *buffer) Free() { b.p, b.dead = nil, true }

// Read copies the buffer to a host slice of its type and length.
func (b *buffer) Read(dst any) error {
	p, err := b.match(dst)
	if err == nil {
		copy(bytesAt(p, b.n*b.dt.Size()), bytesAt(b.p, b.n*b.dt.Size()))
	}
	return err
}

// Write copies a host slice of the buffer's type and length to it.
func (b *buffer) Write(src any) error {
	p, err := b.match(src)
	if err == nil {
		copy(bytesAt(b.p, b.n*b.dt.Size()), bytesAt(p, b.n*b.dt.Size()))
	}
	return err
}

func (b *buffer) match(host any) (unsafe.Pointer, error) {
	dt, n, p, err := sliceOf(host)
	switch {
	case err != nil:
		return nil, err
	case b.dead:
		return nil, fmt.Errorf("cpu: the buffer was freed")
	case dt != b.dt || n != b.n:
		return nil, fmt.Errorf("cpu: the buffer holds %d %v, not %d %v", b.n, b.dt, n, dt)
	}
	return p, nil
}

// sliceOf takes a host slice apart.
func sliceOf(data any) (chip.DType, int, unsafe.Pointer, error) {
	switch s := data.(type) {
	case []float32:
		return chip.Float32, len(s), unsafe.Pointer(unsafe.SliceData(s)), nil
	case []float64:
		return chip.Float64, len(s), unsafe.Pointer(unsafe.SliceData(s)), nil
	case []int32:
		return chip.Int32, len(s), unsafe.Pointer(unsafe.SliceData(s)), nil
	case []int64:
		return chip.Int64, len(s), unsafe.Pointer(unsafe.SliceData(s)), nil
	case []uint8:
		return chip.Uint8, len(s), unsafe.Pointer(unsafe.SliceData(s)), nil
	case []int8:
		return chip.Int8, len(s), unsafe.Pointer(unsafe.SliceData(s)), nil
	case []chip.BFloat:
		return chip.BFloat16, len(s), unsafe.Pointer(unsafe.SliceData(s)), nil
	case []bool:
		return chip.Bool, len(s), unsafe.Pointer(unsafe.SliceData(s)), nil
	}
	return 0, 0, nil, fmt.Errorf("cpu: %T is not a host slice of a device type", data)
}

// alignedBytes allocates n zeroed bytes at a multiple of 64.
func alignedBytes(n int) unsafe.Pointer {
	if n == 0 {
		return nil
	}
	const line = 64
	b := make([]byte, n+line)
	adviseHuge(b)
	p := unsafe.Pointer(unsafe.SliceData(b))
	return unsafe.Add(p, (line-int(uintptr(p)%line))%line)
}

func alignedFloats(n int) []float32 {
	return unsafe.Slice((*float32)(alignedBytes(4*n)), n)
}

func bytesAt(p unsafe.Pointer, n int) []byte { return unsafe.Slice((*byte)(p), n) }
