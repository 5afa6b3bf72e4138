package produce

import (
	"cmp"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/produce/result"
	"github.com/macaw-ai/macaw/produce/search"
	"github.com/macaw-ai/macaw/toolbox"
)

// schedule divides a budget between the search and what comes after it: merging
// and writing the model, the test, the report. What those take is measured while
// the search runs, not guessed.
type schedule struct {
	o     *Options
	work  *assignment
	begun time.Duration // spent when the search began

	speed   map[string]float64 // seconds per sample of one fold's model, by recipe
	handled time.Duration      // spent on loading, merging and opening models in rehearsals
	bytes   int64              // of those models
	members []weight           // the full trials that would be members, the best first
	largest int64              // bytes of the largest artifact seen
	refit   float64            // seconds of the longest fit that may be made again
}

func newSchedule(o *Options, work *assignment) *schedule {
	s := &schedule{o: o, work: work, speed: map[string]float64{}}
	s.begun = time.Since(o.Started)
	return s
}

// left is what the search may still use.
func (s *schedule) left() time.Duration {
	return s.o.Budget - time.Since(s.o.Started) - s.reserve()
}

// total is what the whole search may use, sessions before included.
func (s *schedule) total() time.Duration {
	import_ := min(s.begun, s.o.Budget/4) // the rest was spent by sessions before
	return max(0, s.o.Budget-import_-s.reserve())
}

// handling is how often a model's bytes are handled after the search (merged,
// encoded, summed, written, read and opened) compared with a rehearsal.
const handling = 2.5

// mostReserve is the share of the budget that is kept from the search at most.
const mostReserve = 0.4

// reserve is what must be left when the search ends: for one more fit to all
// samples, where recipes learn anew, and for what comes after it.
func (s *schedule) reserve() time.Duration {
	return min(s.after()+seconds(1.2*s.refit), seconds(mostReserve*s.o.Budget.Seconds()))
}

func seconds(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }

// after is what packaging, test and report need: a part by the budget, the
// handling of as many models as the package may hold, and the test by the
// slowest recipes tried out.
func (s *schedule) after() time.Duration {
	base := 300*time.Millisecond + s.o.Budget/100
	if len(s.speed) == 0 {
		return base + s.o.Budget/50
	}
	var members []float64 // seconds per sample
	for recipe, v := range s.speed {
		if !s.work.learnsAnew(toolbox.Lookup(recipe)) {
			v *= float64(len(s.work.folds))
		}
		members = append(members, v)
	}
	slices.Sort(members)
	test := 0.0
	for _, v := range members[max(0, len(members)-memberLimit(s.work)):] {
		test += v * float64(len(s.work.test))
	}
	bytes := int64(0)
	for _, w := range s.members {
		bytes += w.bytes
	}
	if len(s.members) == 0 {
		bytes = s.largest
	}
	return base + seconds(1.1*test+handling*s.handled.Seconds()*float64(bytes)/float64(max(1, s.bytes)))
}

// weight is the size of a trial's artifact.
type weight struct {
	crit  float64
	bytes int64
}

// weigh notes the size of a finished trial's artifact.
func (s *schedule) weigh(t *search.Trial, bytes int64) {
	s.largest = max(s.largest, bytes)
	if t.Folds < len(s.work.folds) || t.Fidelity < 1 && !t.Final {
		return
	}
	s.members = append(s.members, weight{t.Crit, bytes})
	slices.SortStableFunc(s.members, func(a, b weight) int { return cmp.Compare(a.crit, b.crit) })
	s.members = s.members[:min(len(s.members), memberLimit(s.work))]
}

// memberLimit keeps packages small and prediction fast.
func memberLimit(a *assignment) int {
	switch {
	case a.version.Kind == data.KindImage, a.version.Kind == data.KindText:
		return 3
	case len(a.folds) > 5:
		return 3
	}
	return 4
}

// limitMemory keeps the collector from letting garbage grow to what the live
// data alone would not need; v is nil before the import.
func limitMemory(v *data.Version) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return // the user knows better
	}
	if v == nil {
		debug.SetMemoryLimit(importMemory)
		return
	}
	limit := int64(750 << 20)
	if v.Kind == data.KindImage {
		limit = 350 << 20
		if pixels := int64(v.Count) * int64(v.Image.Width*v.Image.Height*max(1, v.Image.Channels)); pixels > 4<<20 {
			limit = 1100 << 20
		}
	}
	debug.SetMemoryLimit(limit)
}

// importMemory bounds garbage while the data's size is not known.
const importMemory = 600 << 20

// phases notes where the wall clock goes.
type phases struct {
	mu   sync.Mutex
	list []result.Phase
}

// begin starts a phase; the returned function ends it.
func (p *phases) begin(name string) (end func()) {
	began := time.Now()
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.list = append(p.list, result.Phase{Name: name, Seconds: time.Since(began).Seconds()})
	}
}
