package onnx

import (
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// The tokenizer. Standard operators have no regular-expression split, and
// StringSplit knows one delimiter, ' ' by default. So every character that
// separates words is first replaced by a blank, one after the other, and a
// StringSplit by ' ' ends it. A replacement splits at the character and joins
// the pieces again pairwise in a Loop: log2(pieces) rounds.

const (
	// separators are replaced by a blank: white space and punctuation.
	separators = "\t\n\v\f\r\u00a0" + `.,;:"'()[]{}<>=/\|&*+#@~^_-` + "`" + "‘’“”–—…"
	// marks become tokens of their own.
	marks = "!?$%"
	// maxReplaced bounds how often each character is replaced in one text, and
	// with it the memory of a batch; later ones stay where they are.
	maxReplaced = 4095
)

// TokenizeText adds the tokenizer to b. text is string [N], valid UTF-8; the
// result is string [N,L], L >= 1, each row the tokens of a text padded at the
// end with "". The tokens are those of Tokenize.
func TokenizeText(b *Builder, text string) string {
	blank := b.Op("Expand", nil, b.Const(tensor.Of([]string{""}, 1, 1)),
		b.Op("Concat", Attrs{"axis": 0}, b.Op("Shape", nil, text), b.Ints(1))) // [N,1]
	x := b.Op("StringNormalizer", Attrs{"case_change_action": "LOWER", "locale": "C"}, text)
	for _, c := range separators {
		x = replaceChar(b, x, string(c), " ", blank)
	}
	for _, c := range marks {
		x = replaceChar(b, x, string(c), " "+string(c)+" ", blank)
	}
	tokens := b.OpN(2, "StringSplit", nil, x)[0]
	return b.Op("Concat", Attrs{"axis": 1}, tokens, blank)
}

// replaceChar replaces the first maxReplaced occurrences of old in x, string [N].
func replaceChar(b *Builder, x, old, with, blank string) string {
	split := b.OpN(2, "StringSplit", Attrs{"delimiter": old, "maxsplit": maxReplaced}, x)
	pieces, counts := split[0], split[1] // [N,L], [N]
	zero, one := b.Const(tensor.Scalar(int64(0))), b.Const(tensor.Scalar(int64(1)))
	width := b.Op("Squeeze", nil, b.Op("Shape", Attrs{"start": 1}, pieces))
	column := b.Op("Range", nil, zero, width, one)
	// Every piece but a row's first, and not the padding, follows an occurrence.
	follows := b.Op("And", nil, b.Op("Greater", nil, column, zero),
		b.Op("Less", nil, column, b.Op("Unsqueeze", nil, counts, b.Ints(1))))
	glue := b.Op("Where", nil, follows, b.Const(tensor.Scalar(with)), b.Const(tensor.Scalar("")))
	pieces = b.Op("StringConcat", nil, glue, pieces)

	body := joinBody(b, blank, one)
	joined := b.Op("Loop", Attrs{"body": body}, "", b.Op("Greater", nil, width, one), pieces) // [N,1], or [N,0] of empty texts
	joined = b.Op("Concat", Attrs{"axis": 1}, joined, blank)
	return b.Op("Squeeze", nil, b.Op("Slice", nil, joined, b.Ints(0), b.Ints(1), b.Ints(1)), b.Ints(1))
}

// joinBody is one round of the Loop: it joins columns 2i and 2i+1 of a string
// [N,L] and goes on while more than one is left.
func joinBody(b *Builder, blank, one string) *Graph {
	end, axis, step := b.Ints(1<<31), b.Ints(1), b.Ints(2)
	body := b.Body("join")
	body.Input("round", tensor.Int64)
	body.Input("more", tensor.Bool)
	x := body.Input("pieces", tensor.String, "", "")
	even := body.Op("Slice", nil, x, b.Ints(0), end, axis, step)
	odd := body.Op("Slice", nil, body.Op("Concat", Attrs{"axis": 1}, x, blank), b.Ints(1), end, axis, step)
	joined := body.Op("StringConcat", nil, even, odd)
	more := body.Op("Greater", nil, body.Op("Squeeze", nil, body.Op("Shape", Attrs{"start": 1}, joined)), one)
	body.Output(more, tensor.Bool)
	body.Output(joined, tensor.String, "", "")
	return body.Graph()
}

// Tokenize splits text into lower-case words and the marks ! ? $ %, the Go twin
// of TokenizeText. Only ASCII letters are lowered. White space and other
// punctuation separate words and are dropped; letters, digits and all else of
// Unicode stay. text should be valid UTF-8, which onnxruntime insists on.
func Tokenize(text string) []string {
	s := lowerASCII(text)
	var tokens []string
	var seen [256]int // occurrences of each ASCII character
	var wide map[rune]int
	start := 0
	emit := func(end int) {
		if end > start {
			tokens = append(tokens, s[start:end])
		}
	}
	for i := 0; i < len(s); {
		size, mark := 1, false
		switch kind := charKinds[s[i]]; kind {
		case wordChar:
			i++
			continue
		case blankChar:
		case separatorChar, markChar:
			if seen[s[i]]++; seen[s[i]] > maxReplaced {
				i++
				continue
			}
			mark = kind == markChar
		case leadByte:
			r, n := wideSeparator(s[i:])
			if n == 0 {
				i++
				continue
			}
			if wide == nil {
				wide = map[rune]int{}
			}
			if wide[r]++; wide[r] > maxReplaced {
				i += n
				continue
			}
			size = n
		}
		emit(i)
		if mark {
			tokens = append(tokens, s[i:i+1])
		}
		i += size
		start = i
	}
	emit(len(s))
	return tokens
}

type charKind uint8

const (
	wordChar charKind = iota
	blankChar
	separatorChar
	markChar
	leadByte // may begin a separator of several bytes
)

var charKinds = func() (kinds [256]charKind) {
	kinds[' '] = blankChar
	for _, c := range separators {
		if c < 0x80 {
			kinds[c] = separatorChar
		} else {
			kinds[string(c)[0]] = leadByte
		}
	}
	for _, c := range marks {
		kinds[c] = markChar
	}
	return kinds
}()

// wideSeparator returns the non-ASCII separator that s begins with and its
// length, or 0.
func wideSeparator(s string) (rune, int) {
	for _, c := range separators {
		if c >= 0x80 && strings.HasPrefix(s, string(c)) {
			return c, len(string(c))
		}
	}
	return 0, 0
}

func lowerASCII(s string) string {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
