// Package search looks for good candidates: it decides which recipe with which
// configuration is trained next and for how long, trains it, and keeps account.
//
// A Plan is a pure function from the finished trials (and, when it is limited by
// the clock, the time left) to the next job, so that a search that was killed
// goes on where it was and one by trials can be repeated exactly. It begins with
// the best default of each recipe, thins out configurations by successive
// halving (Jamieson and Talwalkar 2016, arXiv:1502.07943, promoting one by one as
// in Li et al. 2018, arXiv:1810.05934), and then samples and mutates around the
// best.
package search

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/macaw-ai/macaw/toolbox"
)

// What became of a trial.
const (
	Running = "running"
	Done    = "done"
	Failed  = "failed"
	Stopped = "stopped"
)

// Trial is one configuration on one rung, trained and validated.
type Trial struct {
	Number   int // from 1
	Recipe   string
	Config   toolbox.Config // every hyper-parameter of the recipe's space
	Rung     int
	Fidelity float64 // share of the recipe's full schedule
	Share    float64 // of that, how much time sufficed for; 0 means all of it
	Folds    int     // folds trained; 1 with a validation part too
	Final    bool    // a long training of the winner
	All      bool    // learnt from the validation samples too: it has no score
	Status   string

	Score   float64 // accuracy or R2 on validation: more is better
	Loss    float64 // log loss or mean squared error on validation
	Crit    float64 // what the search minimises
	Seconds float64
	Limit   float64 // seconds that each fit was given; 0 for no limit
	Steps   int
	Note    string
	Error   string

	Artifact string // blob with the models and their predictions on validation
}

// Key tells configurations apart: recipe and hyper-parameters.
func (t *Trial) Key() string { return key(t.Recipe, t.Config) }

func key(recipe string, c toolbox.Config) string {
	b, err := json.Marshal(c) // map keys are sorted
	if err != nil {
		panic("search: a hyper-parameter is no JSON value: " + err.Error())
	}
	return recipe + string(b)
}

// Job is what to train next.
type Job struct {
	Recipe   *toolbox.Recipe
	Config   toolbox.Config
	Rung     int
	Fidelity float64
	Folds    int
	Final    bool
	All      bool          // learn from the validation samples too
	Time     time.Duration // for the whole trial; 0 for no limit
	Seed     uint64        // added to the problem's seed
}

// Rung is a level of effort.
type Rung struct {
	Fidelity float64
	Folds    int
}

// Plan decides what is tried. Its fields do not change during a search.
type Plan struct {
	Recipes []*toolbox.Recipe
	Folds   int // of cross-validation; 1 means a validation part
	Rows    int // samples that validate the highest rung
	Learn   int // samples of one fit
	Classes int // 0 for regression
	Seed    uint64
	Trials  int           // how many; 0 means by the clock
	Total   time.Duration // by the clock: of the whole search
	// Whole says that the last of several long trainings may learn from the
	// validation samples too: what was held back to choose by is then not lost.
	Whole bool
	// Networks says that a network gets the long training even where a quick
	// baseline leads after the short trials, as on images, where time decides.
	Networks bool
}

// rungs are the three levels of effort. With a validation part it is the
// schedule that grows; with cross-validation first the schedule, then the folds.
func (p *Plan) rungs() [3]Rung {
	if p.Folds > 1 {
		return [3]Rung{{1.0 / 3, 1}, {1, 1}, {1, p.Folds}}
	}
	return [3]Rung{{1.0 / 9, 1}, {1.0 / 3, 1}, {1, 1}}
}

const (
	top = 2 // the highest rung
	eta = 3 // one in eta of a rung is promoted
)

// Next returns what to train next, given the trials so far (others than done and
// failed ones are ignored) and the time left. It returns false when the search
// is over.
func (p *Plan) Next(trials []Trial, left time.Duration) (Job, bool) {
	h := newHistory(p, trials)
	if p.Trials > 0 {
		return p.byTrials(h)
	}
	return p.byClock(h, left)
}

// small reports whether one fit is so cheap that lower rungs would not pay.
func (p *Plan) small() bool { return p.Folds > 1 && p.Learn <= 1000 }

func (p *Plan) job(r *toolbox.Recipe, c toolbox.Config, rung int) Job {
	level := p.rungs()[rung]
	return Job{Recipe: r, Config: c, Rung: rung, Fidelity: level.Fidelity, Folds: level.Folds}
}

// Margin is one standard error of a criterion of about crit on the rung.
func (p *Plan) Margin(crit float64, rung int) float64 {
	rows := float64(max(1, p.Rows*p.rungs()[rung].Folds/max(1, p.Folds)))
	if p.Classes == 0 {
		return max(crit, 0.01) * math.Sqrt(2/rows) // of a mean of squares, if errors are normal
	}
	e := min(max(crit, 1/rows), 1-1/rows)
	return math.Sqrt(e * (1 - e) / rows)
}

// byCrit sorts the best first; equal ones in their order.
func byCrit(trials []*Trial) {
	slices.SortStableFunc(trials, func(a, b *Trial) int {
		switch {
		case a.Crit < b.Crit:
			return -1
		case a.Crit > b.Crit:
			return 1
		}
		return a.Number - b.Number
	})
}
