// Package lora trains low-rank adapters of a model whose own weights stay as
// they are.
//
// Every adapted weight W, seen as a matrix [in, out], is read as
//
//	W + (Alpha/Rank)·A·B,  A [in, Rank] random, B [Rank, out] zero,
//
// so that training starts at the base model exactly. The model's code does not
// change: Apply rewrites its traced graph. The adapters stand in a Params of
// their own, so an optimiser, a checkpoint or a file holds them alone:
//
//	adapters := lora.New(base, lora.Config{Rank: 4})
//	logits := adapters.Apply(net.Forward(x))[0]
//	optim.Apply(nn.CrossEntropy(logits, y, 0), adapters.Params(), rule, lr, optim.Options{})
//	...
//	adapters.Save(file) // the adapters alone
//	adapters.Merge()    // W += (Alpha/Rank)·A·B: a plain model again
//
// Running statistics of normalisation layers are no weights: in a training graph
// they keep moving. Trace in an inference graph to hold them.
//
// Source: Hu et al. 2021, arXiv:2106.09685.
package lora
