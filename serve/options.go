// Package serve answers for models: over HTTP by the Open Inference Protocol v2
// and by a plain POST /predict, and offline for files, folders and tables.
//
// The server speaks net/http alone. Its bodies are images, texts and tensors of
// any shape, and the protocol fixes its own error objects, so that a framework
// that derives handlers from Go structs would describe little and hide much; the
// OpenAPI description at /openapi.json is written by hand and tested.
package serve

import (
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/macaw-ai/macaw/chip"
	"github.com/macaw-ai/macaw/internal/fault"
)

// Options configures a Server. The zero value serves every model of the
// registry on a loopback port.
type Options struct {
	Addr   string // "" means 127.0.0.1:8700
	Remote bool   // allow an address that is not loopback; nothing asks for a login
	// Models are the references (NAME, NAME@VERSION or a folder) to open at once
	// and to serve alone. None means every model of the registry, opened when it is
	// first asked for.
	Models []string
	Device chip.Device // needed

	MaxBatch  int           // most samples of one run; 0 means what suits the model
	BatchWait time.Duration // how long a batch of several requests waits for more; 0 means 2ms, negative not at all
	Queue     int           // most requests that wait for a model; 0 means 256
	InFlight  int           // most requests that are read or answered at once; 0 means 512
	MaxBody   int64         // bytes of a request; 0 means 32 MiB
	MaxRows   int           // most samples of one request; 0 means 4096
	MaxPixels int           // most pixels of one image; 0 means 32 Mi
	MaxOpen   int           // most models open at once when Models is empty; 0 means 8
	Timeout   time.Duration // of one request, reading its body included; 0 means 30s
	Grace     time.Duration // how long a shutdown waits for running requests; 0 means 15s

	Version string       // of Macaw, for GET /v2
	Log     *slog.Logger // nil means slog.Default()
	// Mount adds routes of others, such as the console, to the same server.
	Mount func(mux *http.ServeMux)
	// Started is told the address that the server listens on.
	Started func(addr net.Addr)
}

func (o Options) withDefaults() Options {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:8700"
	}
	fill(&o.BatchWait, 2*time.Millisecond)
	fill(&o.Queue, 256)
	fill(&o.InFlight, 512)
	fill(&o.MaxBody, 32<<20)
	fill(&o.MaxRows, 4096)
	fill(&o.MaxPixels, 32<<20)
	fill(&o.MaxOpen, 8)
	fill(&o.Timeout, 30*time.Second)
	fill(&o.Grace, 15*time.Second)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func fill[T int | int64 | time.Duration](p *T, v T) {
	if *p == 0 {
		*p = v
	}
}

func (o *Options) validate() error {
	if o.Device == nil {
		return fault.Errorf(fault.Internal, "The server was given no device.")
	}
	if o.MaxBatch < 0 || o.Queue < 0 || o.InFlight < 0 || o.MaxBody < 0 || o.MaxRows < 0 || o.MaxPixels < 0 || o.MaxOpen < 0 || o.Timeout < 0 || o.Grace < 0 {
		return fault.Errorf(fault.Invalid, "The server's limits must not be negative.")
	}
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return fault.Errorf(fault.Invalid, "%q is no address to serve on; write HOST:PORT, such as 127.0.0.1:8700.", o.Addr)
	}
	if !o.Remote && !isLoopback(host) {
		return fault.Errorf(fault.Invalid, "%s can be reached from other machines, and nothing asks for a login; use 127.0.0.1 or allow it with --remote.", o.Addr)
	}
	return nil
}

// isLoopback reports whether a host name or address stays on this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
