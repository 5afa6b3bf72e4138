// Package graph traces Go functions into graphs of static single assignment
// nodes, differentiates them and compiles them for a chip.
//
// A model is a Go function on nodes. Calling it once records the graph; Grad
// adds the nodes of the gradients; Compile turns the graph into an Executable
// that runs as often as wanted:
//
//	g := graph.New(graph.Train)
//	x := g.Input("x", tensor.Float32, graph.Dims("N", 2)...)
//	y := graph.Relu(graph.MatMul(x, g.Var(w)))
//	exec, err := graph.Compile(dev, graph.Program{Inputs: []*graph.Node{x}, Outputs: []*graph.Node{y}})
//	outs, err := exec.Run(batch)
//
// Dimensions are constants or named symbols. Shapes are checked while tracing:
// a mistake panics with *ShapeError, which Trace, Compile, Eval and Run return
// as an error. Images are channels-last, convolution weights [KH,KW,C/groups,K].
package graph
