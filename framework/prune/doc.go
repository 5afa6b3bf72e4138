// Package prune sets weights to zero and keeps them there.
//
// Masks hold one mask of zeros and ones for every pruned variable. Apply makes a
// traced graph read W·mask wherever it read W, so that pruned weights count for
// nothing and get no gradient; the masks are variables, which a training loop
// changes between steps without another compilation:
//
//	masks := prune.New(params, nil)
//	logits := masks.Apply(net.Forward(x))[0]
//	...
//	for step := range steps {
//		if s, ok := schedule.At(step); ok {
//			masks.Magnitude(s)
//		}
//		train.Run(...)
//	}
//	masks.Remove() // W = W·mask: a plain model with zeros in it
//
// Weights are pruned by magnitude one by one (Magnitude), n of m neighbours
// (Pattern) or by whole output channels (Channels). What is pruned once stays so.
package prune
