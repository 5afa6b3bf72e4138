package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/internal/fault"
)

const oneRoom = `{"inputs":[{"name":"rooms","shape":[1,1],"datatype":"FP32","data":[1]}]}`

func TestShutdownDrains(t *testing.T) {
	g := &gate{pass: make(chan struct{})}
	r := gated(t, Options{}, g)
	answers := make(chan int, 3)
	for range 3 {
		go func() {
			status, _ := r.do(t, "POST", "/v2/models/gated/infer", "", []byte(oneRoom))
			answers <- status
		}()
	}
	waitFor(t, "the requests", func() bool { return len(g.seen()) == 1 && len(r.server.inFlight) == 3 })
	r.stop()
	waitFor(t, "the drain", r.server.draining.Load)
	waitFor(t, "the listener's end", func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	select {
	case <-r.done:
		t.Fatal("Serve returns while requests run")
	case <-time.After(50 * time.Millisecond):
	}
	close(g.pass)
	for range 3 {
		if status := <-answers; status != 200 {
			t.Errorf("a request in the drain = %d, want 200", status)
		}
	}
	if err := <-r.done; err != nil {
		t.Errorf("Serve = %v", err)
	}
	r.done <- nil // for the cleanup
}

func TestShutdownCutsOffAfterGrace(t *testing.T) {
	g := &gate{pass: make(chan struct{})} // never lets anything through
	r := gated(t, Options{Grace: 50 * time.Millisecond}, g)
	failed := make(chan error, 1)
	go func() {
		resp, err := http.Post(r.url+"/v2/models/gated/infer", "", strings.NewReader(oneRoom))
		if err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		failed <- err
	}()
	waitFor(t, "the request", func() bool { return len(g.seen()) == 1 })
	start := time.Now()
	r.stop()
	if err := <-r.done; err != nil || time.Since(start) > 5*time.Second {
		t.Errorf("Serve = %v after %v", err, time.Since(start))
	}
	r.done <- nil
	<-failed
}

func TestReadyWhileDraining(t *testing.T) {
	r := start(t, Options{}, registryOf(t, prices))
	r.server.draining.Store(true)
	if status, got := r.do(t, "GET", "/v2/health/ready", "", nil); status != 503 || got["ready"] != false {
		t.Errorf("ready = %d %v", status, got)
	}
	if status, _ := r.do(t, "GET", "/v2/health/live", "", nil); status != 200 {
		t.Errorf("live = %d", status)
	}
}

func TestOverloadAndTimeout(t *testing.T) {
	g := &gate{pass: make(chan struct{})}
	r := gated(t, Options{Queue: 1, InFlight: 3, Timeout: 300 * time.Millisecond}, g)
	var wg sync.WaitGroup
	statuses := make(chan int, 3)
	post := func() { s, _ := r.do(t, "POST", "/v2/models/gated/infer", "", []byte(oneRoom)); statuses <- s }
	wg.Go(post)
	waitFor(t, "the first run", func() bool { return len(g.seen()) == 1 })
	wg.Go(post)
	waitFor(t, "the queue", func() bool { return len(r.server.models.pinned[0].batch.jobs) == 1 })
	resp, err := http.Post(r.url+"/v2/models/gated/infer", "", strings.NewReader(oneRoom))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a full queue = %d with Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	wg.Wait()
	for range 2 {
		if s := <-statuses; s != 504 {
			t.Errorf("a slow model = %d, want 504", s)
		}
	}
	close(g.pass)
}

func TestInFlightLimit(t *testing.T) {
	g := &gate{pass: make(chan struct{})}
	r := gated(t, Options{InFlight: 1}, g)
	var wg sync.WaitGroup
	wg.Go(func() { r.do(t, "POST", "/v2/models/gated/infer", "", []byte(oneRoom)) })
	waitFor(t, "the first run", func() bool { return len(g.seen()) == 1 })
	if status, _ := r.do(t, "POST", "/v2/models/gated/infer", "", []byte(oneRoom)); status != 503 {
		t.Errorf("a second request = %d, want 503", status)
	}
	if status, _ := r.do(t, "GET", "/v2/health/live", "", nil); status != 200 {
		t.Errorf("health under load = %d", status)
	}
	close(g.pass)
	wg.Wait()
}

func TestSlowBodyIsCutOff(t *testing.T) {
	r := start(t, Options{Timeout: 200 * time.Millisecond}, registryOf(t, prices))
	body, feed := io.Pipe()
	defer feed.Close()
	go feed.Write([]byte(`{"rooms":`))
	resp, err := http.Post(r.url+"/predict", "application/json", body)
	if err != nil {
		return // the connection may be cut before the answer is read
	}
	defer resp.Body.Close()
	if resp.StatusCode != 504 {
		t.Errorf("a body that never ends = %d, want 504", resp.StatusCode)
	}
}

func TestGuards(t *testing.T) {
	r := start(t, Options{}, registryOf(t, prices))
	for name, c := range map[string]struct {
		set  func(*http.Request)
		want int
	}{
		"localhost":          {func(q *http.Request) { q.Host = "localhost:99" }, 200},
		"a rebound name":     {func(q *http.Request) { q.Host = "evil.example" }, 400},
		"another site":       {func(q *http.Request) { q.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"another origin":     {func(q *http.Request) { q.Header.Set("Origin", "http://evil.example") }, 403},
		"the same origin":    {func(q *http.Request) { q.Header.Set("Origin", r.url) }, 200},
		"a harmless id":      {func(q *http.Request) { q.Header.Set("X-Request-Id", "abc-1") }, 200},
		"an id with escapes": {func(q *http.Request) { q.Header.Set("X-Request-Id", "a b\"") }, 200},
	} {
		t.Run(name, func(t *testing.T) {
			req, _ := http.NewRequest("POST", r.url+"/predict", strings.NewReader(`{"rooms":1}`))
			c.set(req)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != c.want {
				t.Errorf("status = %d, want %d", resp.StatusCode, c.want)
			}
			sent, got := req.Header.Get("X-Request-Id"), resp.Header.Get("X-Request-Id")
			if got == "" || (sent == "abc-1") != (sent == got && sent != "") {
				t.Errorf("X-Request-Id = %q for %q", got, sent)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	reg := registryOf(t, prices)
	dev := cpu.New(cpu.Options{})
	for addr, ok := range map[string]bool{
		"127.0.0.1:0": true, "localhost:0": true, "[::1]:0": true, "": true,
		"0.0.0.0:0": false, ":8080": false, "192.168.1.1:80": false, "example.com:80": false, "127.0.0.1": false,
	} {
		s, err := New(Options{Addr: addr, Device: dev}, reg)
		if (err == nil) != ok || err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("New at %q = %v, want ok %v", addr, err, ok)
		}
		if s != nil {
			s.Close()
		}
	}
	s, err := New(Options{Addr: "0.0.0.0:0", Remote: true, Device: dev}, reg)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := New(Options{Models: []string{"price"}, Device: dev}, reg); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("New of no model = %v", err)
	}
}

func TestRunSaysWhenTheAddressIsTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	s, err := New(Options{Addr: ln.Addr().String(), Device: cpu.New(cpu.Options{})}, registryOf(t, prices))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), ln.Addr().String()) {
		t.Errorf("Run = %v", err)
	}
}

func TestMetricsAndLog(t *testing.T) {
	var logged bytes.Buffer
	var mu sync.Mutex
	log := slog.New(slog.NewJSONHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return logged.Write(p)
	}), nil))
	r := start(t, Options{Log: log}, registryOf(t, prices))
	r.do(t, "POST", "/predict", "", []byte(`[{"rooms":1},{"rooms":2}]`))
	r.do(t, "POST", "/predict", "", []byte(`{}`))
	resp, err := http.Get(r.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p, _ := io.ReadAll(resp.Body)
	for _, want := range []string{
		`macaw_serve_requests_total{code="200",endpoint="POST /predict",model="prices@1"} 1`,
		`macaw_serve_requests_total{code="400",endpoint="POST /predict",model="prices@1"} 1`,
		`macaw_serve_request_seconds_count{endpoint="POST /predict",model="prices@1"} 2`,
		`macaw_serve_batch_samples_sum{model="prices@1"} 2`,
		`macaw_serve_queue_seconds_count{model="prices@1"} 1`,
		`macaw_serve_run_seconds_count{model="prices@1"} 1`,
		`macaw_serve_waiting_requests{model="prices@1"} 0`,
		"go_goroutines",
	} {
		if !bytes.Contains(p, []byte(want)) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	var found bool
	for line := range strings.Lines(logged.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		found = found || e["msg"] == "request" && e["status"] == 200.0 && e["samples"] == 2.0 && e["model"] == "prices@1" && e["id"] != ""
	}
	if !found {
		t.Errorf("the log lacks the request: %s", logged.String())
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// The registry's models are opened when asked for; the least used go.
func TestModelsComeAndGo(t *testing.T) {
	r := start(t, Options{MaxOpen: 2}, registryOf(t, prices, prices, prices, flowers))
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			version := fmt.Sprint(i%3 + 1)
			status, got := r.do(t, "POST", "/models/prices@"+version+"/predict", "", []byte(`{"rooms":2}`))
			if status != 200 || got["model"] != "prices@"+version || got["prediction"] != 6.0 {
				t.Errorf("version %s = %d %v", version, status, got)
			}
		})
	}
	wg.Wait()
	r.do(t, "POST", "/models/prices/predict", "", []byte(`{"rooms":2}`))
	r.do(t, "POST", "/models/flowers/predict", "", []byte(`{"colour":"red"}`))
	p := r.server.models
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.open) > 3 || p.open["flowers@1"] == nil {
		t.Errorf("open = %v, want about two, flowers among them", p.open)
	}
}

