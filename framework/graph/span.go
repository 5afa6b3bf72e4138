package graph

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Span is the work of one worker on one instruction. Worker 0 drives the
// program: its spans cover the whole run, the others' only their own parts.
type Span struct {
	InstrTime
	Worker int
	Start  time.Duration // since the run began
}

// RunTraced is Run that also tells which worker did what when. It fails on
// devices that cannot tell.
func (e *Executable) RunTraced(inputs ...*tensor.Tensor) (outs []*tensor.Tensor, spans []Span, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, err := e.bindRun(inputs)
	if err != nil {
		return nil, nil, err
	}
	traced, ok := s.exec.(chip.Traced)
	if !ok {
		return nil, nil, fmt.Errorf("trace: device %s cannot trace its instructions", e.device.Info().Kind)
	}
	list := describeAll(s.code)
	err = traced.RunTraced(s.ins, s.outs, s.variables, func(c chip.Span) {
		span := Span{InstrTime: list[c.Instr], Worker: c.Worker, Start: time.Duration(c.Start)}
		span.Time = time.Duration(c.End - c.Start)
		spans = append(spans, span)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("trace: %w", err)
	}
	outs, err = s.read()
	return outs, spans, err
}

// traceEvent is one entry of the Trace Event Format.
type traceEvent struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitempty"`
	Phase string         `json:"ph"`
	Start float64        `json:"ts"` // microseconds
	Time  float64        `json:"dur,omitempty"`
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	Args  map[string]any `json:"args,omitempty"`
}

// WriteTrace writes spans as Chrome trace JSON, which Perfetto
// (https://ui.perfetto.dev) and chrome://tracing show: one slice for each
// instruction and worker, with its label, types, arithmetic and memory.
func WriteTrace(w io.Writer, spans []Span) error {
	workers := 0
	for _, s := range spans {
		workers = max(workers, s.Worker+1)
	}
	events := []traceEvent{}
	for i := range workers {
		events = append(events, traceEvent{Name: "thread_name", Phase: "M", PID: 1, TID: i, Args: map[string]any{"name": fmt.Sprintf("worker %d", i)}})
	}
	for _, s := range spans {
		events = append(events, traceEvent{Name: s.Line(), Cat: s.Kind(), Phase: "X", PID: 1, TID: s.Worker,
			Start: float64(s.Start.Nanoseconds()) / 1e3, Time: float64(s.Time.Nanoseconds()) / 1e3,
			Args: map[string]any{"op": s.Op, "types": s.Types, "flops": s.FLOPs, "bytes": s.Bytes}})
	}
	return json.NewEncoder(w).Encode(map[string]any{"traceEvents": events, "displayTimeUnit": "ms"})
}
