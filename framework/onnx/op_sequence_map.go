package onnx

import (
	"context"
	"fmt"
)

var _ = register(map[string]operator{"SequenceMap": {1, unlimited, overValues(compileSequenceMap)}})

func init() { resultTypes["SequenceMap"] = fixedTypes() }

// compileSequenceMap applies the body to the elements of the first input. Of
// further inputs that are sequences, of the same length, it takes the element at
// the same position; tensors go to every round as they are. Each output is the
// sequence of what the body makes.
func compileSequenceMap(n *call) valueKernel {
	body := n.body("body")
	if n.err != nil {
		return nil
	}
	own, declared := len(n.node.Inputs), n.find("body").G.Outputs
	if len(body.inputs) != own+len(n.captures) || len(body.outputs) != len(n.node.Outputs) {
		n.fail("the body has %d inputs and %d outputs, the node %d and %d", len(body.inputs)-len(n.captures), len(body.outputs), own, len(n.node.Outputs))
		return nil
	}
	return func(ctx context.Context, in []Value) ([]Value, error) {
		first, err := sequence(in[0])
		if err != nil {
			return nil, err
		}
		for i, v := range in[1:own] {
			if v.Kind() == SequenceKind && len(v.c.items) != len(first.items) {
				return nil, fmt.Errorf("input %d has %d elements, the first %d", i+1, len(v.c.items), len(first.items))
			}
		}
		made := make([][]Value, len(body.outputs))
		args := make([]Value, len(in))
		for at := range first.items {
			copy(args, in)
			for i, v := range in[:own] {
				if v.Kind() == SequenceKind {
					args[i] = v.c.items[at]
				}
			}
			outs, err := body.run(ctx, args)
			if err != nil {
				return nil, err
			}
			for i, v := range outs {
				made[i] = append(made[i], v)
			}
		}
		out := make([]Value, len(made))
		for i, items := range made {
			if out[i], err = newSequence(items); err != nil {
				return nil, fmt.Errorf("output %d: %w", i, err)
			}
			if len(items) == 0 {
				out[i].c.elem = declared[i].DType()
			}
		}
		return out, nil
	}
}
