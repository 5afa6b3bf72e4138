package serve

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
)

// record is what a handler tells the middleware about its request.
type record struct {
	id      string
	model   string // NAME@VERSION
	samples int
	err     error // shown to the client, logged here
}

type recordKey struct{}

func recordOf(r *http.Request) *record {
	if rec, ok := r.Context().Value(recordKey{}).(*record); ok {
		return rec
	}
	return &record{}
}

// wrap puts around all routes what every request needs: an id, the log, the
// metrics, a net under panics, and the guards against other web pages.
func (s *Server) wrap(mux http.Handler) http.Handler {
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &record{id: requestID(r)}
		start := time.Now()
		r = r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
		w.Header().Set("X-Request-Id", rec.id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		sw := &statusWriter{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				s.o.Log.Error("request panicked", "id", rec.id, "panic", p, "stack", string(debug.Stack()))
				if sw.status == 0 {
					writeError(sw, r, errors.New("panic"))
				}
			}
			s.account(r, rec, sw, time.Since(start))
		}()
		if !s.o.Remote && !localHost(r.Host) {
			writeError(sw, r, fault.Errorf(fault.Invalid, "This server answers for localhost alone; start it with --remote to use another name."))
			return
		}
		guarded.ServeHTTP(sw, r)
	})
}

// account logs and counts a finished request.
func (s *Server) account(r *http.Request, rec *record, sw *statusWriter, took time.Duration) {
	endpoint := r.Pattern
	if endpoint == "" {
		endpoint = "other"
	}
	status := sw.status
	if status == 0 {
		status = http.StatusOK
	}
	s.metrics.requests.WithLabelValues(endpoint, rec.model, strconv.Itoa(status)).Inc()
	s.metrics.seconds.WithLabelValues(endpoint, rec.model).Observe(took.Seconds())
	attrs := []any{"id", rec.id, "method", r.Method, "path", r.URL.Path, "status", status, "seconds", took.Seconds()}
	if rec.model != "" {
		attrs = append(attrs, "model", rec.model, "samples", rec.samples)
	}
	if rec.err != nil {
		attrs = append(attrs, "error", rec.err.Error())
	}
	level := slog.LevelDebug
	switch {
	case status >= 500:
		level = slog.LevelWarn
	case rec.model != "" || rec.err != nil:
		level = slog.LevelInfo
	}
	s.o.Log.Log(r.Context(), level, "request", attrs...)
}

// requestID is the client's X-Request-Id when it is harmless, else a new one.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-_.:", c))
	}) {
		return rand.Text()[:16]
	}
	return id
}

// localHost reports whether a Host header names this machine. A page whose name
// was made to lead here (DNS rebinding) has another one.
func localHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	return isLoopback(host) || strings.HasSuffix(host, ".localhost")
}

// limited bounds the requests that are worked on at once, their bodies and their
// time, and refuses new ones while the server shuts down.
func (s *Server) limited(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.inFlight <- struct{}{}:
			defer func() { <-s.inFlight }()
		default:
			s.metrics.refused.WithLabelValues("in_flight").Inc()
			writeError(w, r, fault.Errorf(fault.Unavailable, "The server has more requests than it can answer; try again later."))
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.o.Timeout)
		defer cancel()
		deadline := time.Now().Add(s.o.Timeout)
		control := http.NewResponseController(w)
		control.SetReadDeadline(deadline) // fails only where there is no connection
		control.SetWriteDeadline(deadline.Add(s.o.Timeout))
		r.Body = http.MaxBytesReader(w, r.Body, s.o.MaxBody)
		h(w, r.WithContext(ctx))
	}
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
