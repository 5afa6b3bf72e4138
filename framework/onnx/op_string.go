package onnx

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"StringNormalizer": {1, 1, compileStringNormalizer},
	"StringSplit":      {1, 1, compileStringSplit},
	"StringConcat":     {2, 2, func(*call) kernel { return host(stringConcat) }},
	"RegexFullMatch":   {1, 1, compileRegexFullMatch},
})

func stringsOnly(ts ...*tensor.Tensor) error {
	for _, t := range ts {
		if t.DType() != tensor.String {
			return errType(t)
		}
	}
	return nil
}

// compileStringNormalizer changes case and drops stop words. With the locale
// "C", the only one that every system has, onnxruntime lowers ASCII letters
// alone; other locales lower as Unicode has it.
func compileStringNormalizer(n *call) kernel {
	action := n.choice("case_change_action", "NONE", "LOWER", "UPPER")
	sensitive, stop := n.flag("is_case_sensitive", false), n.strs("stopwords")
	ascii := n.str("locale", "en_US") == "C"
	change := func(s string) string { return s }
	lower := strings.ToLower
	if ascii {
		lower = lowerASCII
	}
	switch {
	case action == "LOWER":
		change = lower
	case action == "UPPER" && ascii:
		change = upperASCII
	case action == "UPPER":
		change = strings.ToUpper
	}
	key := func(s string) string { return s }
	if !sensitive {
		key = lower
	}
	drop := map[string]bool{}
	for _, s := range stop {
		drop[key(s)] = true
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if err := stringsOnly(in[0]); err != nil {
			return nil, err
		}
		shape := slices.Clone(in[0].Shape())
		if len(shape) != 1 && (len(shape) != 2 || shape[0] != 1) {
			return nil, fmt.Errorf("want strings [C] or [1,C], got %v", in[0])
		}
		out := make([]string, 0, in[0].Len())
		for _, s := range in[0].Strings() {
			if len(drop) == 0 || !drop[key(s)] {
				out = append(out, change(s))
			}
		}
		if len(out) == 0 && in[0].Len() > 0 {
			out = append(out, "")
		}
		shape[len(shape)-1] = len(out)
		return tensor.Of(out, shape...), nil
	})
}

func upperASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// compileStringSplit splits every string; the pieces form a new last axis,
// padded with "". Without a delimiter runs of ' ' separate, as in onnxruntime,
// where other white space stays inside the pieces.
func compileStringSplit(n *call) kernel {
	delimiter, limit := n.str("delimiter", ""), int(n.int("maxsplit", -1))
	if !n.has("maxsplit") || limit < 0 {
		limit = -1
	}
	return func(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		if err := stringsOnly(in[0]); err != nil {
			return nil, err
		}
		texts := in[0].Strings()
		counts := make([]int64, len(texts))
		width := 0
		for i, s := range texts {
			n := countPieces(s, delimiter, limit)
			counts[i] = int64(n)
			width = max(width, n)
		}
		shape := append(slices.Clone(in[0].Shape()), width)
		out, err := newTensor(tensor.String, shape...)
		if err != nil {
			return nil, err
		}
		pieces := out.Strings()
		for i, s := range texts {
			splitInto(pieces[i*width:i*width+int(counts[i])], s, delimiter)
		}
		return []*tensor.Tensor{out, tensor.Of(counts, in[0].Shape()...)}, nil
	}
}

// countPieces is the number of pieces of s; "" has none.
func countPieces(s, delimiter string, limit int) int {
	if s == "" {
		return 0
	}
	n := 0
	if delimiter == "" {
		s = strings.TrimRight(s, " ")
		for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
			n++
			i := strings.IndexByte(s, ' ')
			if i < 0 || limit >= 0 && n > limit {
				break
			}
			s = s[i:]
		}
		return n
	}
	n = strings.Count(s, delimiter)
	if limit >= 0 {
		n = min(n, limit)
	}
	return n + 1
}

// splitInto fills dst with the pieces of s, the rest of it in the last.
func splitInto(dst []string, s, delimiter string) {
	blanks, sep := delimiter == "", delimiter
	if blanks {
		s, sep = strings.TrimRight(s, " "), " "
	}
	for i := range dst {
		if blanks {
			s = strings.TrimLeft(s, " ")
		}
		at := strings.Index(s, sep)
		if at < 0 || i == len(dst)-1 {
			dst[i] = s
			return
		}
		dst[i], s = s[:at], s[at+len(sep):]
	}
}

func stringConcat(in []*tensor.Tensor) (*tensor.Tensor, error) {
	if err := stringsOnly(in...); err != nil {
		return nil, err
	}
	return broadcast(in[0], in[1], func(a, b string) string { return a + b })
}

// compileRegexFullMatch uses Go's regexp, which is RE2's language as the
// operator wants it.
func compileRegexFullMatch(n *call) kernel {
	re, err := regexp.Compile(`^(?:` + n.str("pattern", "") + `)$`)
	if err != nil {
		n.fail("attribute pattern: %v", err)
	}
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		if err := stringsOnly(in[0]); err != nil {
			return nil, err
		}
		return mapped(in[0], re.MatchString), nil
	})
}
