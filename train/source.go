package train

import (
	"context"
	"math/rand/v2"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Source gives the samples of a training set or of a validation set as rows of
// batches. Samples are numbered from 0 to Len()-1.
type Source interface {
	Len() int
	// Fill writes sample index[i] into row i of every tensor of batch, which has
	// the shapes that Inputs say with len(index) rows. With r the samples may be
	// augmented, drawing from r alone; with r nil they are taken as they are.
	// Fill may be called from several goroutines with different batches.
	Fill(batch []*tensor.Tensor, index []int, r *rand.Rand)
}

// Input describes one tensor of a batch, which is also an input of the graph.
type Input struct {
	Name  string
	DType tensor.DType
	Dims  []int // of one sample, without the batch axis; nil for one number each
}

// NewBatch makes zeroed tensors of rows rows for inputs.
func NewBatch(inputs []Input, rows int) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(inputs))
	for i, in := range inputs {
		out[i] = tensor.New(in.DType, append([]int{rows}, in.Dims...)...)
	}
	return out
}

// order returns the samples 0..n-1 in the order of an epoch; the same seed and
// epoch give the same order.
func order(n int, seed uint64, epoch int) []int {
	return rand.New(rand.NewPCG(seed, uint64(epoch))).Perm(n)
}

// feed makes the batches of a training run ahead of time. Worker w of W makes
// the batches w, w+W, w+2W, ..., each from a generator of its own number, so
// that the batches do not depend on timing or on the number of workers.
type feed struct {
	workers []*feeder
	next    int
}

type feeder struct {
	full chan []*tensor.Tensor // made, not yet used
	free chan []*tensor.Tensor // used, to be filled again
}

// startFeed starts workers that end when ctx does, from batch number first on.
// wait returns when all have ended.
func startFeed(ctx context.Context, c *Config, workers, first int) (f *feed, wait func()) {
	f = &feed{}
	done := make(chan struct{}, workers)
	for w := range workers {
		fr := &feeder{full: make(chan []*tensor.Tensor, 1), free: make(chan []*tensor.Tensor, 2)}
		for range cap(fr.free) {
			fr.free <- NewBatch(c.Inputs, c.Batch)
		}
		f.workers = append(f.workers, fr)
		go func() {
			defer func() { done <- struct{}{} }()
			fr.run(ctx, c, first+w, workers)
		}()
	}
	return f, func() {
		for range workers {
			<-done
		}
	}
}

func (fr *feeder) run(ctx context.Context, c *Config, first, stride int) {
	perEpoch := c.Source.Len() / c.Batch
	var perm []int
	epoch := -1
	for k := first; ; k += stride {
		if e := k / perEpoch; e != epoch {
			epoch, perm = e, order(c.Source.Len(), c.Seed, e)
		}
		var b []*tensor.Tensor
		select {
		case b = <-fr.free:
		case <-ctx.Done():
			return
		}
		at := k % perEpoch * c.Batch
		c.Source.Fill(b, perm[at:at+c.Batch], rand.New(rand.NewPCG(c.Seed^0x5bd1e995, uint64(k))))
		select {
		case fr.full <- b:
		case <-ctx.Done():
			return
		}
	}
}

// take returns the next batch; give hands it back when it has been used.
func (f *feed) take(ctx context.Context) (b []*tensor.Tensor, give func(), err error) {
	if err := context.Cause(ctx); err != nil {
		return nil, nil, err
	}
	fr := f.workers[f.next%len(f.workers)]
	f.next++
	select {
	case b = <-fr.full:
		return b, func() { fr.free <- b }, nil
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
}
