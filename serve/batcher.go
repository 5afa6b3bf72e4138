package serve

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
)

// tensors are a model's inputs or outputs by name.
type tensors = map[string]*tensor.Tensor

// batcher runs a model for many requests. While the model runs, requests queue;
// the next run takes all that fit together. A lone request never waits for others.
type batcher struct {
	model   *model.Predictor
	most    int           // samples of one run
	wait    time.Duration // for more requests, when several are there already
	metrics *metrics

	jobs chan *job
	stop chan struct{} // closed to end the loop
	done chan struct{} // closed when the loop has ended
}

// job is one request's samples.
type job struct {
	ctx    context.Context
	inputs tensors
	n      int    // samples
	shape  string // jobs of the same shape may share a run
	since  time.Time
	answer chan answer // buffered: the loop never waits for a request
}

type answer struct {
	outputs tensors
	err     error
}

func newBatcher(p *model.Predictor, o *Options, m *metrics) *batcher {
	b := &batcher{model: p, most: o.MaxBatch, wait: o.BatchWait, metrics: m,
		jobs: make(chan *job, o.Queue), stop: make(chan struct{}), done: make(chan struct{})}
	if b.most == 0 {
		b.most = p.BatchLimit()
	}
	go b.loop()
	return b
}

// close ends the loop after what is queued and waits for it.
func (b *batcher) close() {
	close(b.stop)
	<-b.done
	b.metrics.forget(b.model.Ref)
}

// infer runs the model on n samples. A full queue is fault.Unavailable at once.
func (b *batcher) infer(ctx context.Context, inputs tensors, n int) (tensors, error) {
	j := &job{ctx: ctx, inputs: inputs, n: n, shape: shapeOf(inputs), since: time.Now(), answer: make(chan answer, 1)}
	select {
	case b.jobs <- j:
	default:
		b.metrics.refused.WithLabelValues("queue").Inc()
		return nil, fault.Errorf(fault.Unavailable, "The model has more requests than it can answer; try again later.")
	}
	b.metrics.waiting.WithLabelValues(b.model.Ref).Inc()
	select {
	case a := <-j.answer:
		return a.outputs, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// shapeOf tells which jobs can share a run: all inputs agree but for the batch.
func shapeOf(inputs tensors) string {
	var names []string
	for name := range inputs {
		names = append(names, name)
	}
	slices.Sort(names)
	var key []byte
	for _, name := range names {
		t := inputs[name]
		key = fmt.Appendf(key, "%s %v %v;", name, t.DType(), t.Shape()[1:])
	}
	return string(key)
}

func (b *batcher) loop() {
	defer close(b.done)
	var waiting []*job
	for {
		if len(waiting) == 0 {
			select {
			case j := <-b.jobs:
				waiting = append(waiting, j)
			case <-b.stop:
				if len(b.jobs) == 0 {
					return
				}
				continue
			}
		}
		waiting = b.gather(waiting)
		var batch []*job
		batch, waiting = split(waiting, b.most)
		b.run(batch)
	}
}

// gather adds what is queued and, when several requests are there that do not
// fill a run yet, waits a little for more.
func (b *batcher) gather(waiting []*job) []*job {
	for more := true; more && len(waiting) < cap(b.jobs); {
		select {
		case j := <-b.jobs:
			waiting = append(waiting, j)
		default:
			more = false
		}
	}
	if len(waiting) < 2 || b.wait <= 0 {
		return waiting
	}
	timer := time.NewTimer(b.wait)
	defer timer.Stop()
	for samples(waiting) < b.most {
		select {
		case j := <-b.jobs:
			waiting = append(waiting, j)
		case <-timer.C:
			return waiting
		case <-b.stop:
			return waiting
		}
	}
	return waiting
}

func samples(jobs []*job) int {
	n := 0
	for _, j := range jobs {
		n += j.n
	}
	return n
}

// split takes the first job and those behind it that fit into its run.
func split(waiting []*job, most int) (batch, rest []*job) {
	n := 0
	for i, j := range waiting {
		if i == 0 || j.shape == waiting[0].shape && n+j.n <= most {
			batch = append(batch, j)
			n += j.n
		} else {
			rest = append(rest, j)
		}
	}
	return batch, rest
}

// run answers the jobs of one batch. When the run fails, each is tried alone, so
// that one request cannot spoil another's answer.
func (b *batcher) run(batch []*job) {
	ref := b.model.Ref
	var live []*job
	for _, j := range batch {
		b.metrics.waiting.WithLabelValues(ref).Dec()
		b.metrics.queued.WithLabelValues(ref).Observe(time.Since(j.since).Seconds())
		if j.ctx.Err() == nil { // else nobody waits for it
			live = append(live, j)
		}
	}
	if len(live) == 0 {
		return
	}
	outputs, err := b.together(live)
	if err != nil && len(live) > 1 {
		for _, j := range live {
			outputs, err := b.together([]*job{j})
			j.answer <- answer{outputs, err}
		}
		return
	}
	from := 0
	for _, j := range live {
		a := answer{err: err}
		if err == nil {
			a.outputs = rows(outputs, from, from+j.n)
		}
		from += j.n
		j.answer <- a
	}
}

// together runs the model once on all samples of the jobs.
func (b *batcher) together(jobs []*job) (outputs tensors, err error) {
	defer func() {
		if r := recover(); r != nil {
			outputs, err = nil, fmt.Errorf("run model %s: %v", b.model.Ref, r)
		}
	}()
	ctx, n := context.Background(), samples(jobs)
	if len(jobs) == 1 {
		ctx = jobs[0].ctx
	}
	inputs := tensors{}
	for name := range jobs[0].inputs {
		var parts []*tensor.Tensor
		for _, j := range jobs {
			parts = append(parts, j.inputs[name])
		}
		if inputs[name], err = model.Stack(parts); err != nil {
			return nil, err
		}
	}
	return b.inRuns(ctx, inputs, n)
}

// inRuns runs the model on at most b.most samples at a time.
func (b *batcher) inRuns(ctx context.Context, inputs tensors, n int) (tensors, error) {
	parts := map[string][]*tensor.Tensor{}
	for from := 0; from < n; from += b.most {
		to := min(from+b.most, n)
		start := time.Now()
		outputs, err := b.model.Run(ctx, rows(inputs, from, to), to-from)
		if err != nil {
			return nil, err
		}
		b.metrics.run.WithLabelValues(b.model.Ref).Observe(time.Since(start).Seconds())
		b.metrics.batch.WithLabelValues(b.model.Ref).Observe(float64(to - from))
		for name, t := range outputs {
			parts[name] = append(parts[name], t)
		}
	}
	all := tensors{}
	for name, p := range parts {
		t, err := model.Stack(p)
		if err != nil {
			return nil, fmt.Errorf("output %q: %w", name, err)
		}
		all[name] = t
	}
	return all, nil
}

func rows(ts tensors, from, to int) tensors {
	out := make(tensors, len(ts))
	for name, t := range ts {
		out[name] = model.Rows(t, from, to)
	}
	return out
}
