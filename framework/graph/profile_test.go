package graph_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// traced is a program of a product, a Map and a Softmax that two workers share.
func traced(t *testing.T) (*graph.Executable, *tensor.Tensor) {
	g := graph.New(graph.Inference)
	x := g.Input("x", tensor.Float32, graph.Dims("N", 256)...)
	w := graph.NewVariable("fc/weight", values(1, -1, 1, 256, 256), true)
	y := graph.Softmax(graph.Tanh(graph.AddScalar(graph.Linear(x, g.Var(w), nil), 1)))
	return compile(t, cpu.New(cpu.Options{Threads: 2}), graph.Program{Inputs: nodes{x}, Outputs: nodes{y}}), values(2, -1, 1, 512, 256)
}

// TestProfileAddsUp: instructions lie within their run, sums by operator keep
// calls, time, arithmetic and memory, and shares add up to one.
func TestProfileAddsUp(t *testing.T) {
	e, in := traced(t)
	p, err := e.Profile(5, in)
	if err != nil {
		t.Fatal(err)
	}
	if p.Total() > p.Wall || p.Total() <= 0 {
		t.Errorf("instructions take %v of a run of %v", p.Total(), p.Wall)
	}
	stats := e.Stats()
	for name, key := range map[string]func(graph.InstrTime) string{"kind": graph.InstrTime.Kind, "line": graph.InstrTime.Line} {
		var sum graph.OpTime
		for _, o := range p.By(key, graph.Roofline{FLOPS: 1e11, Bandwidth: 1e10}) {
			sum.Calls += o.Calls
			sum.Time += o.Time
			sum.Share += o.Share
			sum.FLOPs += o.FLOPs
			sum.Bytes += o.Bytes
		}
		if sum.Calls != stats.Instrs || sum.Time != p.Total() || sum.FLOPs != stats.FLOPs || sum.Bytes != stats.Bytes || sum.Share < 0.999 || sum.Share > 1.001 {
			t.Errorf("by %s: %+v, want the sums of %v and %v", name, sum, stats, p.Total())
		}
	}
}

func TestRoofline(t *testing.T) {
	r := graph.Roofline{FLOPS: 100e9, Bandwidth: 10e9}
	for _, c := range []struct {
		flops, bytes int64
		want         time.Duration
		by           string
	}{{1e9, 1e6, 10 * time.Millisecond, "compute"}, {1e6, 1e8, 10 * time.Millisecond, "memory"}} {
		if least, by := r.Bound(c.flops, c.bytes); least != c.want || by != c.by {
			t.Errorf("%d operations, %d bytes: %v by %s, want %v by %s", c.flops, c.bytes, least, by, c.want, c.by)
		}
	}
}

// TestTrace checks the outputs, the order of worker 0's slices and the file.
func TestTrace(t *testing.T) {
	e, in := traced(t)
	want := mustRun(t, e, in)[0]
	outs, spans, err := e.RunTraced(in)
	if err != nil || !tensor.Equal(outs[0], want) {
		t.Fatalf("the traced run differs, error %v", err)
	}
	end := time.Duration(0)
	driver := 0
	for _, s := range spans {
		if s.Worker == 0 {
			if s.Start < end {
				t.Errorf("%s begins at %v, before %v", s.Line(), s.Start, end)
			}
			end = s.Start + s.Time
			driver++
		}
	}
	if driver != e.Stats().Instrs {
		t.Errorf("%d slices of the driver for %d instructions", driver, e.Stats().Instrs)
	}
	var b bytes.Buffer
	if err := graph.WriteTrace(&b, spans); err != nil {
		t.Fatal(err)
	}
	var file struct {
		Events []struct {
			Name  string  `json:"name"`
			Phase string  `json:"ph"`
			TS    float64 `json:"ts"`
			TID   *int    `json:"tid"`
			Args  map[string]any
		} `json:"traceEvents"`
	}
	if err := json.Unmarshal(b.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	slices := 0
	for _, ev := range file.Events {
		if ev.Phase == "X" {
			slices++
			if ev.Args["types"] == "" || ev.TID == nil || ev.Name == "" {
				t.Errorf("slice %+v lacks something", ev)
			}
		}
	}
	if slices != len(spans) {
		t.Errorf("%d slices for %d spans", slices, len(spans))
	}
	p, err := graph.ProfileOf([][]graph.Span{spans, spans}, []time.Duration{end, end})
	if err != nil || len(p.Instrs) != driver || p.Runs != 2 {
		t.Errorf("profile %+v, error %v", p, err)
	}
}
