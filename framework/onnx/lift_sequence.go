package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() {
	for name, f := range map[string]func(*lifting) error{
		"SequenceConstruct": func(c *lifting) error {
			return c.putList(slices.DeleteFunc(c.in, func(v *lifted) bool { return v == nil }))
		},
		"SequenceEmpty":  func(c *lifting) error { return c.putList(nil) },
		"SequenceInsert": liftSequenceInsert, "SequenceAt": liftSequenceAt, "SequenceErase": liftSequenceErase,
		"SequenceLength": func(c *lifting) error {
			return c.put(0, c.known(tensor.Scalar(int64(len(c.in[0].list.items)))))
		},
		"SplitToSequence": liftSplitToSequence, "ConcatFromSequence": liftConcatFromSequence, "SequenceMap": liftSequenceMap,
		"Optional": liftOptional, "OptionalGetElement": liftOptional,
		"OptionalHasElement": func(c *lifting) error { return c.put(0, c.known(tensor.Scalar(c.has(0)))) },
	} {
		lifters[name], forTraining[name] = f, true
	}
}

// liftedList is a sequence while it is traced.
type liftedList struct{ items []*lifted }

func (c *lifting) putList(items []*lifted) error {
	return c.put(0, &lifted{list: &liftedList{slices.Clone(items)}})
}

// position reads an index into a list of n; without one it is def.
func (c *lifting) position(i, n, def int) (int, error) {
	if !c.has(i) {
		return def, nil
	}
	if c.in[i].fixed == nil {
		return 0, noForm("a position in a sequence depends on values")
	}
	at, err := scalarInt(TensorValue(c.in[i].fixed))
	if err != nil {
		return 0, err
	}
	if at < 0 {
		at += int64(n)
	}
	if at < 0 || at > int64(n) {
		return 0, noForm("position %d of a sequence of %d", at, n)
	}
	return int(at), nil
}

func liftSequenceInsert(c *lifting) error {
	items := c.in[0].list.items
	at, err := c.position(2, len(items), len(items))
	if err != nil {
		return err
	}
	return c.putList(slices.Insert(slices.Clone(items), at, c.in[1]))
}

func liftSequenceAt(c *lifting) error {
	items := c.in[0].list.items
	at, err := c.position(1, len(items), 0)
	if err != nil || at == len(items) {
		return noForm("there is no such item of %d", len(items))
	}
	return c.put(0, items[at])
}

func liftSequenceErase(c *lifting) error {
	items := c.in[0].list.items
	at, err := c.position(1, len(items), len(items)-1)
	if err != nil || at >= len(items) {
		return noForm("there is no such item of %d", len(items))
	}
	return c.putList(slices.Delete(slices.Clone(items), at, at+1))
}

func liftSplitToSequence(c *lifting) error {
	x := c.arg(0)
	axis, err := axisOf(c.call.int("axis", 0), x.Rank())
	if err != nil {
		return err
	}
	n, ok := x.Dim(axis).Known()
	if !ok || n > maxUnrolled {
		return noForm("a split of %v", x.Dim(axis))
	}
	lens := slices.Repeat([]int{1}, n)
	if c.has(1) {
		given, err := c.vals(1)
		if err != nil {
			return err
		}
		if lens = convert[int](given); c.in[1].rank() == 0 {
			each := lens[0]
			if each < 1 {
				return noForm("parts of %d", each)
			}
			lens = slices.Repeat([]int{each}, n/each)
			if n%each > 0 {
				lens = append(lens, n%each)
			}
		}
	}
	var items []*lifted
	for _, part := range graph.Split(x, axis, lens...) {
		if !c.has(1) && !c.call.flag("keepdims", true) {
			part = graph.Squeeze(part, axis)
		}
		items = append(items, &lifted{plain: part})
	}
	return c.putList(items)
}

func liftConcatFromSequence(c *lifting) error {
	if c.in[0].list == nil || len(c.in[0].list.items) == 0 {
		return errLift
	}
	fresh := c.call.flag("new_axis", false)
	var parts []*graph.Node
	for _, v := range c.in[0].list.items {
		parts = append(parts, c.node(v))
	}
	rank := parts[0].Rank()
	if fresh {
		rank++
	}
	axis, err := axisOf(c.call.int("axis", 0), rank)
	if err != nil {
		return err
	}
	if fresh {
		return c.set(graph.Stack(axis, parts...))
	}
	return c.set(graph.Concat(axis, parts...))
}

// liftSequenceMap traces the body for each item of the first sequence; other
// sequences go along with it.
func liftSequenceMap(c *lifting) error {
	own := len(c.call.node.Inputs)
	if c.in[0] == nil || c.in[0].list == nil {
		return errLift
	}
	made := make([][]*lifted, len(c.st.outs))
	for at := range c.in[0].list.items {
		args := slices.Clone(c.in[:own])
		for i, v := range args {
			if v == nil || v.list == nil {
				continue
			}
			if at >= len(v.list.items) {
				return noForm("input %d has %d items", i, len(v.list.items))
			}
			args[i] = v.list.items[at]
		}
		outs, err := c.body(c.call.bodies[0], args, c.in[own:])
		if err != nil {
			return err
		}
		for i := range made {
			made[i] = append(made[i], outs[i])
		}
	}
	for i, items := range made {
		if err := c.put(i, &lifted{list: &liftedList{items}}); err != nil {
			return err
		}
	}
	return nil
}

// liftOptional takes an optional for what it holds.
func liftOptional(c *lifting) error {
	if !c.has(0) {
		return noForm("an optional that holds nothing")
	}
	return c.put(0, c.in[0])
}
