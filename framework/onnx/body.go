package onnx

import "github.com/macaw-ai/macaw/framework/tensor"

// Body starts a sub-graph for an attribute of Loop or If; it reads the values
// made so far by their names. Its constants belong to the graph around it.
func (b *Builder) Body(name string) *Body {
	inner := *b
	inner.name, inner.graph, inner.seen = name, &Graph{Name: name}, map[string]*Node{}
	return &Body{outer: b, inner: inner}
}

// Body builds a sub-graph.
type Body struct {
	outer *Builder
	inner Builder
}

// Op adds an ai.onnx node with one output.
func (s *Body) Op(op string, attrs Attrs, inputs ...string) string {
	return s.inner.Op(op, attrs, inputs...)
}

// Body starts a sub-graph within the sub-graph.
func (s *Body) Body(name string) *Body { return s.inner.Body(name) }

// Input declares the next input of the sub-graph, under a fresh name.
func (s *Body) Input(stem string, dt tensor.DType, dims ...any) string {
	name := s.outer.fresh(stem)
	s.inner.graph.Inputs = append(s.inner.graph.Inputs, NewValueInfo(name, dt, dims...))
	return name
}

// Output makes value, a result of a node of the sub-graph, its next output.
func (s *Body) Output(value string, dt tensor.DType, dims ...any) {
	s.inner.graph.Outputs = append(s.inner.graph.Outputs, NewValueInfo(value, dt, dims...))
}

// Graph returns the sub-graph for an attribute.
func (s *Body) Graph() *Graph { return s.inner.graph }
