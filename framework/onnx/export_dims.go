package onnx

import "github.com/macaw-ai/macaw/framework/graph"

// formula computes a dimension, int64 [1], from its symbols; ok is false when no
// value has one of them.
func (x *exporter) formula(d graph.Dim) (string, bool) {
	constant, terms := d.Terms()
	sum := ""
	if constant != 0 || len(terms) == 0 {
		sum = x.b.Ints(constant)
	}
	for _, t := range terms {
		product := ""
		if t.Factor != 1 {
			product = x.b.Ints(t.Factor)
		}
		for _, a := range t.Atoms {
			v, ok := x.atom(a)
			if !ok {
				return "", false
			}
			product = x.joined("Mul", product, v)
		}
		sum = x.joined("Add", sum, product)
	}
	return sum, true
}

func (x *exporter) joined(op, a, b string) string {
	if a == "" {
		return b
	}
	return x.b.Op(op, nil, a, b)
}

func (x *exporter) atom(a graph.DimAtom) (string, bool) {
	if a.Symbol != "" {
		return x.findDim(graph.Symbol(a.Symbol), nil)
	}
	num, ok := x.readDim(a.Num, nil)
	if !ok {
		return "", false
	}
	den, ok := x.readDim(a.Den, nil)
	if !ok {
		return "", false
	}
	return x.b.Op("Div", nil, num, den), true // sizes are not negative, where it would round up
}

// readDim takes a dimension from the shape of a value that has it, else computes it.
func (x *exporter) readDim(d graph.Dim, in *graph.Node) (string, bool) {
	if n, ok := d.Known(); ok {
		return x.b.Ints(n), true
	}
	if v, ok := x.findDim(d, in); ok {
		return v, true
	}
	if _, single := d.Name(); single {
		return "", false
	}
	return x.formula(d)
}
