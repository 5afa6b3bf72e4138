// Package safetensors reads and writes named tensors in the safetensors
// format: a little-endian uint64 with the length of a JSON header, the header,
// which gives each tensor's type, shape and place, and the tensors' bytes.
// Source: github.com/huggingface/safetensors, README "Format".
package safetensors

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// ErrFormat is wrapped by all errors about the contents of a file.
var ErrFormat = errors.New("not a valid safetensors file")

// Limits of what Read accepts.
const (
	maxHeader  = 64 << 20 // bytes of JSON
	maxTensors = 1 << 20
	maxRank    = 32
	chunk      = 1 << 20 // bytes that are allocated ahead of what was read
)

// File is the contents of a file.
type File struct {
	Tensors  map[string]*tensor.Tensor
	Metadata map[string]string // free text; may be nil
}

// metadata is the header's entry that is no tensor.
const metadata = "__metadata__"

// entry is a tensor in the header.
type entry struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

var dtypes = map[string]tensor.DType{"F32": tensor.Float32, "F64": tensor.Float64, "I32": tensor.Int32,
	"I64": tensor.Int64, "U8": tensor.Uint8, "I8": tensor.Int8, "BOOL": tensor.Bool, "I16": tensor.Int16, "U16": tensor.Uint16,
	"U32": tensor.Uint32, "U64": tensor.Uint64, "F16": tensor.Half, "BF16": tensor.BFloat}

func nameOf(dt tensor.DType) string {
	for name, d := range dtypes {
		if d == dt {
			return name
		}
	}
	return ""
}

// Write writes f with its tensors in the order of their names. Tensors of
// strings cannot be written.
func Write(w io.Writer, f File) error {
	header := map[string]any{}
	if f.Metadata != nil {
		header[metadata] = f.Metadata
	}
	names, at := slices.Sorted(maps.Keys(f.Tensors)), 0
	for _, name := range names {
		t := f.Tensors[name]
		dt := nameOf(t.DType())
		if dt == "" || name == metadata {
			return fmt.Errorf("write safetensors: cannot write %q of %v", name, t)
		}
		end := at + t.Len()*t.DType().Size()
		header[name] = entry{dt, slices.Clone(t.Shape()), [2]int{at, end}}
		at = end
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("write safetensors: %w", err)
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
		return fmt.Errorf("write safetensors: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write safetensors: %w", err)
	}
	for _, name := range names {
		if err := binary.Write(w, binary.LittleEndian, f.Tensors[name].Data()); err != nil {
			return fmt.Errorf("write safetensors %q: %w", name, err)
		}
	}
	return nil
}

// Read reads a whole file. Memory grows with what was read, not with what the
// header claims. Its errors about the contents wrap ErrFormat.
func Read(r io.Reader) (File, error) {
	header, err := readHeader(r)
	if err != nil {
		return File{}, err
	}
	f := File{Tensors: map[string]*tensor.Tensor{}}
	if f.Metadata, err = metadataOf(header); err != nil {
		return File{}, err
	}
	entries := map[string]entry{}
	for name, raw := range header {
		if name == metadata {
			continue
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return File{}, fmt.Errorf("%w: entry %q: %w", ErrFormat, name, err)
		}
		entries[name] = e
	}
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		x, y := entries[a].Offsets, entries[b].Offsets
		return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]), cmp.Compare(a, b))
	})
	at := 0
	for _, name := range names {
		e := entries[name]
		if err := e.check(at); err != nil {
			return File{}, fmt.Errorf("%w: entry %q: %w", ErrFormat, name, err)
		}
		if f.Tensors[name], err = e.read(r); err != nil {
			return File{}, fmt.Errorf("%w: entry %q: %w", ErrFormat, name, err)
		}
		at = e.Offsets[1]
	}
	return f, nil
}

// ReadMetadata reads the metadata alone, with Read's limits and errors.
func ReadMetadata(r io.Reader) (map[string]string, error) {
	header, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	return metadataOf(header)
}

func metadataOf(header map[string]json.RawMessage) (map[string]string, error) {
	var texts map[string]string
	if raw, ok := header[metadata]; ok {
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("%w: metadata: %w", ErrFormat, err)
		}
	}
	return texts, nil
}

func readHeader(r io.Reader) (map[string]json.RawMessage, error) {
	var size [8]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	n := binary.LittleEndian.Uint64(size[:])
	if n > maxHeader {
		return nil, fmt.Errorf("%w: a header of %d bytes", ErrFormat, n)
	}
	text, err := readBytes(r, int(n))
	if err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrFormat, err)
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(text, &header); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrFormat, err)
	}
	if len(header) > maxTensors {
		return nil, fmt.Errorf("%w: %d entries", ErrFormat, len(header))
	}
	return header, nil
}

// check compares the type, the shape and the place, which must begin at at.
func (e entry) check(at int) error {
	dt, ok := dtypes[e.DType]
	if !ok {
		return fmt.Errorf("unknown type %q", e.DType)
	}
	if len(e.Shape) > maxRank {
		return fmt.Errorf("%d dimensions", len(e.Shape))
	}
	n := dt.Size()
	for _, d := range e.Shape {
		if d < 0 || d > 0 && n > math.MaxInt/d {
			return fmt.Errorf("impossible shape %v", e.Shape)
		}
		n *= d
	}
	if e.Offsets[0] != at || e.Offsets[1]-at != n || e.Offsets[1] < at {
		return fmt.Errorf("bytes %v do not hold %s%v from byte %d on", e.Offsets, e.DType, e.Shape, at)
	}
	return nil
}

func (e entry) read(r io.Reader) (*tensor.Tensor, error) {
	raw, err := readBytes(r, e.Offsets[1]-e.Offsets[0])
	if err != nil {
		return nil, err
	}
	t := tensor.New(dtypes[e.DType], e.Shape...)
	if t.DType() == tensor.Bool {
		for _, b := range raw {
			if b > 1 {
				return nil, fmt.Errorf("a truth value is %d", b)
			}
		}
	}
	if _, err := binary.Decode(raw, binary.LittleEndian, t.Data()); err != nil {
		return nil, err
	}
	return t, nil
}

// readBytes reads n bytes, allocating as they come.
func readBytes(r io.Reader, n int) ([]byte, error) {
	buf := make([]byte, 0, min(n, chunk))
	for len(buf) < n {
		from := len(buf)
		buf = slices.Grow(buf, min(n-from, max(chunk, from)))
		buf = buf[:min(n, cap(buf))]
		if _, err := io.ReadFull(r, buf[from:]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}
