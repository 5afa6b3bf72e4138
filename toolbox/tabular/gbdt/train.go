package gbdt

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/macaw-ai/macaw/toolbox/tabular/tree"
)

// Data is rows of features with what is to be predicted.
type Data struct {
	X []float32 // [rows, features], row after row; NaN is missing
	Y []float32 // [rows]: the target, or the class as a whole number
}

// Round is reported after each round of boosting.
type Round struct {
	Number int       // from 1
	Loss   float64   // mean validation loss after it; NaN without validation rows
	Scores []float32 // raw scores on the validation rows, [rows, outputs]; valid during the call only
}

// Train boosts trees on bins, which quantised a set with labels y, and stops
// early by the loss on val, whose rows may be none. The ensemble holds the
// rounds up to the best one. report may be nil; it is called after each round.
//
// The same data, options and seed give the same trees for any number of threads.
func Train(ctx context.Context, bins *Bins, y []float32, val Data, opts Options, report func(Round)) (*tree.Ensemble, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	if len(y) != bins.Rows || bins.Rows == 0 {
		return nil, fmt.Errorf("gbdt: %d labels for %d rows", len(y), bins.Rows)
	}
	b := newBooster(bins, y, opts)
	features := len(bins.Columns)
	scores := make([]float32, len(val.Y)*b.outputs)
	for i := range scores {
		scores[i] = b.model.Base[i%b.outputs]
	}
	best, bestRound := math.Inf(1), 0
	for round := 1; round <= opts.Rounds; round++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if opts.Stop != nil && round > 1 && opts.Stop() {
			break
		}
		grown := b.round(ctx, round)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		loss := math.NaN()
		if len(val.Y) > 0 {
			tree.Chunks(len(val.Y), 256, opts.Threads, func(low, high int) {
				for t := range grown {
					for r := low; r < high; r++ {
						grown[t].Add(val.X[r*features:(r+1)*features], scores[r*b.outputs:(r+1)*b.outputs])
					}
				}
			})
			if loss = meanLoss(opts.Loss, val.Y, scores, b.outputs); loss < best {
				best, bestRound = loss, round
			}
		}
		if report != nil {
			report(Round{round, loss, scores})
		}
		if opts.Patience > 0 && len(val.Y) > 0 && round-bestRound >= opts.Patience {
			break
		}
	}
	if opts.Patience > 0 && len(val.Y) > 0 {
		b.model.Trees = b.model.Trees[:bestRound*b.outputs]
	}
	return b.model, nil
}

// booster is the state of a training.
type booster struct {
	opts       Options
	outputs    int
	y          []float32
	model      *tree.Ensemble
	growers    []*grower
	scores     [][]float32 // [output][row], as grad and hess
	grad, hess [][]float32
}

func newBooster(bins *Bins, y []float32, opts Options) *booster {
	k := opts.outputs()
	b := &booster{opts: opts, outputs: k, y: y}
	b.model = &tree.Ensemble{Features: len(bins.Columns), Outputs: k, Base: base(opts.Loss, y, k)}
	b.scores, b.grad, b.hess = planes(k, len(y)), planes(k, len(y)), planes(k, len(y))
	for c, s := range b.scores {
		for r := range s {
			s[r] = b.model.Base[c]
		}
	}
	// The trees of a round are independent: several classes share the threads
	// by tree, a single output shares them by column.
	workers, inner := min(opts.Threads, k), 1
	if k == 1 {
		inner = opts.Threads
	}
	for range workers {
		b.growers = append(b.growers, newGrower(bins, &b.opts, inner))
	}
	return b
}

func planes(k, n int) [][]float32 {
	flat, out := make([]float32, k*n), make([][]float32, k)
	for i := range out {
		out[i] = flat[i*n : (i+1)*n : (i+1)*n]
	}
	return out
}

// round grows one tree per output and returns them; they are incomplete once
// ctx has ended.
func (b *booster) round(ctx context.Context, number int) []tree.Tree {
	gradients(b.opts.Loss, b.y, b.scores, b.grad, b.hess, b.opts.Threads)
	grown := make([]tree.Tree, b.outputs)
	grow := func(worker int) {
		for c := worker; c < b.outputs && ctx.Err() == nil; c += len(b.growers) {
			rng := rand.New(rand.NewPCG(b.opts.Seed, uint64(number)<<20+uint64(c)))
			grown[c] = b.growers[worker].grow(b.grad[c], b.hess[c], c, b.scores[c], rng)
		}
	}
	if len(b.growers) == 1 {
		grow(0)
	} else {
		var wg sync.WaitGroup
		for w := range b.growers {
			wg.Go(func() { grow(w) })
		}
		wg.Wait()
	}
	b.model.Trees = append(b.model.Trees, grown...)
	return grown
}
