package chip

// CTC is the connectionist temporal classification loss: -log of the sum, over
// all ways to spread a sequence of labels over the frames, of the product of
// their probabilities. A way repeats labels and puts blanks between them; equal
// neighbours must have a blank between them.
// Args: logp [N,T,K] log-probabilities, labels Int64 [N,L] (negative ones at the
// end are padding), frames Int64 [N] (how many of the T count).
// Outs: loss [N], and grad [N,T,K], its gradient by logp, of which frames that
// do not count have 0. Where there is no way, loss is +Inf and grad 0. A label
// outside 0..K-1, or the blank, and frames outside 0..T are errors of Run.
// Source: Graves et al. 2006, "Connectionist Temporal Classification", ICML, §4.1.
type CTC struct{ Blank int }

// Name returns "CTC".
func (*CTC) Name() string { return "CTC" }

func (c checker) ctc(op *CTC) {
	c.count(3, 2)
	logp, labels, frames, loss, grad := c.ins[0], c.ins[1], c.ins[2], c.outs[0], c.outs[1]
	c.dtype(Float32, logp, loss, grad)
	c.dtype(Int64, labels, frames)
	c.need(len(logp.Shape) == 3 && len(labels.Shape) == 2 && labels.Shape[0] == logp.Shape[0], "labels %v do not fit %v", labels, logp)
	c.need(op.Blank >= 0 && op.Blank < logp.Shape[2], "the blank %d is not a class of %v", op.Blank, logp)
	c.length("frames", frames, logp.Shape[0])
	c.length("loss", loss, logp.Shape[0])
	c.same("grad", grad, logp)
}
