package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// parseTensor reads a tensor's data: a JSON array, flat in row-major order or
// nested as the shape is. null in numbers means NaN, a missing value. The JSON
// must be valid; the shape's dimensions must be positive.
func parseTensor(raw json.RawMessage, dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n := 1
	for _, d := range shape {
		if d > len(raw)/n { // every element takes a byte at least
			return nil, fmt.Errorf("there is too little of it for the shape %v", shape)
		}
		n *= d
	}
	switch dt {
	case tensor.Float32:
		return parseElements(raw, shape, n, func(s []byte) (float32, error) {
			v, err := parseFloat(s, 32)
			return float32(v), err
		})
	case tensor.Float64:
		return parseElements(raw, shape, n, func(s []byte) (float64, error) { return parseFloat(s, 64) })
	case tensor.Half:
		return parseElements(raw, shape, n, half(tensor.NewFloat16))
	case tensor.BFloat:
		return parseElements(raw, shape, n, half(tensor.NewBFloat16))
	case tensor.Uint8:
		return parseElements(raw, shape, n, unsigned[uint8](8))
	case tensor.Uint16:
		return parseElements(raw, shape, n, unsigned[uint16](16))
	case tensor.Uint32:
		return parseElements(raw, shape, n, unsigned[uint32](32))
	case tensor.Uint64:
		return parseElements(raw, shape, n, unsigned[uint64](64))
	case tensor.Int8:
		return parseElements(raw, shape, n, signed[int8](8))
	case tensor.Int16:
		return parseElements(raw, shape, n, signed[int16](16))
	case tensor.Int32:
		return parseElements(raw, shape, n, signed[int32](32))
	case tensor.Int64:
		return parseElements(raw, shape, n, signed[int64](64))
	case tensor.Bool:
		return parseElements(raw, shape, n, parseBool)
	case tensor.String:
		return parseElements(raw, shape, n, parseString)
	}
	return nil, fmt.Errorf("elements of %v cannot be sent", dt)
}

// half parses floats of 16 bits; those that round to infinity are out of range.
func half[T interface{ Float32() float32 }](round func(float64) T) func(s []byte) (T, error) {
	return func(s []byte) (T, error) {
		v, err := parseFloat(s, 64)
		h := round(v)
		if err == nil && math.IsInf(float64(h.Float32()), 0) {
			err = strconv.ErrRange
		}
		return h, err
	}
}

// unsigned and signed parse whole numbers of so many bits.
func unsigned[T uint8 | uint16 | uint32 | uint64](bits int) func(s []byte) (T, error) {
	return func(s []byte) (T, error) {
		v, err := strconv.ParseUint(string(s), 10, bits)
		return T(v), err
	}
}

func signed[T int8 | int16 | int32 | int64](bits int) func(s []byte) (T, error) {
	return func(s []byte) (T, error) {
		v, err := strconv.ParseInt(string(s), 10, bits)
		return T(v), err
	}
}

func parseFloat(s []byte, bits int) (float64, error) {
	if string(s) == "null" {
		return math.NaN(), nil
	}
	if len(s) > 0 && (s[0] == 't' || s[0] == 'f' || s[0] == '"') {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(string(s), bits)
}

func parseBool(s []byte) (bool, error) {
	switch string(s) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, strconv.ErrSyntax
}

func parseString(s []byte) (v string, err error) {
	if len(s) == 0 || s[0] != '"' {
		return "", errors.New("it is no string")
	}
	err = json.Unmarshal(s, &v)
	return v, err
}

// parseElements walks through valid JSON and gives each scalar to parse.
func parseElements[T tensor.Element](raw []byte, shape []int, n int, parse func([]byte) (T, error)) (*tensor.Tensor, error) {
	out := make([]T, 0, n)
	w := walker{rest: raw, shape: shape}
	for {
		token, err := w.scalar()
		if err != nil {
			return nil, err
		}
		if token == nil {
			break
		}
		if len(out) == n {
			return nil, fmt.Errorf("there are more than the %d elements of the shape %v", n, shape)
		}
		v, err := parse(token)
		if err != nil {
			return nil, fmt.Errorf("element %d, %s, cannot be read: %w", len(out), clip(token), cause(err))
		}
		out = append(out, v)
	}
	if len(out) != n {
		return nil, fmt.Errorf("there are %d elements, the shape %v has %d", len(out), shape, n)
	}
	return tensor.Of(out, shape...), nil
}

func cause(err error) error {
	if e, ok := errors.AsType[*strconv.NumError](err); ok {
		return e.Err
	}
	return err
}

func clip(token []byte) string {
	if len(token) > 40 {
		return string(token[:40]) + "…"
	}
	return string(token)
}

// walker finds the scalars in nested arrays of valid JSON.
type walker struct {
	rest  []byte
	shape []int
	open  []int // elements so far of each array that is open
	deep  int   // depth at which scalars stand, once known
}

// scalar returns the next scalar's text, or nil at the end. Nested arrays must
// have the lengths of the shape.
func (w *walker) scalar() ([]byte, error) {
	for len(w.rest) > 0 {
		c := w.rest[0]
		switch c {
		case ' ', '\t', '\r', '\n', ',':
			w.rest = w.rest[1:]
		case '[':
			if len(w.open) == len(w.shape) || w.deep > 0 && len(w.open) >= w.deep {
				return nil, fmt.Errorf("it is nested deeper than the shape %v", w.shape)
			}
			w.count()
			w.open = append(w.open, 0)
			w.rest = w.rest[1:]
		case ']':
			if err := w.closeArray(); err != nil {
				return nil, err
			}
			w.rest = w.rest[1:]
		case '{':
			return nil, errors.New("it holds an object")
		default:
			return w.take()
		}
	}
	return nil, nil
}

func (w *walker) take() ([]byte, error) {
	if len(w.open) == 0 {
		return nil, errors.New("it is no array")
	}
	if w.deep == 0 {
		w.deep = len(w.open)
		if w.deep != 1 && w.deep != len(w.shape) {
			return nil, fmt.Errorf("it is nested %d deep, neither flat nor as the shape %v", w.deep, w.shape)
		}
	} else if w.deep != len(w.open) {
		return nil, errors.New("it is nested unevenly")
	}
	w.count()
	end := scalarEnd(w.rest)
	token := w.rest[:end]
	w.rest = w.rest[end:]
	return token, nil
}

func (w *walker) count() {
	if len(w.open) > 0 {
		w.open[len(w.open)-1]++
	}
}

func (w *walker) closeArray() error {
	last := len(w.open) - 1
	if last < 0 {
		return errors.New("it is no array")
	}
	if w.deep > 1 && w.open[last] != w.shape[last] {
		return fmt.Errorf("an array has %d elements where the shape %v has %d", w.open[last], w.shape, w.shape[last])
	}
	w.open = w.open[:last]
	return nil
}

// scalarEnd returns the length of the scalar that s begins with.
func scalarEnd(s []byte) int {
	if s[0] == '"' {
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(s)
	}
	for i, c := range s {
		switch c {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return max(i, 1)
		}
	}
	return len(s)
}
