package main

import (
	"os"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// read numbers the characters of a file in the order of its vocabulary.
func read(path string) (ids []int64, vocab []rune, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	text := []rune(string(raw))
	vocab = slices.Compact(slices.Sorted(slices.Values(text)))
	ids = make([]int64, len(text))
	for i, c := range text {
		n, _ := slices.BinarySearch(vocab, c)
		ids[i] = int64(n)
	}
	return ids, vocab, nil
}

// windows lists where the text can be cut into windows that do not overlap.
func windows(ids []int64, length int) (at []int) {
	for i := 0; i+length < len(ids); i += length {
		at = append(at, i)
	}
	return at
}

// pick returns the characters of windows and those that follow each.
func pick(ids []int64, at []int) (x, y *tensor.Tensor) {
	x, y = tensor.New(tensor.Int64, len(at), *context), tensor.New(tensor.Int64, len(at), *context)
	for i, a := range at {
		copy(x.Int64s()[i**context:], ids[a:a+*context])
		copy(y.Int64s()[i**context:], ids[a+1:a+1+*context])
	}
	return x, y
}
