package table

import (
	"encoding/binary"
	"errors"
)

// thrift steps through Thrift's compact protocol, in which Parquet writes its
// metadata, and proves that every length in it fits into the bytes that are
// there. Source: the Apache Thrift "Compact protocol" specification.
type thrift struct {
	p   []byte
	err error
	// seen holds the integers met, by their field numbers from the outside in, such
	// as {5, 1}; lists count as no level. Of repeated ones the last stays.
	seen map[[2]int16]int64
}

var errThrift = errors.New("its metadata is broken")

// The element types of the protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const maxThriftDepth = 32

func (t *thrift) fail() {
	t.err, t.p = errThrift, nil
}

func (t *thrift) byte() byte {
	if len(t.p) == 0 {
		t.fail()
		return 0
	}
	b := t.p[0]
	t.p = t.p[1:]
	return b
}

func (t *thrift) uvarint() uint64 {
	v, n := binary.Uvarint(t.p)
	if n <= 0 {
		t.fail()
		return 0
	}
	t.p = t.p[n:]
	return v
}

func (t *thrift) zigzag() int64 {
	v := t.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (t *thrift) skip(n uint64) {
	if n > uint64(len(t.p)) {
		t.fail()
		return
	}
	t.p = t.p[n:]
}

// structure steps over a structure.
func (t *thrift) structure(path [2]int16, depth int) {
	if depth > maxThriftDepth {
		t.fail()
	}
	id := int16(0)
	for t.err == nil {
		head := t.byte()
		kind := head & 0x0f
		if kind == 0 {
			return
		}
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else {
			id = int16(t.zigzag())
		}
		inner := path
		if depth == 0 {
			inner[0] = id
		} else if depth == 1 {
			inner[1] = id
		}
		if kind == thriftTrue || kind == thriftFalse {
			continue // the type is the value
		}
		t.value(kind, inner, depth)
	}
}

func (t *thrift) value(kind byte, path [2]int16, depth int) {
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		t.skip(1)
	case thriftI16, thriftI32, thriftI64:
		v := t.zigzag()
		if t.seen != nil && depth < 2 {
			t.seen[path] = v
		}
	case thriftDouble:
		t.skip(8)
	case thriftBinary:
		t.skip(t.uvarint())
	case thriftList, thriftSet:
		head := t.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = t.uvarint()
		}
		t.elements(n, []byte{head & 0x0f}, path, depth)
	case thriftMap:
		if n := t.uvarint(); n > 0 {
			kinds := t.byte()
			t.elements(n, []byte{kinds >> 4, kinds & 0x0f}, path, depth)
		}
	case thriftStruct:
		t.structure(path, depth+1)
	default:
		t.fail()
	}
}

// elements steps over n elements; each takes a byte at least.
func (t *thrift) elements(n uint64, kinds []byte, path [2]int16, depth int) {
	if n > uint64(len(t.p)) || depth > maxThriftDepth {
		t.fail()
		return
	}
	for range n {
		for _, k := range kinds {
			t.value(k, path, depth+1)
		}
		if t.err != nil {
			return
		}
	}
}
