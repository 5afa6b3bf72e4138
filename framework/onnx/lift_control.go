package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func init() { lifters["If"], lifters["Loop"], lifters["Scan"] = liftIf, liftLoop, liftScan }

// maxUnrolled bounds the rounds of a loop that are traced.
const maxUnrolled = 4096

// body traces a sub-graph on args; its captures follow them.
func (c *lifting) body(p *program, args, captures []*lifted) ([]*lifted, error) {
	if c.depth >= maxCalls {
		return nil, noForm("graphs are nested deeper than %d", maxCalls)
	}
	inner := &lifter{g: c.g, values: map[int]*lifted{}, depth: c.depth + 1, train: c.train, freeze: c.freeze}
	return inner.program(p, slices.Concat(args, captures))
}

// liftIf traces the branch that a known condition chooses.
func liftIf(c *lifting) error {
	if c.in[0].fixed == nil {
		return noForm("its condition depends on values")
	}
	yes, err := truth(TensorValue(c.in[0].fixed))
	if err != nil {
		return err
	}
	branch, captures := c.call.bodies[0], c.in[1:]
	if split := len(branch.inputs); yes {
		captures = captures[:split]
	} else {
		branch, captures = c.call.bodies[1], captures[split:]
	}
	outs, err := c.body(branch, nil, captures)
	if err != nil {
		return err
	}
	return c.putAll(outs)
}

func (c *lifting) putAll(outs []*lifted) error {
	for i, v := range outs {
		if v == nil {
			continue
		}
		if err := c.put(i, v); err != nil {
			return err
		}
	}
	return nil
}

// liftLoop unrolls a loop whose rounds are known.
func liftLoop(c *lifting) error {
	body, own := c.call.bodies[0], len(c.call.node.Inputs)
	limit := int64(maxUnrolled + 1)
	if c.has(0) {
		if c.in[0].fixed == nil {
			return noForm("its trip count depends on values or symbolic sizes")
		}
		n, err := scalarInt(TensorValue(c.in[0].fixed))
		if err != nil {
			return err
		}
		limit = n
	}
	cond := &lifted{fixed: tensor.Scalar(true)}
	if c.has(1) {
		cond = c.in[1]
	}
	state := slices.Clone(c.in[2:own])
	var gathered [][]*lifted
	for round := int64(0); round < limit; round++ {
		if cond.fixed == nil {
			return noForm("its condition depends on values")
		}
		if going, err := truth(TensorValue(cond.fixed)); err != nil {
			return err
		} else if !going {
			break
		}
		if round >= maxUnrolled {
			return noForm("it has more than %d rounds", maxUnrolled)
		}
		args := slices.Concat([]*lifted{c.known(tensor.Scalar(round)), c.known(tensor.Scalar(true))}, state)
		outs, err := c.body(body, args, c.in[own:])
		if err != nil {
			return err
		}
		cond = outs[0]
		copy(state, outs[1:])
		gathered = append(gathered, outs[1+len(state):])
	}
	scans, err := c.stacked(gathered, len(body.outputs)-1-len(state), nil, nil)
	if err != nil {
		return err
	}
	return c.putAll(append(state, scans...))
}

// stacked joins what the rounds gave along new axes, 0 where axes is nil.
func (c *lifting) stacked(rounds [][]*lifted, n int, axes, turns []int64) ([]*lifted, error) {
	out := make([]*lifted, n)
	for i := range out {
		if len(rounds) == 0 {
			return nil, noForm("no round gives output %d", i)
		}
		axis := 0
		var parts []*graph.Node
		for _, outs := range rounds {
			x := c.node(outs[i])
			if axes != nil {
				var err error
				if axis, err = axisOf(axes[i], x.Rank()+1); err != nil {
					return nil, err
				}
			}
			parts = append(parts, graph.Unsqueeze(x, axis))
		}
		if turns != nil && turns[i] != 0 {
			slices.Reverse(parts)
		}
		out[i] = &lifted{plain: graph.Concat(axis, parts...)}
	}
	return out, nil
}

// liftScan unrolls a scan over axes of known length.
func liftScan(c *lifting) error {
	if c.call.version < 9 {
		return errLift
	}
	body, own, ins := c.call.bodies[0], len(c.call.node.Inputs), int(c.call.int("num_scan_inputs", 0))
	states := own - ins
	axes, turns := c.perValue("scan_input_axes", ins), c.perValue("scan_input_directions", ins)
	outs := len(body.outputs) - states
	state, rounds := slices.Clone(c.in[:states]), -1
	for i, v := range c.in[states:own] {
		a, err := axisOf(axes[i], v.rank())
		if err != nil {
			return err
		}
		n, ok := v.shape()[a].Known()
		if !ok || n > maxUnrolled {
			return noForm("it scans %v along axis %d", v.shape(), a)
		}
		axes[i], rounds = int64(a), n
	}
	var gathered [][]*lifted
	for round := range rounds {
		args := slices.Clone(state)
		for i, v := range c.in[states:own] {
			at := round
			if turns[i] != 0 {
				at = rounds - 1 - round
			}
			a := int(axes[i])
			args = append(args, &lifted{plain: graph.Squeeze(graph.Slice(c.node(v), a, at, at+1), a)})
		}
		got, err := c.body(body, args, c.in[own:])
		if err != nil {
			return err
		}
		copy(state, got)
		gathered = append(gathered, got[states:])
	}
	scans, err := c.stacked(gathered, outs, c.perValue("scan_output_axes", outs), c.perValue("scan_output_directions", outs))
	if err != nil {
		return err
	}
	return c.putAll(append(state, scans...))
}

// perValue reads a list of n entries; left out, all are 0.
func (c *lifting) perValue(name string, n int) []int64 {
	v := slices.Clone(c.call.ints(name))
	for len(v) < n {
		v = append(v, 0)
	}
	return v
}
