package onnx

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a struct that lists its fields for the wire.
type message interface{ fields() []field }

// field ties a field number to where its value lives: a pointer to a scalar, a
// slice, or a sub. The field with number 0 keeps unknown fields.
type field struct {
	num   protowire.Number
	name  string
	v     any
	force bool // written even when zero
}

// sub is a field of messages, single or repeated.
type sub interface {
	list() []message
	add() message // the message to read the next occurrence into
}

type pointer[T any] interface {
	*T
	message
}

type single[T any, P pointer[T]] struct{ p **T }
type repeated[T any, P pointer[T]] struct{ p *[]*T }

func one[T any, P pointer[T]](p **T) sub    { return single[T, P]{p} }
func many[T any, P pointer[T]](p *[]*T) sub { return repeated[T, P]{p} }

func (s single[T, P]) list() []message {
	if *s.p == nil {
		return nil
	}
	return []message{P(*s.p)}
}

// add merges a second occurrence into the first, as protobuf does.
func (s single[T, P]) add() message {
	if *s.p == nil {
		*s.p = new(T)
	}
	return P(*s.p)
}

func (r repeated[T, P]) list() []message {
	out := make([]message, 0, len(*r.p))
	for _, m := range *r.p {
		if m != nil {
			out = append(out, P(m))
		}
	}
	return out
}

func (r repeated[T, P]) add() message {
	m := new(T)
	*r.p = append(*r.p, m)
	return P(m)
}

// Limits of what Unmarshal accepts.
const (
	maxModelBytes = 2 << 30 // protobuf's own limit
	maxDepth      = 32      // messages within messages
	maxMessages   = 4 << 20
	maxStrings    = 32 << 20
)

// Unmarshal reads a model. Errors name the field. The result keeps no part of b.
func Unmarshal(b []byte) (*Model, error) {
	if len(b) > maxModelBytes {
		return nil, fmt.Errorf("onnx: model of %d bytes exceeds the limit of %d", len(b), maxModelBytes)
	}
	if len(b) == 0 {
		return nil, errors.New("onnx: model is empty")
	}
	m := &Model{}
	r := reader{}
	if err := r.message(b, m, 0); err != nil {
		return nil, fmt.Errorf("onnx: model.%w", err)
	}
	if m.Graph == nil {
		return nil, errors.New("onnx: model.graph: missing; is this an ONNX file?")
	}
	return m, nil
}

// reader counts what it has read against the limits.
type reader struct{ messages, strings int }

func (r *reader) message(b []byte, m message, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("(depth): messages nest deeper than %d", maxDepth)
	}
	if r.messages++; r.messages > maxMessages {
		return fmt.Errorf("(count): more than %d messages", maxMessages)
	}
	fields := m.fields()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("(tag): %w", protowire.ParseError(n))
		}
		size := protowire.ConsumeFieldValue(num, typ, b[n:])
		if size < 0 {
			return fmt.Errorf("%s: %w", fieldName(fields, num), protowire.ParseError(size))
		}
		if err := r.field(fields, num, typ, b[:n+size], b[n:n+size], depth); err != nil {
			return err
		}
		b = b[n+size:]
	}
	return nil
}

func fieldName(fields []field, num protowire.Number) string {
	for _, f := range fields {
		if f.num == num && num != 0 {
			return f.name
		}
	}
	return fmt.Sprintf("(field %d)", num)
}

// field stores one occurrence: whole is the tag and the value, val the value.
func (r *reader) field(fields []field, num protowire.Number, typ protowire.Type, whole, val []byte, depth int) error {
	for i := range fields {
		f := &fields[i]
		if f.num == 0 {
			p := f.v.(*[]byte)
			*p = append(*p, whole...)
			return nil
		}
		if f.num != num {
			continue
		}
		if err := r.store(f, typ, val, depth); err != nil {
			if _, ok := f.v.(sub); ok {
				return fmt.Errorf("%s.%w", f.name, err)
			}
			return fmt.Errorf("%s: %w", f.name, err)
		}
		return nil
	}
	return nil
}

var errWireType = errors.New("wrong wire type")

func (r *reader) store(f *field, typ protowire.Type, val []byte, depth int) error {
	switch p := f.v.(type) {
	case *int64, *int32, **int64, *[]int64, *[]int32, *[]uint64:
		return r.varints(p, typ, val)
	case *float32, *[]float32, *[]float64:
		return r.floats(p, typ, val)
	}
	if typ != protowire.BytesType {
		if _, ok := f.v.(sub); ok {
			return fmt.Errorf("(value): %w", errWireType)
		}
		return errWireType
	}
	body, _ := protowire.ConsumeBytes(val)
	switch p := f.v.(type) {
	case *string:
		*p = string(body)
	case *[]byte:
		*p = append([]byte(nil), body...)
	case *[]string:
		if r.strings++; r.strings > maxStrings {
			return fmt.Errorf("more than %d strings", maxStrings)
		}
		*p = append(*p, string(body))
	case sub:
		return r.message(body, p.add(), depth+1)
	}
	return nil
}

// varints stores one varint or a packed run of them.
func (r *reader) varints(p any, typ protowire.Type, val []byte) error {
	if typ == protowire.BytesType {
		body, _ := protowire.ConsumeBytes(val)
		for len(body) > 0 {
			v, n := protowire.ConsumeVarint(body)
			if n < 0 {
				return protowire.ParseError(n)
			}
			if !appendVarint(p, v) {
				return errWireType
			}
			body = body[n:]
		}
		return nil
	}
	if typ != protowire.VarintType {
		return errWireType
	}
	v, _ := protowire.ConsumeVarint(val)
	switch p := p.(type) {
	case *int64:
		*p = int64(v)
	case *int32:
		*p = int32(v)
	case **int64:
		i := int64(v)
		*p = &i
	default:
		appendVarint(p, v)
	}
	return nil
}

func appendVarint(p any, v uint64) bool {
	switch p := p.(type) {
	case *[]int64:
		*p = append(*p, int64(v))
	case *[]int32:
		*p = append(*p, int32(v))
	case *[]uint64:
		*p = append(*p, v)
	default:
		return false
	}
	return true
}

// floats stores one float or double or a packed run of them.
func (r *reader) floats(p any, typ protowire.Type, val []byte) error {
	packed := typ == protowire.BytesType
	if packed {
		val, _ = protowire.ConsumeBytes(val)
	}
	switch p := p.(type) {
	case *float32:
		if typ != protowire.Fixed32Type {
			return errWireType
		}
		v, _ := protowire.ConsumeFixed32(val)
		*p = math.Float32frombits(v)
	case *[]float32:
		if !packed && typ != protowire.Fixed32Type {
			return errWireType
		}
		if len(val)%4 != 0 {
			return errors.New("packed floats are cut short")
		}
		for ; len(val) > 0; val = val[4:] {
			v, _ := protowire.ConsumeFixed32(val)
			*p = append(*p, math.Float32frombits(v))
		}
	case *[]float64:
		if !packed && typ != protowire.Fixed64Type {
			return errWireType
		}
		if len(val)%8 != 0 {
			return errors.New("packed doubles are cut short")
		}
		for ; len(val) > 0; val = val[8:] {
			v, _ := protowire.ConsumeFixed64(val)
			*p = append(*p, math.Float64frombits(v))
		}
	}
	return nil
}
