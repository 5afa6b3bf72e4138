package serve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

// gate is a session that waits to be let through and remembers its batches. It
// gives prediction = 3·rooms; a room of −1 fails, one of −2 panics.
type gate struct {
	pass chan struct{} // nil lets everything through

	mu      sync.Mutex
	batches []int
}

func (g *gate) Run(ctx context.Context, in map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	rooms := in["rooms"].Float32s()
	g.mu.Lock()
	g.batches = append(g.batches, len(rooms))
	g.mu.Unlock()
	if g.pass != nil {
		select {
		case <-g.pass:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	out := make([]float32, len(rooms))
	for i, v := range rooms {
		switch v {
		case -1:
			return nil, errors.New("no such room")
		case -2:
			panic("no such house")
		}
		out[i] = 3 * v
	}
	return map[string]*tensor.Tensor{model.OutputPrediction: tensor.Of(out, len(out), 1)}, nil
}

func (g *gate) Close() {}

func (g *gate) seen() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.batches)
}

// gated makes a server whose only model is behind a gate.
func gated(t *testing.T, o Options, g *gate) *running {
	t.Helper()
	r := start(t, o, registryOf(t, prices))
	_, card := prices()
	sv := newServed("gated", "1")
	sv.model = model.PredictorOn(card, "gated@1", g)
	sv.batch = newBatcher(sv.model, &r.server.o, r.server.metrics)
	close(sv.ready)
	r.server.models.pinned = []*served{sv}
	return r
}

func roomsBatcher(t *testing.T, g *gate, o Options) *batcher {
	t.Helper()
	_, card := prices()
	o = o.withDefaults()
	b := newBatcher(model.PredictorOn(card, "prices@1", g), &o, newMetrics())
	t.Cleanup(b.close)
	return b
}

func ask(b *batcher, rooms ...float32) ([]float32, error) {
	out, err := b.infer(context.Background(), tensors{"rooms": tensor.Of(rooms, len(rooms), 1)}, len(rooms))
	if err != nil {
		return nil, err
	}
	return out[model.OutputPrediction].Float32s(), nil
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come about", what)
		}
	}
}

func TestBatcherJoinsWaitingRequests(t *testing.T) {
	g := &gate{pass: make(chan struct{})}
	b := roomsBatcher(t, g, Options{MaxBatch: 8})
	var wg sync.WaitGroup
	send := func(i int) {
		wg.Go(func() {
			got, err := ask(b, float32(i), float32(i)+0.5)
			if err != nil || !slices.Equal(got, []float32{3 * float32(i), 3*float32(i) + 1.5}) {
				t.Errorf("request %d = %v, %v", i, got, err)
			}
		})
	}
	send(0)
	waitFor(t, "the first run", func() bool { return len(g.seen()) == 1 })
	for i := range 5 {
		send(i + 1)
	}
	waitFor(t, "the queue", func() bool { return len(b.jobs) == 5 })
	close(g.pass)
	wg.Wait()
	// The first went alone; of the other five, four fill a run of 8.
	if got := g.seen(); !slices.Equal(got, []int{2, 8, 2}) {
		t.Errorf("runs = %v, want [2 8 2]", got)
	}
}

func TestBatcherDoesNotDelayALoneRequest(t *testing.T) {
	b := roomsBatcher(t, &gate{}, Options{BatchWait: time.Hour})
	start := time.Now()
	for range 10 {
		if _, err := ask(b, 1); err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("ten lone requests take %v", d)
	}
}

func TestBatcherKeepsFailuresApart(t *testing.T) {
	for _, bad := range []float32{-1, -2} {
		g := &gate{pass: make(chan struct{})}
		b := roomsBatcher(t, g, Options{})
		errs := make([]error, 4)
		var wg sync.WaitGroup
		wg.Go(func() { ask(b, 0) })
		waitFor(t, "the first run", func() bool { return len(g.seen()) == 1 })
		for i := range errs {
			wg.Go(func() {
				v := float32(i)
				if i == 2 {
					v = bad
				}
				_, errs[i] = ask(b, v)
			})
		}
		waitFor(t, "the queue", func() bool { return len(b.jobs) == 4 })
		close(g.pass)
		wg.Wait()
		for i, err := range errs {
			if (err != nil) != (i == 2) {
				t.Errorf("bad %v: request %d fails with %v", bad, i, err)
			}
		}
	}
}

func TestBatcherRefusesWhenFull(t *testing.T) {
	g := &gate{pass: make(chan struct{})}
	b := roomsBatcher(t, g, Options{Queue: 2})
	var wg sync.WaitGroup
	wg.Go(func() { ask(b, 0) })
	waitFor(t, "the first run", func() bool { return len(g.seen()) == 1 })
	for range 2 {
		wg.Go(func() {
			if _, err := ask(b, 1); err != nil {
				t.Error(err)
			}
		})
	}
	waitFor(t, "the queue", func() bool { return len(b.jobs) == 2 })
	if _, err := ask(b, 2); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a full queue = %v, want fault.Unavailable", err)
	}
	close(g.pass)
	wg.Wait()
}

func TestBatcherForgetsRequestsThatGaveUp(t *testing.T) {
	g := &gate{pass: make(chan struct{})}
	b := roomsBatcher(t, g, Options{})
	var wg sync.WaitGroup
	wg.Go(func() { ask(b, 0) })
	waitFor(t, "the first run", func() bool { return len(g.seen()) == 1 })
	ctx, cancel := context.WithCancel(context.Background())
	wg.Go(func() {
		_, err := b.infer(ctx, tensors{"rooms": tensor.Of([]float32{7}, 1, 1)}, 1)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled request = %v", err)
		}
	})
	waitFor(t, "the queue", func() bool { return len(b.jobs) == 1 })
	cancel()
	close(g.pass)
	wg.Wait()
	if _, err := ask(b, 1); err != nil {
		t.Fatal(err)
	}
	if got := g.seen(); len(got) != 2 {
		t.Errorf("runs = %v, want two: nobody waits for the cancelled one", got)
	}
}

func TestBatcherSplitsBigRequestsAndShapes(t *testing.T) {
	g := &gate{}
	b := roomsBatcher(t, g, Options{MaxBatch: 4})
	rooms := make([]float32, 10)
	for i := range rooms {
		rooms[i] = float32(i)
	}
	got, err := ask(b, rooms...)
	if err != nil || len(got) != 10 || got[9] != 27 {
		t.Errorf("ten samples = %v, %v", got, err)
	}
	if seen := g.seen(); !slices.Equal(seen, []int{4, 4, 2}) {
		t.Errorf("runs = %v", seen)
	}
	wide := &job{shape: "wide", n: 1}
	batch, rest := split([]*job{wide, {shape: "thin", n: 1}, {shape: "wide", n: 2}, {shape: "wide", n: 2}}, 4)
	if len(batch) != 2 || len(rest) != 2 || rest[0].shape != "thin" {
		t.Errorf("split = %d, %d jobs", len(batch), len(rest))
	}
}

func TestConcurrentRequestsGetTheirOwnAnswers(t *testing.T) {
	r := start(t, Options{}, registryOf(t, prices))
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Go(func() {
			for i := range 25 {
				rooms := c*1000 + i
				status, got := r.do(t, "POST", "/models/prices/predict", "application/json", fmt.Appendf(nil, `{"rooms":%d}`, rooms))
				if status != 200 || got["prediction"] != float64(3*rooms) {
					t.Errorf("%d rooms = %d %v", rooms, status, got)
				}
			}
		})
	}
	wg.Wait()
}
