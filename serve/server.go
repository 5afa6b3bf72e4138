package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

// Server answers for models over HTTP.
type Server struct {
	o        Options
	models   *pool
	metrics  *metrics
	inFlight chan struct{} // one token for each request that may be worked on
	draining atomic.Bool
	handler  http.Handler
}

// New makes a server over a registry, which may be nil when o.Models are folders
// alone. The models named in o are opened. Close or Run must be called.
func New(o Options, reg *model.Registry) (*Server, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Server{o: o, metrics: newMetrics(), inFlight: make(chan struct{}, o.InFlight)}
	s.models = newPool(&s.o, reg, s.metrics)
	if err := s.models.pin(context.Background(), o.Models); err != nil {
		s.Close()
		return nil, err
	}
	s.handler = s.wrap(s.routes())
	return s, nil
}

// Handler answers all requests of the server.
func (s *Server) Handler() http.Handler { return s.handler }

// Close closes the models. No request may be running.
func (s *Server) Close() { s.models.close() }

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2", s.getServer)
	mux.HandleFunc("GET /v2/health/live", s.getLive)
	mux.HandleFunc("GET /v2/health/ready", s.getReady)
	for _, path := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		mux.HandleFunc("GET "+path, s.getModel)
		mux.HandleFunc("GET "+path+"/ready", s.getModelReady)
		mux.HandleFunc("POST "+path+"/infer", s.limited(s.postInfer))
	}
	mux.HandleFunc("POST /predict", s.limited(s.postPredict))
	mux.HandleFunc("POST /models/{model}/predict", s.limited(s.postPredict))
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /openapi.json", getOpenAPI)
	if s.o.Mount != nil {
		s.o.Mount(mux)
	} else {
		mux.HandleFunc("GET /{$}", s.getIndex)
	}
	return mux
}

// Run listens on the address of the options and serves until ctx ends; see Serve.
func (s *Server) Run(ctx context.Context) error {
	ln, err := net.Listen("tcp", s.o.Addr)
	if err != nil {
		s.Close()
		return fault.Errorf(fault.Unavailable, "Cannot serve on %s: %w.", s.o.Addr, errors.Unwrap(err))
	}
	return s.Serve(ctx, ln)
}

// Serve answers requests on ln until ctx ends. It then takes no more, waits for
// those that run, at most as long as the options' Grace, and closes the models.
// Everything has stopped when it returns, with nil after a shutdown.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	defer s.Close()
	// Requests outlive ctx by the grace period, so they do not descend from it.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	h := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return base },
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(ln) }()
	s.o.Log.Info("serving", "address", ln.Addr().String())
	if s.o.Started != nil {
		s.o.Started(ln.Addr())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	return s.shutdown(h, cancel, failed)
}

func (s *Server) shutdown(h *http.Server, cancel func(), failed <-chan error) error {
	s.draining.Store(true)
	start := time.Now()
	grace, stop := context.WithTimeout(context.Background(), s.o.Grace)
	defer stop()
	err := h.Shutdown(grace)
	if err != nil { // requests that do not end in time are cut off
		cancel()
		h.Close()
	}
	<-failed // http.ErrServerClosed
	s.waitIdle()
	s.o.Log.Info("stopped serving", "seconds", time.Since(start).Seconds(), "cut_off", err != nil)
	return nil
}

// waitIdle takes every token of inFlight: no handler is left that uses a model.
func (s *Server) waitIdle() {
	for range cap(s.inFlight) {
		s.inFlight <- struct{}{}
	}
}