func TestMount(t *testing.T) {
	r := start(t, Options{Mount: func(mux *http.ServeMux) {
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "console") })
		mux.HandleFunc("GET /models/{name}", func(w http.ResponseWriter, r *http.Request) { panic("broken page") })
	}}, registryOf(t, prices))
	resp, err := http.Get(r.url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if p, _ := io.ReadAll(resp.Body); string(p) != "console" {
		t.Errorf("GET / = %q", p)
	}
	if status, got := r.do(t, "GET", "/models/prices", "", nil); status != 500 || !strings.HasPrefix(fmt.Sprint(got["error"]), "Internal error") {
		t.Errorf("a panic = %d %v", status, got)
	}
	if status, _ := r.do(t, "POST", "/models/prices/predict", "", []byte(`{"rooms":1}`)); status != 200 {
		t.Errorf("predict beside the console = %d", status)
	}
}

// Every path of the description is served, and every route is described.
func TestOpenAPI(t *testing.T) {
	r := start(t, Options{}, registryOf(t, prices))
	status, doc := r.do(t, "GET", "/openapi.json", "", nil)
	if status != 200 {
		t.Fatal(status)
	}
	described := map[string]bool{}
	for path, item := range doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			method = strings.ToUpper(method)
			described[method+" "+path] = true
			url := strings.NewReplacer("{model}", "prices", "{version}", "1").Replace(path)
			if status, _ := r.do(t, method, url, "", []byte(`x`)); status == 404 || status == 405 {
				t.Errorf("%s %s is described but answers %d", method, path, status)
			}
		}
	}
	for _, route := range []string{"POST /predict", "POST /v2/models/{model}/infer", "GET /v2/models/{model}/versions/{version}/ready", "GET /metrics"} {
		if !described[route] {
			t.Errorf("%s is not described", route)
		}
	}
}
