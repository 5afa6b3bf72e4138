// Package nn offers the layers of neural networks on top of package graph.
//
// A layer is a struct made once with explicit sizes; its variables are
// registered in a Params under the layer's path, such as "block1/conv/weight",
// and initialised from the Params' seed and that path alone, so that adding a
// layer leaves the others' initial values as they are. Forward may be called
// in any number of graphs; whether a layer behaves as in training follows from
// the graph.
package nn
