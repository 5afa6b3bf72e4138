package onnx

import (
	"context"
	"time"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// recorder collects the spans of one run, which uses one goroutine.
type recorder struct {
	began time.Time
	spans []graph.Span
}

type recorderKey struct{}

// recorderOf returns the run's recorder, or nil.
func recorderOf(ctx context.Context) *recorder {
	r, _ := ctx.Value(recorderKey{}).(*recorder)
	return r
}

// RunTraced is Run that also tells where the time went: the instructions of
// the device by worker, and the operators that run beside it as "host NAME".
// An operator with sub-graphs is told by its parts. The first run of new shapes
// compiles them, so call Run before.
func (s *Session) RunTraced(ctx context.Context, inputs map[string]*tensor.Tensor) (map[string]*tensor.Tensor, []graph.Span, error) {
	r := &recorder{began: time.Now()}
	outs, err := s.Run(context.WithValue(ctx, recorderKey{}, r), inputs)
	return outs, r.spans, err
}

// step notes the time of a host step from its begin, unless its parts are
// noted already.
func (r *recorder) step(st *step, begin time.Time, before int) {
	if len(r.spans) > before {
		return
	}
	r.spans = append(r.spans, graph.Span{Start: begin.Sub(r.began), InstrTime: graph.InstrTime{
		Op: "host " + operatorName(st.call.node), Label: nodeName(st.call.node), Time: time.Since(begin)}})
}

// device runs exec and notes its instructions.
func (r *recorder) device(exec *graph.Executable, feeds []*tensor.Tensor) ([]*tensor.Tensor, error) {
	at := time.Since(r.began)
	outs, spans, err := exec.RunTraced(feeds...)
	for _, s := range spans {
		s.Start += at
		r.spans = append(r.spans, s)
	}
	return outs, err
}
