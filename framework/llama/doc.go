// Package llama reads language models of the llama family into an nn.Decoder:
// checkpoints and vocabularies of llama2.c, and folders in the format of Hugging
// Face's transformers, which it also writes.
//
// A file is read as what it is, bytes from outside: sizes are compared with the
// file before anything of that size is allocated, and what does not fit is an
// error of one sentence.
//
// Open and Model.Save are for folders, ReadCheckpoint and ReadTokenizer for
// llama2.c. Files hold linear layers as [out,in], the decoder as [in,out]; both
// ways transpose them. Continue a text with nn.NewGenerator, or train Model.Params.
package llama
