package serve

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are the server's own; names end in their unit.
type metrics struct {
	registry *prometheus.Registry

	requests *prometheus.CounterVec   // by endpoint, model, code
	seconds  *prometheus.HistogramVec // by endpoint, model
	queued   *prometheus.HistogramVec // by model
	run      *prometheus.HistogramVec // by model
	batch    *prometheus.HistogramVec // by model
	waiting  *prometheus.GaugeVec     // by model
	refused  *prometheus.CounterVec   // by reason
}

// latencies are the histograms' bounds in seconds.
var latencies = []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30}

func newMetrics() *metrics {
	histogram := func(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("macaw_serve_requests_total", "Requests answered.", "endpoint", "model", "code"),
		seconds:  histogram("macaw_serve_request_seconds", "Time from a request's header to the end of its answer.", latencies, "endpoint", "model"),
		queued:   histogram("macaw_serve_queue_seconds", "Time that a request waited for the model.", latencies, "model"),
		run:      histogram("macaw_serve_run_seconds", "Time of one run of the model on a batch.", latencies, "model"),
		batch:    histogram("macaw_serve_batch_samples", "Samples in one run of the model.", prometheus.ExponentialBuckets(1, 2, 11), "model"),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "macaw_serve_waiting_requests", Help: "Requests that wait for the model."}, []string{"model"}),
		refused: counter("macaw_serve_refused_requests_total", "Requests refused because the server was overloaded.", "reason"),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.queued, m.run, m.batch, m.waiting, m.refused,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// forget drops the series of a model that was closed.
func (m *metrics) forget(model string) { m.waiting.DeleteLabelValues(model) }
