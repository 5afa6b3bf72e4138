// Package idx reads IDX files, the format of MNIST: a magic number that tells the
// element type and the number of dimensions, the dimensions, then the elements.
// Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".
package idx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
)

const (
	unsignedByte = 0x08
	maxDims      = 4
	headerSize   = 4
)

// MaxElements bounds what one file may hold.
const MaxElements = 4 << 30

var name = regexp.MustCompile(`(?i)(idx[1-4][-._]?ubyte|\.idx|\.idx[1-4])$`)

// IsName reports whether a file is named like an IDX file, such as
// train-images-idx3-ubyte.
func IsName(base string) bool { return name.MatchString(base) }

// Is reports whether a file begins like an IDX file of bytes.
func Is(head []byte) bool {
	return len(head) >= 8 && head[0] == 0 && head[1] == 0 && head[2] == unsignedByte && head[3] >= 1 && head[3] <= maxDims
}

// Header reads the dimensions of an IDX file of unsigned bytes; r is then at the
// first element.
func Header(r io.Reader) (dims []int, err error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, short(err)
	}
	if head[0] != 0 || head[1] != 0 {
		return nil, errors.New("it is no IDX file")
	}
	if head[2] != unsignedByte {
		return nil, fmt.Errorf("its elements are of type 0x%02x; only unsigned bytes (0x08) are read", head[2])
	}
	if head[3] < 1 || head[3] > maxDims {
		return nil, fmt.Errorf("it has %d dimensions, not 1 to %d", head[3], maxDims)
	}
	total := int64(1)
	for range head[3] {
		var d uint32
		if err := binary.Read(r, binary.BigEndian, &d); err != nil {
			return nil, short(err)
		}
		if d > 1<<31-1 || (d > 0 && total > MaxElements/int64(d)) {
			return nil, errors.New("it says that it holds more than 4 Gi elements")
		}
		total *= int64(d)
		dims = append(dims, int(d))
	}
	return dims, nil
}

// Labels reads an IDX file of one dimension.
func Labels(r io.Reader) ([]uint8, error) {
	dims, err := Header(r)
	if err != nil {
		return nil, err
	}
	if len(dims) != 1 {
		return nil, fmt.Errorf("it has %d dimensions where labels have one", len(dims))
	}
	// Reading grows with what is there, so that a lying header costs nothing.
	labels, err := io.ReadAll(io.LimitReader(r, int64(dims[0])))
	if err == nil && len(labels) < dims[0] {
		err = io.ErrUnexpectedEOF
	}
	return labels, short(err)
}

func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}
