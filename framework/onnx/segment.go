package onnx

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// segment is a group of steps that runs on the device as one compiled graph.
// Plans are made for concrete shapes when first needed. Shapes for which the
// graph cannot express a step run on the host.
type segment struct {
	dev    chip.Device
	steps  []step
	consts []*tensor.Tensor // of the program, by slot
	ins    []int            // slots read from outside
	byVal  []bool           // by input: its elements, not its shape alone, decide the plan
	outs   []int            // slots read outside
	denied map[*call]bool   // steps that shall run on the host

	mu    sync.Mutex
	plans []*segmentPlan // most recently used first
}

// segmentPlan is a compiled segment, or what takes its place.
type segmentPlan struct {
	key   string
	exec  *graph.Executable
	feeds []int                  // positions among the segment's inputs
	fixed map[int]*tensor.Tensor // outputs that follow from the shapes, by position
	why   error                  // why the graph cannot have all of it
	rest  *program               // with why: the steps, those that the graph cannot have on the host
	parts []*segment             // of rest
}

// maxPlans bounds the shapes that a segment keeps compiled.
const maxPlans = 24

// key describes the inputs as far as a plan depends on them.
func (s *segment) key(in []*tensor.Tensor) string {
	var b strings.Builder
	for i, t := range in {
		fmt.Fprint(&b, t.Shape())
		if s.byVal[i] {
			fmt.Fprint(&b, t.Data())
		}
	}
	return b.String()
}

func (s *segment) plan(in []*tensor.Tensor) *segmentPlan {
	key := s.key(in)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.plans {
		if p.key == key {
			copy(s.plans[1:i+1], s.plans[:i])
			s.plans[0] = p
			return p
		}
	}
	p := s.build(in)
	p.key = key
	if len(s.plans) >= maxPlans {
		s.plans[len(s.plans)-1].close()
		s.plans = s.plans[:len(s.plans)-1]
	}
	s.plans = slices.Insert(s.plans, 0, p)
	return p
}

func (p *segmentPlan) close() {
	for _, s := range p.parts {
		s.close()
	}
	if p.exec != nil {
		p.exec.Close()
	}
}

func (s *segment) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.plans {
		p.close()
	}
	s.plans = nil
}

// run is the segment's kernel.
func (s *segment) run(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	in = slices.Clone(in)
	p := s.plan(in)
	if p.rest != nil {
		outs, err := p.rest.run(ctx, tensorValues(in))
		if err != nil {
			return nil, err
		}
		return tensorsOf(outs)
	}
	out := make([]*tensor.Tensor, len(s.outs))
	for i, t := range p.fixed {
		out[i] = t
	}
	if p.exec == nil {
		return out, nil
	}
	feeds := make([]*tensor.Tensor, len(p.feeds))
	for i, at := range p.feeds {
		feeds[i] = in[at]
	}
	run := p.exec.Run
	if r := recorderOf(ctx); r != nil {
		run = func(in ...*tensor.Tensor) ([]*tensor.Tensor, error) { return r.device(p.exec, in) }
	}
	got, err := run(feeds...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i] == nil {
			out[i], got = got[0], got[1:]
		}
	}
	return out, nil
}

// build traces and compiles the steps for the shapes of in.
func (s *segment) build(in []*tensor.Tensor) *segmentPlan {
	p := &segmentPlan{fixed: map[int]*tensor.Tensor{}}
	var failed error
	at := 0
	err := graph.Trace(func() { failed = s.trace(p, in, &at) })
	if err == nil {
		err = failed
	}
	if err == nil {
		return p
	}
	return s.without(at, in, err)
}

// without plans the segment with step i on the host, or all of it when no step
// is to blame.
func (s *segment) without(i int, in []*tensor.Tensor, why error) *segmentPlan {
	p := &segmentPlan{why: why, rest: &program{name: "segment", consts: s.consts, inputs: s.ins, outputs: s.outs, steps: slices.Clone(s.steps)}}
	if i < len(s.steps) {
		n := s.steps[i].call.node
		p.why = fmt.Errorf("node %q (%s): %w", nodeName(n), operatorName(n), why)
		denied := maps.Clone(s.denied)
		denied[s.steps[i].call] = true
		types := make([]tensor.DType, len(in))
		for i, t := range in {
			types[i] = t.DType()
		}
		p.parts = p.rest.partition(s.dev, types, denied)
	}
	p.rest.seal()
	return p
}

// trace records in at the step that it is at.
func (s *segment) trace(p *segmentPlan, in []*tensor.Tensor, at *int) error {
	l := &lifter{g: graph.New(graph.Inference), values: map[int]*lifted{}}
	program := graph.Program{Plans: 1}
	for i, slot := range s.ins {
		if s.byVal[i] {
			l.values[slot] = l.known(in[i])
			continue
		}
		n := l.g.Input(fmt.Sprintf("v%d", slot), in[i].DType(), graph.Ints(in[i].Shape()...)...)
		program.Inputs = append(program.Inputs, n)
		p.feeds = append(p.feeds, i)
		l.values[slot] = &lifted{plain: n}
	}
	for i, t := range s.consts {
		if t != nil {
			l.values[i] = l.known(t)
		}
	}
	for *at = range s.steps {
		if err := l.step(&s.steps[*at]); err != nil {
			return err
		}
	}
	*at = len(s.steps)
	for i, slot := range s.outs {
		if v := l.values[slot]; v.fixed != nil {
			p.fixed[i] = v.fixed
		} else {
			program.Outputs = append(program.Outputs, l.node(v))
		}
	}
	if len(program.Outputs) == 0 {
		return nil
	}
	var err error
	p.exec, err = graph.Compile(s.dev, program)
	return err
}
