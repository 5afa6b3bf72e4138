// Package onnx reads, writes, builds and runs ONNX models.
//
// Model and the structs under it mirror the public onnx.proto; Marshal and
// Unmarshal move them over the wire under limits. Builder puts a model together
// operator by operator, exports traced graphs and merges models. Session runs a
// model on a chip.Device. Models written here use IR version 10 and only the
// standard domains: ai.onnx at opset 21 and ai.onnx.ml at version 3.
package onnx
