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
// as an error.
//
// # Shapes
//
// Features are the last axis: images are [N,H,W,C], sequences [N,T,C]; weights are
// [in,out] for Linear and [KH,KW,C/groups,K] for convolutions. Functions of one
// node work elementwise and keep its shape unless they say otherwise; those of two
// broadcast as numpy does: dimensions are aligned at the last, and 1 repeats.
// Axes count from 0, or with a negative number from the end.
//
// # Reading
//
// Graph and Node (graph.go, node.go) hold what is traced, Dim and Shape its
// dimensions. An operator's shape rule, gradient and lowering stand together in
// one file; math.go has the shortest, topk.go one that reorders, einsum.go one that
// is composed of others. grad.go differentiates, compile.go and optimize.go lead
// from a graph to a chip's program. Package graphtest checks operators.
package graph
