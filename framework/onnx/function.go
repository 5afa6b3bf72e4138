package onnx

import "fmt"

// functions are a model's own operators while it is compiled. A call is replaced
// by the function's nodes under fresh names, so that what follows, such as the
// device's segments, sees operators alone.
type functions struct {
	byName map[string]*Function
	active map[string]bool // calls that are being replaced
	serial int
	nodes  int
}

// Limits of what functions may grow to: a chain of them that each call the next
// twice is exponential.
const (
	maxCalls    = 64 // functions within functions
	maxExpanded = 1 << 18
)

func functionName(domain, name, overload string) string {
	if domain == "ai.onnx" {
		domain = ""
	}
	return domain + "\x00" + name + "\x00" + overload
}

func newFunctions(list []*Function) (*functions, error) {
	fs := &functions{byName: map[string]*Function{}, active: map[string]bool{}}
	for _, f := range list {
		key := functionName(f.Domain, f.Name, f.Overload)
		if fs.byName[key] != nil {
			return nil, fmt.Errorf("onnx: function %q is defined twice", f.Name)
		}
		fs.byName[key] = f
	}
	return fs, nil
}

// addFunction compiles the nodes of f in place of the call n, in the operator
// sets of f.
func (s *scope) addFunction(n *Node, f *Function) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("onnx: node %q calls function %q: %w", nodeName(n), f.Name, err)
		}
	}()
	key := functionName(f.Domain, f.Name, f.Overload)
	switch fs := s.functions; {
	case fs.active[key]:
		return fmt.Errorf("the function calls itself")
	case len(fs.active) >= maxCalls:
		return fmt.Errorf("functions call each other deeper than %d", maxCalls)
	case len(n.Inputs) > len(f.Inputs) || len(n.Outputs) > len(f.Outputs):
		return fmt.Errorf("%d inputs and %d outputs for a function of %d and %d", len(n.Inputs), len(n.Outputs), len(f.Inputs), len(f.Outputs))
	}
	s.functions.active[key] = true
	defer delete(s.functions.active, key)
	opsets := s.opsets
	defer func() { s.opsets = opsets }()
	if len(f.Opsets) > 0 {
		if s.opsets, err = readOpsets(f.Opsets); err != nil {
			return err
		}
	}
	x := s.functions.expand(n, f)
	nodes, err := x.nodes(f.Nodes)
	if err != nil {
		return err
	}
	for _, inner := range append(nodes, x.echoes...) {
		if err := s.add(inner); err != nil {
			return err
		}
	}
	return nil
}

// expansion is one call while it is replaced.
type expansion struct {
	functions *functions
	call      *Node
	function  *Function
	prefix    string
	names     map[string]string // the function's inputs and outputs to the call's
	echoes    []*Node           // Identity for outputs that are inputs or other outputs
	open      bool              // names that are not in names are those of the graph around
}

func (fs *functions) expand(n *Node, f *Function) *expansion {
	fs.serial++
	x := &expansion{functions: fs, call: n, function: f, prefix: fmt.Sprintf("%s#%d/", f.Name, fs.serial), names: map[string]string{"": ""}}
	for i, name := range f.Inputs {
		x.names[name] = ""
		if i < len(n.Inputs) {
			x.names[name] = n.Inputs[i]
		}
	}
	for i, to := range n.Outputs {
		if from, taken := x.names[f.Outputs[i]]; taken && to != "" {
			x.echoes = append(x.echoes, &Node{OpType: "Identity", Inputs: []string{from}, Outputs: []string{to}})
		} else if to != "" {
			x.names[f.Outputs[i]] = to
		}
	}
	return x
}

func (x *expansion) name(name string) string {
	if to, ok := x.names[name]; ok {
		return to
	}
	if x.open {
		return name
	}
	return x.prefix + name
}

func (x *expansion) all(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = x.name(name)
	}
	return out
}

func (x *expansion) nodes(nodes []*Node) ([]*Node, error) {
	out := make([]*Node, len(nodes))
	for i, n := range nodes {
		if x.functions.nodes++; x.functions.nodes > maxExpanded {
			return nil, fmt.Errorf("the functions make more than %d nodes", maxExpanded)
		}
		c := *n
		c.Inputs, c.Outputs, c.Attributes = x.all(n.Inputs), x.all(n.Outputs), nil
		for _, a := range n.Attributes {
			a, err := x.attribute(a)
			if err != nil {
				return nil, err
			}
			if a != nil {
				c.Attributes = append(c.Attributes, a)
			}
		}
		out[i] = &c
	}
	return out, nil
}

// attribute renames what a graph reads and makes, and puts in place of a
// reference what the call gives, else the function's default; nil for neither.
func (x *expansion) attribute(a *Attribute) (*Attribute, error) {
	c := *a
	if a.Ref != "" {
		given := findAttribute(x.call.Attributes, a.Ref)
		if given == nil {
			given = findAttribute(x.function.Attributes, a.Ref)
		}
		if given == nil {
			return nil, nil
		}
		c = *given
		c.Name = a.Name
		return &c, nil // a graph that is given reads the caller's values
	}
	var err error
	if a.G != nil {
		c.G, err = x.graph(a.G)
	}
	return &c, err
}

func findAttribute(list []*Attribute, name string) *Attribute {
	for _, a := range list {
		if a.Name == name {
			return a
		}
	}
	return nil
}

func (x *expansion) graph(g *Graph) (*Graph, error) {
	c := &Graph{Name: g.Name, Inputs: x.infos(g.Inputs), Outputs: x.infos(g.Outputs)}
	for _, t := range g.Initializers {
		named := *t
		named.Name = x.name(t.Name)
		c.Initializers = append(c.Initializers, &named)
	}
	var err error
	c.Nodes, err = x.nodes(g.Nodes)
	return c, err
}

func (x *expansion) infos(infos []*ValueInfo) []*ValueInfo {
	out := make([]*ValueInfo, len(infos))
	for i, v := range infos {
		out[i] = &ValueInfo{Name: x.name(v.Name), Type: v.Type}
	}
	return out
}
