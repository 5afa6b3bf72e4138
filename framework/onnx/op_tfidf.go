package onnx

import (
	"encoding/binary"
	"fmt"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{"TfIdfVectorizer": {1, 1, compileTfIdf}})

// grams finds n-grams of token ids. Unigrams are looked up in an array, bigrams
// by both ids in one word, longer ones by their bytes.
type grams struct {
	minN, maxN, skip int
	columns          int
	one              []int32 // column by token id, -1 for none
	two              map[uint64]int32
	more             map[string]int32
}

// compileTfIdf counts the n-grams of each row. An n-gram takes tokens at equal
// distances 1 to max_skip_count+1; unigrams count once.
func compileTfIdf(n *call) kernel {
	g := &grams{
		minN: int(n.int("min_gram_length", 1)), maxN: int(n.int("max_gram_length", 1)), skip: int(n.int("max_skip_count", 0)),
		two: make(map[uint64]int32, len(n.ints("ngram_indexes"))/2), more: map[string]int32{},
	}
	if g.minN < 1 || g.maxN < g.minN || g.maxN > 64 || g.skip < 0 || g.skip > 1<<20 {
		n.fail("gram lengths %d to %d with skip %d are not supported", g.minN, g.maxN, g.skip)
		return nil
	}
	mode := n.choice("mode", "TF", "IDF", "TFIDF")
	words, numbers := n.strs("pool_strings"), n.ints("pool_int64s")
	ids, tokens := make(map[string]int32, len(words)/2), make(map[int64]int32, len(numbers)/2)
	var pool []int32
	for _, s := range words {
		if _, ok := ids[s]; !ok {
			ids[s] = int32(len(ids))
		}
		pool = append(pool, ids[s])
	}
	for _, v := range numbers {
		if _, ok := tokens[v]; !ok {
			tokens[v] = int32(len(tokens))
		}
		pool = append(pool, tokens[v])
	}
	columns := n.ints("ngram_indexes")
	if err := g.index(pool, max(len(ids), len(tokens)), n.ints("ngram_counts"), columns); err != nil {
		n.fail("%v", err)
		return nil
	}
	weights := n.floats("weights")
	if weights != nil && len(weights) != len(columns) {
		n.fail("%d weights for %d n-grams", len(weights), len(columns))
	}
	weights = g.byColumn(weights, columns)
	threads := n.threads
	return host(func(in []*tensor.Tensor) (*tensor.Tensor, error) {
		x := in[0]
		rows, width := 1, x.Len()
		shape := []int{g.columns}
		switch x.Rank() {
		case 1:
		case 2:
			rows, width = x.Shape()[0], x.Shape()[1]
			shape = []int{rows, g.columns}
		default:
			return nil, fmt.Errorf("want tokens [C] or [N,C], got %v", x)
		}
		look, err := tokenIDs(x, ids, tokens)
		if err != nil {
			return nil, err
		}
		out, err := newTensor(tensor.Float32, shape...)
		if err != nil {
			return nil, err
		}
		parallel(threads, rows, 4, func(lo, hi int) {
			buf := make([]int32, width)
			for r := lo; r < hi; r++ {
				look(buf, r*width)
				row := out.Float32s()[r*g.columns : (r+1)*g.columns]
				g.count(row, buf)
				weigh(row, weights, mode)
			}
		})
		return out, nil
	})
}

// tokenIDs returns a function that reads a row's tokens as ids, -1 for unknown.
func tokenIDs(x *tensor.Tensor, ids map[string]int32, tokens map[int64]int32) (func(dst []int32, from int), error) {
	switch d := x.Data().(type) {
	case []string:
		return func(dst []int32, from int) { idsOf(dst, d[from:], ids) }, nil
	case []int64:
		return func(dst []int32, from int) { idsOf(dst, d[from:], tokens) }, nil
	case []int32:
		wide := convert[int64](d)
		return func(dst []int32, from int) { idsOf(dst, wide[from:], tokens) }, nil
	}
	return nil, errType(x)
}

func idsOf[T comparable](dst []int32, src []T, ids map[T]int32) {
	for i := range dst {
		id, ok := ids[src[i]]
		if !ok {
			id = -1
		}
		dst[i] = id
	}
}

func (g *grams) index(pool []int32, vocabulary int, starts, columns []int64) error {
	g.one = make([]int32, vocabulary)
	for i := range g.one {
		g.one[i] = -1
	}
	at := 0
	for i, start := range starts {
		size, end := i+1, int64(len(pool))
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		if start < 0 || end < start || end > int64(len(pool)) || (end-start)%int64(size) != 0 {
			return fmt.Errorf("ngram_counts %v do not divide a pool of %d", starts, len(pool))
		}
		for p := int(start); p < int(end); p += size {
			if at >= len(columns) || columns[at] < 0 || columns[at] > maxOutput {
				return fmt.Errorf("ngram_indexes do not cover the pool")
			}
			column := int32(columns[at])
			g.columns = max(g.columns, int(column)+1)
			at++
			if size < g.minN || size > g.maxN {
				continue
			}
			switch gram := pool[p : p+size]; size {
			case 1:
				g.one[gram[0]] = column
			case 2:
				g.two[pair(gram[0], gram[1])] = column
			default:
				g.more[string(gramBytes(nil, gram, 1, size))] = column
			}
		}
	}
	return nil
}

func pair(a, b int32) uint64 { return uint64(uint32(a))<<32 | uint64(uint32(b)) }

// gramBytes appends size ids at distance step.
func gramBytes(b []byte, ids []int32, step, size int) []byte {
	for i := range size {
		b = binary.LittleEndian.AppendUint32(b, uint32(ids[i*step]))
	}
	return b
}

// count adds the n-grams of a row of ids to row.
func (g *grams) count(row []float32, ids []int32) {
	if g.minN == 1 {
		for _, id := range ids {
			if id >= 0 && g.one[id] >= 0 {
				row[g.one[id]]++
			}
		}
	}
	var key []byte
	for step := 1; step <= g.skip+1; step++ {
		if g.minN <= 2 && g.maxN >= 2 {
			for i := 0; i+step < len(ids); i++ {
				if ids[i] < 0 || ids[i+step] < 0 {
					continue
				}
				if c, ok := g.two[pair(ids[i], ids[i+step])]; ok {
					row[c]++
				}
			}
		}
		for size := max(g.minN, 3); size <= g.maxN; size++ {
			for i := 0; i+(size-1)*step < len(ids); i++ {
				key = gramBytes(key[:0], ids[i:], step, size)
				if c, ok := g.more[string(key)]; ok {
					row[c]++
				}
			}
		}
	}
}

// byColumn brings the weights, one for each n-gram of the pool, to their columns.
func (g *grams) byColumn(weights []float32, columns []int64) []float32 {
	if len(weights) != len(columns) {
		return nil
	}
	out := make([]float32, g.columns)
	for i, c := range columns {
		if c >= 0 && int(c) < len(out) {
			out[c] = weights[i]
		}
	}
	return out
}

func weigh(row, weights []float32, mode string) {
	if mode == "TF" {
		return
	}
	for i, v := range row {
		if v == 0 {
			continue
		}
		if mode == "IDF" {
			v = 1
		}
		if weights != nil {
			v *= weights[i]
		}
		row[i] = v
	}
}
