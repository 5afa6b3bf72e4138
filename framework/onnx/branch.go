package onnx

import "fmt"

// chosenBranch returns the branch that an If of a known condition takes, or nil.
func (s *scope) chosenBranch(c *call) *Graph {
	if operatorName(c.node) != "If" || c.node.Inputs[0] == "" {
		return nil
	}
	at, ok := s.lookup(c.node.Inputs[0])
	if !ok || s.prog.consts[at] == nil {
		return nil
	}
	yes, err := truth(TensorValue(s.prog.consts[at]))
	if err != nil {
		return nil
	}
	name := "else_branch"
	if yes {
		name = "then_branch"
	}
	if a := c.typed(name, AttrGraph); a != nil && a.G != nil && len(a.G.Inputs) == 0 && len(a.G.Outputs) >= len(c.node.Outputs) {
		return a.G
	}
	return nil
}

// addBranch compiles the nodes of a branch in place of n, under fresh names.
func (s *scope) addBranch(n *Node, g *Graph) error {
	if s.functions == nil {
		s.functions = &functions{active: map[string]bool{}}
	}
	fs := s.functions
	if s.branches++; s.branches > maxCalls {
		return fmt.Errorf("onnx: node %q (If): branches are nested deeper than %d", nodeName(n), maxCalls)
	}
	defer func() { s.branches-- }()
	fs.serial++
	x := &expansion{functions: fs, prefix: fmt.Sprintf("%s#%d/", nodeName(n), fs.serial), names: map[string]string{"": ""}, open: true}
	for _, name := range madeIn(g) {
		x.names[name] = x.prefix + name
	}
	for i, to := range n.Outputs {
		from := g.Outputs[i].Name
		if own, made := x.names[from]; made && own == x.prefix+from && to != "" && !isInitializer(g, from) {
			x.names[from] = to
		} else if to != "" {
			x.echoes = append(x.echoes, &Node{OpType: "Identity", Inputs: []string{x.name(from)}, Outputs: []string{to}})
		}
	}
	inner, err := x.graph(g)
	if err != nil {
		return err
	}
	if s.weights != nil {
		for name := range readByValue(inner) {
			s.byValue[name] = true
		}
	}
	for _, t := range inner.Initializers {
		if err := s.initializer(t); err != nil {
			return err
		}
	}
	for _, node := range append(inner.Nodes, x.echoes...) {
		if err := s.add(node); err != nil {
			return err
		}
	}
	return nil
}

// madeIn lists the names that g itself gives.
func madeIn(g *Graph) []string {
	var names []string
	for _, t := range g.Initializers {
		names = append(names, t.Name)
	}
	for _, n := range g.Nodes {
		for _, o := range n.Outputs {
			if o != "" {
				names = append(names, o)
			}
		}
	}
	return names
}

func isInitializer(g *Graph, name string) bool {
	for _, t := range g.Initializers {
		if t.Name == name {
			return true
		}
	}
	return false
}
