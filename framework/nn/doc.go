// Package nn offers the layers of neural networks on top of package graph.
//
// A layer is a struct made once with explicit sizes; its variables are
// registered in a Params under the layer's path, such as "block1/conv/weight",
// and initialised from the Params' seed and that path alone, so that adding a
// layer leaves the others' initial values as they are. Forward may be called
// in any number of graphs; whether a layer behaves as in training follows from
// the graph.
//
// Features are the last axis: images are [N,H,W,C], sequences [N,T,C], tokens and
// labels int64 [N,T] and [N]. Weights are [in,out] in linear layers and
// [KH,KW,C/groups,K] in convolutions. Batch, length, height and width may be
// symbols. Losses are float32 scalars, means over all that they compare.
//
// Begin with Params and Sequential, then the layers that a model needs; Decoder is
// a whole model and Generator runs it token by token. Package optim trains.
package nn
