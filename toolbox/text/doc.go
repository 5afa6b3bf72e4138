// Package text holds the recipes for text classification. Texts are cut into
// words by onnx.Tokenize, whose twin stands inside every exported model.
package text
