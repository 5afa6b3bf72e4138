package llama

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

func FuzzReadCheckpoint(f *testing.F) {
	seed := func(floats int, header ...int32) {
		b, _ := binary.Append(nil, binary.LittleEndian, header)
		f.Add(append(b, make([]byte, 4*floats)...))
	}
	seed(3*2+1*(2+2+4*4+3*2*2)+2+2*2, 2, 2, 1, 1, 1, 3, 2)
	seed(0, 1<<20, 1<<20, 1<<12, 1, 1, 1<<20, 1<<20)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ReadCheckpoint(bytes.NewReader(raw), int64(len(raw)))
		if (m == nil) == (err == nil) || err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("model %v, error %v", m, err)
		}
	})
}

func FuzzTokenizer(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'a', 0, 0, 0, 0, 1, 0, 0, 0, ' ', 0, 0, 0, 0, 2, 0, 0, 0, ' ', 'a'}, "aa")
	f.Add([]byte{}, "\xff")
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		tok, err := ReadTokenizer(bytes.NewReader(raw), 3)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Error(err)
			}
			return
		}
		tokens := tok.Encode(text)
		for _, id := range tokens {
			if id < 0 || id >= tok.Len() {
				t.Fatalf("token %d of %d", id, tok.Len())
			}
		}
		tok.Text(append(tokens, -1, 99))
	})
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"model_type":"llama","hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":3,"max_position_embeddings":4}`))
	f.Add([]byte(`{"num_attention_heads":-1,"eos_token_id":[1,2]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, _, err := parseConfig(raw); (m == nil) == (err == nil) {
			t.Errorf("model %v, error %v", m, err)
		}
		shards(raw)
	})
}
