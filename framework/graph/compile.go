package graph

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/chip"
)

// Program says what to compile: the nodes that Run is given and those it
// returns. The graph's assignments are part of every program. Outputs may be
// empty when Inputs or assignments tell the graph.
type Program struct {
	Inputs  []*Node
	Outputs []*Node
	Graph   *Graph // only needed when Inputs and Outputs are empty
	Plans   int    // concrete shapes whose plans are kept; 0 means 16

	// Memory is how many bytes the temporary memory of one plan may take (see
	// Stats.Arena); values are computed again rather than kept until it fits,
	// which changes no result. 0 means no limit. What cannot fit is an error.
	Memory int64

	// Precision is in what types the program computes; see MixedPrecision.
	Precision Precision

	// CheckNumbers makes a run whose outputs or assigned variables hold a NaN or
	// Inf fail with a *NumberError that names the operator which made it. Such a
	// run changes no variable, the step counter included. Every run then copies
	// the assigned variables and reads all results; without it nothing is paid.
	CheckNumbers bool
}

func (p Program) graph() *Graph {
	for _, n := range slices.Concat(p.Outputs, p.Inputs) {
		if n != nil {
			return n.Graph()
		}
	}
	return p.Graph
}

// Compile prepares a program for a device. Plans for concrete shapes are made
// when first needed and kept in a bounded cache; a program without symbols is
// planned at once. Run reports what goes wrong for particular shapes.
func Compile(dev chip.Device, program Program) (exec *Executable, err error) {
	defer recoverShape(&err)
	g := program.graph()
	if g == nil {
		return nil, fmt.Errorf("compile: the program has no inputs, outputs or graph")
	}
	return compile(dev, g, program, program.passes())
}

// compile makes the executable whose plans go through passes.
func compile(dev chip.Device, g *Graph, program Program, passes passes) (*Executable, error) {
	if err := check(g, program); err != nil {
		return nil, err
	}
	snapshot := *g // so that what is added later stays out of plans made later
	e := &Executable{device: dev, graph: &snapshot, inputs: slices.Clone(program.Inputs), outputs: slices.Clone(program.Outputs), limit: program.Plans, passes: passes, checked: program.CheckNumbers}
	if e.limit <= 0 {
		e.limit = 16
	}
	e.dims = make([][]int, len(e.inputs))
	if shapes, ok := e.constantShapes(); ok {
		if _, err := e.plan(shapes); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// check reports inputs and outputs that do not fit the graph.
func check(g *Graph, program Program) error {
	seen := map[*Node]bool{}
	for i, n := range slices.Concat(program.Inputs, program.Outputs) {
		if n == nil {
			return fmt.Errorf("compile: node %d of the program's inputs and outputs is nil", i+1)
		}
	}
	for _, n := range program.Inputs {
		if _, ok := n.Op().Attrs.(InputAttrs); !ok || !g.holds(n) || seen[n] {
			return fmt.Errorf("compile: %v is not an input of the program's graph, or is given twice", n)
		}
		seen[n] = true
	}
	for _, n := range program.Outputs {
		if !g.holds(n) {
			return fmt.Errorf("compile: output %v belongs to another graph", n)
		}
	}
	for _, c := range reachable(g, program.Outputs) {
		if a, ok := c.attrs.(InputAttrs); ok && !seen[c.out[0]] {
			return fmt.Errorf("compile: the program needs the input %q, which is not among its inputs", a.Name)
		}
	}
	return nil
}

// holds reports whether n is a node of g.
func (g *Graph) holds(n *Node) bool { return n.id < len(g.nodes) && g.nodes[n.id] == n }

func (e *Executable) constantShapes() (shapes [][]int, ok bool) {
	shapes = make([][]int, len(e.inputs))
	for i, n := range e.inputs {
		if shapes[i], ok = n.shape.Known(); !ok {
			return nil, false
		}
	}
	return shapes, true
}

// bind learns the symbols' values from the inputs' shapes.
func (e *Executable) bind(shapes [][]int) (map[string]int, error) {
	symbols := map[string]int{}
	for i, n := range e.inputs {
		if len(shapes[i]) != n.Rank() {
			return nil, e.mismatch(i, shapes[i])
		}
		for j, d := range n.shape {
			if name, ok := d.Name(); ok {
				if old, bound := symbols[name]; bound && old != shapes[i][j] {
					return nil, fmt.Errorf("run: dimension %s is %d in one input and %d in input %q", name, old, shapes[i][j], e.inputName(i))
				}
				symbols[name] = shapes[i][j]
			}
		}
	}
	for i, n := range e.inputs {
		dims, err := n.shape.Eval(symbols)
		if err != nil || !slices.Equal(dims, shapes[i]) {
			return nil, e.mismatch(i, shapes[i])
		}
	}
	return symbols, nil
}

func (e *Executable) mismatch(i int, shape []int) error {
	return fmt.Errorf("run: input %q has shape %v, not %v", e.inputName(i), shape, e.inputs[i].shape)
}

func (e *Executable) inputName(i int) string { return e.inputs[i].Op().Attrs.(InputAttrs).Name }

// plan specialises the program for concrete input shapes.
func (e *Executable) plan(shapes [][]int) (_ *specialised, err error) {
	defer recoverShape(&err)
	symbols, err := e.bind(shapes)
	if err != nil {
		return nil, err
	}
	p := lower(e.graph, e.inputs, e.outputs, symbols)
	types := make([]typed, len(p.outputs))
	for i, v := range p.outputs {
		types[i] = p.typeOf(v)
	}
	if err := e.passes(e.device, p); err != nil {
		return nil, err
	}
	code, err := assemble(e.device, p)
	if err != nil {
		return nil, err
	}
	code.Inputs = slots(e.inputs, func(i int) typed { return typed{e.inputs[i].dtype, shapes[i]} })
	code.Outputs = slots(e.outputs, func(i int) typed { return types[i] })
	for _, v := range p.vars {
		code.Variables = append(code.Variables, chip.Slot{Name: v.name, DType: v.dtype, Shape: v.shape})
	}
	return e.load(code, p)
}

func slots(nodes []*Node, typ func(i int) typed) []chip.Slot {
	list := make([]chip.Slot, len(nodes))
	for i, n := range nodes {
		t := typ(i)
		list[i] = chip.Slot{Name: n.String(), DType: t.dtype, Shape: slices.Clone(t.shape)}
	}
	return list
}
