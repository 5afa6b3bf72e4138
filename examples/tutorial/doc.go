// Package tutorial holds the code of docs/framework.md, from tensors to a
// fine-tuned ONNX model. Every chapter is an example in a file of its own;
// TestPage keeps the page equal to the code, and -update rewrites it:
//
//	go test ./examples/tutorial
//	go test ./examples/tutorial -run Page -update
package tutorial
