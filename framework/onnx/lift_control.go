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
			parts = append(parts, x)
		}
		if turns != nil && turns[i] != 0 {
			slices.Reverse(parts)
		}
		out[i] = &lifted{plain: graph.Stack(axis, parts...)}
	}
	return out, nil
}

// scanAxes are the axes and directions of a Scan.
type scanAxes struct{ in, inTurns, out, outTurns []int64 }

// liftScan unrolls a scan over axes of known length.
func liftScan(c *lifting) error {
	own, ins := len(c.call.node.Inputs), int(c.call.int("num_scan_inputs", 0))
	if c.call.version < 9 {
		return c.scanBatch(own, ins)
	}
	states := own - ins
	outs := len(c.call.bodies[0].outputs) - states
	a := scanAxes{c.perValue("scan_input_axes", ins), c.perValue("scan_input_directions", ins),
		c.perValue("scan_output_axes", outs), c.perValue("scan_output_directions", outs)}
	got, err := c.scan(a, c.in[:states], c.in[states:own], c.in[own:])
	if err != nil {
		return err
	}
	return c.putAll(got)
}

// scan traces all rounds and gives the last states and the scan outputs.
func (c *lifting) scan(a scanAxes, states, ins, captures []*lifted) ([]*lifted, error) {
	state, rounds := slices.Clone(states), -1
	axes := make([]int, len(ins))
	for i, v := range ins {
		axis, err := axisOf(a.in[i], v.rank())
		if err != nil {
			return nil, err
		}
		n, ok := v.shape()[axis].Known()
		if !ok || n > maxUnrolled {
			return nil, noForm("it scans %v along axis %d", v.shape(), axis)
		}
		axes[i], rounds = axis, n
	}
	var gathered [][]*lifted
	for round := range rounds {
		args := slices.Clone(state)
		for i, v := range ins {
			at := round
			if a.inTurns[i] != 0 {
				at = rounds - 1 - round
			}
			args = append(args, &lifted{plain: element(c.node(v), axes[i], at)})
		}
		got, err := c.body(c.call.bodies[0], args, captures)
		if err != nil {
			return nil, err
		}
		copy(state, got)
		gathered = append(gathered, got[len(states):])
	}
	scans, err := c.stacked(gathered, len(a.out), a.out, a.outTurns)
	if err != nil {
		return nil, err
	}
	return append(state, scans...), nil
}

// scanBatch is the form of opset 8: the first input gives the lengths of the
// samples, which lie along the first axis of all values, the rounds along the
// second of those scanned. Scan outputs are zero behind a sample's length.
func (c *lifting) scanBatch(own, ins int) error {
	states := own - 1 - ins
	outs := len(c.call.bodies[0].outputs) - states
	if states < 0 || ins < 1 || outs < 0 || slices.Contains(c.in[1:own], nil) {
		return errLift
	}
	shape := c.in[own-1].shape()
	if len(shape) < 2 {
		return errLift
	}
	sizes, ok := shape[:2].Known()
	if !ok || sizes[0] < 1 || sizes[0]*sizes[1] > maxUnrolled {
		return noForm("it scans %v", shape)
	}
	var given Value
	if c.has(0) {
		if c.in[0].fixed == nil {
			return noForm("its lengths depend on values")
		}
		given = TensorValue(c.in[0].fixed)
	}
	a := scanAxes{make([]int64, ins), c.perValue("directions", ins), make([]int64, outs), make([]int64, outs)}
	lengths, err := batchLengths(given, sizes[0], sizes[1])
	if err != nil {
		return err
	}
	made := make([][]*graph.Node, states+outs)
	for b, length := range lengths {
		sample := make([]*lifted, own-1)
		for i, v := range c.in[1:own] {
			x := element(c.node(v), 0, b)
			if i >= states {
				x = graph.Slice(x, 0, 0, length)
			}
			sample[i] = &lifted{plain: x}
		}
		got, err := c.scan(a, sample[:states], sample[states:], c.in[own:])
		if err != nil {
			return err
		}
		for i, v := range got {
			x := c.node(v)
			if i >= states {
				after := make([]int, x.Rank())
				after[0] = sizes[1] - length
				x = graph.Pad(x, make([]int, x.Rank()), after, 0)
			}
			made[i] = append(made[i], x)
		}
	}
	for i, parts := range made {
		if err := c.put(i, &lifted{plain: graph.Stack(0, parts...)}); err != nil {
			return err
		}
	}
	return nil
}

// perValue reads a list of n entries; left out, all are 0.
func (c *lifting) perValue(name string, n int) []int64 {
	v := slices.Clone(c.call.ints(name))
	for len(v) < n {
		v = append(v, 0)
	}
	return v
}
