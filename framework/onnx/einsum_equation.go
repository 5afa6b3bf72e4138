package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// ellipsis stands in a term for the axes that have no letter.
const ellipsis = -1

// equation is the equation of an Einsum: one list of labels for each operand and
// for the result. Labels are letters or ellipsis.
type equation struct {
	terms  [][]int
	output []int
}

// parseEquation reads "term,term->term"; blanks do not count.
func parseEquation(s string) (equation, error) {
	left, right, stated := strings.Cut(strings.ReplaceAll(s, " ", ""), "->")
	eq := equation{}
	for _, term := range strings.Split(left, ",") {
		labels, err := parseTerm(term)
		if err != nil {
			return eq, err
		}
		eq.terms = append(eq.terms, labels)
	}
	if !stated {
		eq.output = eq.implicit()
		return eq, nil
	}
	var err error
	if eq.output, err = parseTerm(right); err != nil {
		return eq, err
	}
	for i, label := range eq.output {
		if slices.Contains(eq.output[:i], label) {
			return eq, fmt.Errorf("the result %q repeats a label", right)
		}
		if label != ellipsis && !slices.Contains(slices.Concat(eq.terms...), label) {
			return eq, fmt.Errorf("the result %q has a label that no operand has", right)
		}
	}
	return eq, nil
}

func parseTerm(s string) (labels []int, err error) {
	for len(s) > 0 {
		if rest, ok := strings.CutPrefix(s, "..."); ok {
			if slices.Contains(labels, ellipsis) {
				return nil, errors.New("a term has two ellipses")
			}
			labels, s = append(labels, ellipsis), rest
			continue
		}
		c := s[0]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return nil, fmt.Errorf("%q is no label", c)
		}
		labels, s = append(labels, int(c)), s[1:]
	}
	return labels, nil
}

// implicit is the result where none is stated: the ellipsis, then the labels that
// occur once in alphabetic order.
func (eq equation) implicit() (out []int) {
	all := slices.Concat(eq.terms...)
	slices.Sort(all)
	for i, label := range all {
		switch {
		case label == ellipsis && i == 0:
			out = append(out, label)
		case label != ellipsis && (i == 0 || all[i-1] != label) && (i+1 == len(all) || all[i+1] != label):
			out = append(out, label)
		}
	}
	return out
}

// maxLabels bounds the axes of one operand.
const maxLabels = 64

// resolve puts labels of their own in place of each ellipsis, aligned at the
// last axis: 'z'+1 is the last.
func (eq equation) resolve(in []*tensor.Tensor) (terms [][]int, output []int, err error) {
	wide := 0
	fill := func(term []int, n int) []int {
		at := slices.Index(term, ellipsis)
		if at < 0 {
			return term
		}
		var dots []int
		for i := range n {
			dots = append(dots, 'z'+n-i)
		}
		return slices.Concat(term[:at], dots, term[at+1:])
	}
	for i, t := range in {
		term := eq.terms[i]
		dots := t.Rank() - len(term)
		if slices.Contains(term, ellipsis) {
			dots++
		} else if dots != 0 {
			dots = -1
		}
		if dots < 0 || t.Rank() > maxLabels {
			return nil, nil, fmt.Errorf("operand %d, %v, does not suit a term of %d labels", i, t, len(term))
		}
		wide = max(wide, dots)
		terms = append(terms, fill(term, dots))
	}
	return terms, fill(eq.output, wide), nil
}
