// Package onnx reads, writes, builds and runs ONNX models.
//
// Model and the structs under it mirror the public onnx.proto; Marshal and
// Unmarshal move them over the wire under limits. Builder puts a model together
// operator by operator, exports traced graphs (Builder.Graph) and merges models
// (Builder.Inline). Session runs a model on a chip.Device. Models written here
// use IR version 10 and only the standard domains: ai.onnx at opset 21 and
// ai.onnx.ml at version 3.
//
// Session is for running a model. Import is for training one: its weights become
// variables in the file's own shapes, images [N,C,H,W] and convolution weights
// [K,C/groups,KH,KW], and Network.Forward traces it into a graph. Export writes a
// traced graph back. Nothing of proto.go is needed for these.
//
// # Sessions
//
// Every operator has a host kernel. NewSession cuts the graph into segments of
// operators that framework/graph can express and that hold something heavy
// (matrix products, convolutions, pooling, normalisation); a segment is traced
// and compiled for the device when a new input shape first needs it, and kept in
// a bounded cache. Within a segment images are channels-last. An operator that
// the graph cannot have for some shape or attribute moves to the host and the
// segment is cut around it. Strings, ai.onnx.ml and data-dependent shapes are
// the host's. An operator that is not supported is an error of NewSession.
//
// A name stands for a Value: a tensor, a sequence, an optional or a map. Session.Run is
// for models whose inputs and outputs are tensors, Session.RunValues for all.
//
// Sessions read the operator sets 1 to 23. Nodes of old sets mean what their set
// says: attributes where later sets have inputs, broadcasting by axis before set
// 7, training as the default of BatchNormalization and Dropout before set 7.
//
// Operators that draw random numbers, Dropout in training among them, run on the
// host and are never computed ahead. With the attribute seed the runs of a
// session draw the same sequence in every session; each run draws anew.
//
// # Element types
//
// float16 and bfloat16 are computed in float32 and rounded once (inFloat32 lists
// the operators). They, the unsigned types beyond uint8 and int16 stay on the
// host. Casts to them round to nearest, ties to even, where ONNX's own cases for
// bfloat16 cut off. Quantised products and convolutions are exact in int32 and
// requantise in float32.
//
// # What onnxruntime does with text
//
// Measured with onnxruntime-node 1.30, and what the kernels here do:
//
//   - StringSplit without a delimiter splits at ' ' alone; runs count once, ends
//     are trimmed; tabs and newlines stay inside the pieces. With a delimiter
//     empty pieces stay. "" has no pieces. The pieces of [N] are [N,L], padded
//     at the end with "", and L is 0 when all strings are empty. maxsplit leaves
//     the rest in the last piece, without its trailing blanks.
//   - StringNormalizer lowers ASCII letters alone under locale "C". Its default
//     locale fails to load where the system lacks it. It takes [C] or [1,C].
//   - TfIdfVectorizer over [N,L] counts rows; padding "" counts for nothing as
//     long as the pool lacks "". Weights belong to the pool's n-grams in order,
//     not to the output columns. TFIDF is count times weight, nothing is normalised.
//   - LabelEncoder finds NaN as a key from ai.onnx.ml version 4 on only.
//   - LinearClassifier with one score for two labels gives (1-s, s), and with
//     LOGISTIC (σ(-s), σ(s)); it never applies SOFTMAX to it.
//   - Resize with antialias gives what lies outside of an image to the pixel at
//     its edge. Its attribute axes breaks when transposes are moved past it.
//   - Pad does not take strings; Slice, Concat, Where, Expand, Equal, Compress
//     and Loop do, which is what TokenizeText is made of.
package onnx
