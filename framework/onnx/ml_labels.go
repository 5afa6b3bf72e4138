package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

// labels are the class names of a classifier, strings or numbers.
type labels struct {
	strings []string
	ints    []int64
}

func (n *call) labels() labels {
	l := labels{strings: n.strs("classlabels_strings"), ints: n.ints("classlabels_int64s")}
	if l.ints == nil {
		l.ints = n.ints("classlabels_ints")
	}
	if l.len() == 0 {
		n.fail("the class labels are missing")
	}
	return l
}

func (l labels) len() int { return max(len(l.strings), len(l.ints)) }

// tensor names the class of every row.
func (l labels) tensor(index []int) *tensor.Tensor {
	if len(l.strings) > 0 {
		out := make([]string, len(index))
		for i, c := range index {
			out[i] = l.strings[c]
		}
		return tensor.Of(out, len(out))
	}
	out := make([]int64, len(index))
	for i, c := range index {
		out[i] = l.ints[c]
	}
	return tensor.Of(out, len(out))
}

// argMax is the position of the first largest score.
func argMax(s []float32) int {
	at := 0
	for i, v := range s {
		if v > s[at] {
			at = i
		}
	}
	return at
}
