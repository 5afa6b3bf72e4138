package data

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
)

// entry says where a sample's bytes lie in the pack, and what they are.
type entry struct {
	offset        uint64
	length        uint32
	width, height uint32 // of the decoded, upright image
	coding        coding
}

// coding is how a sample's bytes are to be read.
type coding uint8

const (
	codedFile   coding = iota // an image file, or UTF-8 text
	codedGrey                 // bare pixels, one byte each
	codedColour               // bare pixels, three bytes each
)

const (
	indexMagic = "macaw-samples-1\n"
	hashBytes  = 32
	// fixed is the bytes of a sample without its strings.
	fixedBytes = hashBytes + 4 + 4 + 1 + 8 + 4 + 4 + 4 + 1
)

// encodeIndex writes the samples and, unless nil, their entries: the magic, the
// count and whether there are entries, then per sample its hash, label, value,
// part, offset, length, width, height and coding, its path and its group. The
// strings have their lengths before them; integers are little-endian.
func encodeIndex(samples []Sample, entries []entry) ([]byte, error) {
	le := binary.LittleEndian
	p := make([]byte, 0, len(indexMagic)+9+len(samples)*(fixedBytes+24))
	p = append(p, indexMagic...)
	p = le.AppendUint64(p, uint64(len(samples)))
	for i := range samples {
		s := &samples[i]
		sum, err := hex.DecodeString(s.Hash)
		if err != nil || len(sum) != hashBytes {
			return nil, fmt.Errorf("sample %d has no SHA-256: %q", i, s.Hash)
		}
		var e entry
		if entries != nil {
			e = entries[i]
		}
		p = append(p, sum...)
		p = le.AppendUint32(p, uint32(s.Label))
		p = le.AppendUint32(p, math.Float32bits(s.Value))
		p = append(p, byte(s.Part))
		p = le.AppendUint64(p, e.offset)
		p = le.AppendUint32(p, e.length)
		p = le.AppendUint32(p, e.width)
		p = le.AppendUint32(p, e.height)
		p = append(p, byte(e.coding))
		p = binary.AppendUvarint(p, uint64(len(s.Path)))
		p = append(p, s.Path...)
		p = binary.AppendUvarint(p, uint64(len(s.Group)))
		p = append(p, s.Group...)
	}
	return p, nil
}

var errBrokenIndex = errors.New("the sample index is broken")

// decodeIndex reads what encodeIndex wrote.
func decodeIndex(p []byte) ([]Sample, []entry, error) {
	le := binary.LittleEndian
	if len(p) < len(indexMagic)+8 || string(p[:len(indexMagic)]) != indexMagic {
		return nil, nil, errBrokenIndex
	}
	n := le.Uint64(p[len(indexMagic):])
	p = p[len(indexMagic)+8:]
	if n > uint64(len(p)/fixedBytes) {
		return nil, nil, errBrokenIndex
	}
	samples, entries := make([]Sample, n), make([]entry, n)
	for i := range samples {
		if len(p) < fixedBytes {
			return nil, nil, errBrokenIndex
		}
		s, e := &samples[i], &entries[i]
		s.Hash = hex.EncodeToString(p[:hashBytes])
		q := p[hashBytes:]
		s.Label, s.Value, s.Part = int32(le.Uint32(q)), math.Float32frombits(le.Uint32(q[4:])), Part(q[8])
		e.offset, e.length = le.Uint64(q[9:]), le.Uint32(q[17:])
		e.width, e.height, e.coding = le.Uint32(q[21:]), le.Uint32(q[25:]), coding(q[29])
		p = p[fixedBytes:]
		var ok1, ok2 bool
		s.Path, p, ok1 = cutString(p)
		s.Group, p, ok2 = cutString(p)
		if !ok1 || !ok2 || s.Part >= partCount {
			return nil, nil, errBrokenIndex
		}
	}
	if len(p) != 0 {
		return nil, nil, errBrokenIndex
	}
	return samples, entries, nil
}

// cutString reads a string with its length before it.
func cutString(p []byte) (s string, rest []byte, ok bool) {
	n, k := binary.Uvarint(p)
	if k <= 0 || n > uint64(len(p)-k) {
		return "", nil, false
	}
	return string(p[k : k+int(n)]), p[k+int(n):], true
}
