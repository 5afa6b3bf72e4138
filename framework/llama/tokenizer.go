package llama

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Tokenizer cuts text into the tokens of a vocabulary by byte-pair encoding with
// scores. Source: Kudo and Richardson 2018, arXiv:1808.06226 (SentencePiece).
type Tokenizer struct {
	pieces []string
	scores []float32
	ids    map[string]int
}

// The tokens that every vocabulary begins with; those of single bytes follow.
const (
	unknown   = 0
	bos       = 1
	firstByte = 3
)

// maxPiece bounds the length of a token.
const maxPiece = 1 << 10

// ReadTokenizer reads a vocabulary of n tokens as llama2.c writes it: an int32,
// the length of the longest, then for each token a float32 score, an int32 length
// and its bytes.
func ReadTokenizer(r io.Reader, n int) (*Tokenizer, error) {
	if n < firstByte || n > maxSize {
		return nil, fmt.Errorf("%w: a vocabulary of %d tokens", ErrFormat, n)
	}
	var longest int32
	if err := binary.Read(r, binary.LittleEndian, &longest); err != nil {
		return nil, fmt.Errorf("%w: vocabulary: %w", ErrFormat, err)
	}
	if longest < 0 || longest > maxPiece {
		return nil, fmt.Errorf("%w: a token of %d bytes", ErrFormat, longest)
	}
	t := &Tokenizer{ids: map[string]int{}}
	for i := range n {
		var head struct {
			Score  float32
			Length int32
		}
		if err := binary.Read(r, binary.LittleEndian, &head); err != nil {
			return nil, fmt.Errorf("%w: token %d: %w", ErrFormat, i, err)
		}
		if head.Length < 0 || head.Length > maxPiece {
			return nil, fmt.Errorf("%w: token %d has %d bytes", ErrFormat, i, head.Length)
		}
		piece := make([]byte, head.Length)
		if _, err := io.ReadFull(r, piece); err != nil {
			return nil, fmt.Errorf("%w: token %d: %w", ErrFormat, i, err)
		}
		t.pieces, t.scores = append(t.pieces, string(piece)), append(t.scores, head.Score)
		if _, taken := t.ids[string(piece)]; !taken {
			t.ids[string(piece)] = i
		}
	}
	return t, nil
}

// Len returns the number of tokens.
func (t *Tokenizer) Len() int { return len(t.pieces) }

// Encode returns the tokens of a text, without BOS: a space is put in front,
// characters that are no tokens become bytes, then the neighbours whose joint
// token has the best score merge until none is left.
func (t *Tokenizer) Encode(text string) []int {
	if text == "" {
		return nil
	}
	return t.merge(t.characters(" " + text))
}

// characters returns a token for each character, or for each of its bytes.
func (t *Tokenizer) characters(text string) (tokens []int) {
	for len(text) > 0 {
		n := 1
		for n < len(text) && n < 4 && text[n]&0xC0 == 0x80 { // bytes of one UTF-8 character
			n++
		}
		if id, ok := t.ids[text[:n]]; ok {
			tokens = append(tokens, id)
		} else {
			for _, b := range []byte(text[:n]) {
				id := firstByte + int(b)
				if id >= len(t.pieces) {
					id = unknown
				}
				tokens = append(tokens, id)
			}
		}
		text = text[n:]
	}
	return tokens
}

// Decode returns the text of a token behind another: a byte for a token such as
// "<0x0A>", and no leading space at the start of a text. A token that is not in
// the vocabulary has no text.
func (t *Tokenizer) Decode(previous, token int) string {
	if token < 0 || token >= len(t.pieces) {
		return ""
	}
	piece := t.pieces[token]
	if previous == bos {
		piece = strings.TrimPrefix(piece, " ")
	}
	if len(piece) == 6 && strings.HasPrefix(piece, "<0x") && piece[5] == '>' {
		if b, err := strconv.ParseUint(piece[3:5], 16, 8); err == nil {
			return string([]byte{byte(b)})
		}
	}
	return piece
}

// Text decodes the tokens that follow BOS.
func (t *Tokenizer) Text(tokens []int) string {
	var b strings.Builder
	previous := bos
	for _, token := range tokens {
		b.WriteString(t.Decode(previous, token))
		previous = token
	}
	return b.String()
}
