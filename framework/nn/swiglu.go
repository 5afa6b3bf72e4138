package nn

import "github.com/macaw-ai/macaw/framework/graph"

// SwiGLU is y = (silu(x·Gate) ⊙ (x·Up))·Down, a gated feed-forward block
// without biases. Source: Shazeer 2020, arXiv:2002.05202.
type SwiGLU struct {
	Gate, Up *Linear // [d, hidden]
	Down     *Linear // [hidden, d]
}

// SwiGLUOptions configure NewSwiGLU.
type SwiGLUOptions struct {
	Init     Initialiser // of Gate and Up; nil means GlorotUniform
	DownInit Initialiser // of Down; nil means Init
}

// NewSwiGLU makes a block of width d with hidden features inside.
func NewSwiGLU(p *Params, d, hidden int, o SwiGLUOptions) *SwiGLU {
	if o.Init == nil {
		o.Init = GlorotUniform
	}
	if o.DownInit == nil {
		o.DownInit = o.Init
	}
	part := func(name string, in, out int, init Initialiser) *Linear {
		return NewLinearWith(p.Sub(name), in, out, LinearOptions{NoBias: true, Init: init})
	}
	return &SwiGLU{Gate: part("gate", d, hidden, o.Init), Up: part("up", d, hidden, o.Init), Down: part("down", hidden, d, o.DownInit)}
}

// Forward keeps the shape of x [..., d].
func (s *SwiGLU) Forward(x *graph.Node) *graph.Node {
	return s.Down.Forward(graph.Mul(graph.SiLU(s.Gate.Forward(x)), s.Up.Forward(x)))
}
