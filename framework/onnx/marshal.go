package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Marshal writes the model. The same model gives the same bytes.
func (m *Model) Marshal() []byte { return appendMessage(nil, m) }

func appendMessage(b []byte, m message) []byte {
	for _, f := range m.fields() {
		b = appendField(b, f)
	}
	return b
}

func appendField(b []byte, f field) []byte {
	switch p := f.v.(type) {
	case *string:
		if *p != "" || f.force {
			b = protowire.AppendTag(b, f.num, protowire.BytesType)
			b = protowire.AppendString(b, *p)
		}
	case *[]byte:
		if f.num == 0 {
			return append(b, *p...)
		}
		if len(*p) > 0 {
			b = protowire.AppendTag(b, f.num, protowire.BytesType)
			b = protowire.AppendBytes(b, *p)
		}
	case *int64:
		if *p != 0 || f.force {
			b = appendVarintField(b, f.num, uint64(*p))
		}
	case *int32:
		if *p != 0 || f.force {
			b = appendVarintField(b, f.num, uint64(int64(*p)))
		}
	case **int64:
		if *p != nil {
			b = appendVarintField(b, f.num, uint64(**p))
		}
	case *float32:
		if *p != 0 || f.force {
			b = protowire.AppendTag(b, f.num, protowire.Fixed32Type)
			b = protowire.AppendFixed32(b, math.Float32bits(*p))
		}
	case *[]string:
		for _, s := range *p {
			b = protowire.AppendTag(b, f.num, protowire.BytesType)
			b = protowire.AppendString(b, s)
		}
	case sub:
		for _, m := range p.list() {
			b = protowire.AppendTag(b, f.num, protowire.BytesType)
			b = protowire.AppendBytes(b, appendMessage(nil, m))
		}
	default:
		b = appendPacked(b, f)
	}
	return b
}

func appendVarintField(b []byte, num protowire.Number, v uint64) []byte {
	b = protowire.AppendTag(b, num, protowire.VarintType)
	return protowire.AppendVarint(b, v)
}

// appendPacked writes a repeated number as one packed run.
func appendPacked(b []byte, f field) []byte {
	var body []byte
	switch p := f.v.(type) {
	case *[]int64:
		for _, v := range *p {
			body = protowire.AppendVarint(body, uint64(v))
		}
	case *[]int32:
		for _, v := range *p {
			body = protowire.AppendVarint(body, uint64(int64(v)))
		}
	case *[]uint64:
		for _, v := range *p {
			body = protowire.AppendVarint(body, v)
		}
	case *[]float32:
		for _, v := range *p {
			body = protowire.AppendFixed32(body, math.Float32bits(v))
		}
	case *[]float64:
		for _, v := range *p {
			body = protowire.AppendFixed64(body, math.Float64bits(v))
		}
	}
	if len(body) == 0 {
		return b
	}
	b = protowire.AppendTag(b, f.num, protowire.BytesType)
	return protowire.AppendBytes(b, body)
}
