package produce

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/model"
	"github.com/macaw-ai/macaw/produce/metric"
	"github.com/macaw-ai/macaw/produce/result"
)

// DefaultBudget is what a run may take when nothing else is asked for.
const DefaultBudget = 5 * time.Minute

// MinBudget is the shortest budget that is accepted.
const MinBudget = time.Second

// Options says what to make. Only Path is needed.
type Options struct {
	Path    string        // folder, file or archive with the data
	Target  string        // target column; empty: found out
	Task    string        // empty: found out
	Name    string        // of the dataset and the model; empty: after the path
	Budget  time.Duration // wall clock of the whole run; 0: DefaultBudget, unless Trials is set
	Trials  int           // so many trials instead of a budget; nothing then depends on the clock
	Seed    uint64
	Threads int         // 0: all cores
	Observe func(Event) // is told what happens, one event at a time; nil: nobody
	Started time.Time   // when the clock of the budget began; zero: now
	Version string      // of Macaw, for the card
	Device  DeviceMaker // makes what computes, with so many threads
}

func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Trials < 0:
		return o, fault.Errorf(fault.Invalid, "The number of trials must be 1 or more, not %d.", o.Trials)
	case o.Trials > 0 && o.Budget > 0:
		return o, fault.Errorf(fault.Invalid, "A budget and a number of trials exclude each other; give one of them.")
	case o.Budget != 0 && o.Budget < MinBudget:
		return o, fault.Errorf(fault.Invalid, "A budget of %v is too short; give %v or more.", o.Budget, MinBudget)
	}
	if o.Name != "" {
		if err := model.CheckName(o.Name); err != nil {
			return o, err
		}
	}
	if o.Trials == 0 && o.Budget == 0 {
		o.Budget = DefaultBudget
	}
	if o.Started.IsZero() {
		o.Started = time.Now()
	}
	if o.Observe == nil {
		o.Observe = func(Event) {}
	}
	return o, nil
}

// searchKey is equal for the very same search.
func (o *Options) searchKey(v *data.Version, name string) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s|%s|%v|%d|%d", v.Hash, name, o.Budget, o.Trials, o.Seed)))
	return hex.EncodeToString(sum[:])
}

// Command is the command line that repeats the run.
func (o *Options) command() string {
	words := []string{"macaw", "make", quoted(o.Path)}
	for _, f := range []struct {
		flag, value string
		set         bool
	}{
		{"--target", quoted(o.Target), o.Target != ""}, {"--task", o.Task, o.Task != ""}, {"--name", o.Name, o.Name != ""},
		{"--budget", fmt.Sprint(o.Budget), o.Budget != 0 && o.Budget != DefaultBudget},
		{"--trials", fmt.Sprint(o.Trials), o.Trials > 0}, {"--seed", fmt.Sprint(o.Seed), o.Seed != 0},
	} {
		if f.set {
			words = append(words, f.flag, f.value)
		}
	}
	return strings.Join(words, " ")
}

func quoted(s string) string {
	if strings.ContainsAny(s, " \t'\"$&|;()<>*?") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// metricOf is the metric that chooses for a task.
func metricOf(regression bool) string {
	if regression {
		return metric.R2
	}
	return metric.Accuracy
}

// Outcome is what a run of make leaves behind.
type Outcome struct {
	Model  string // NAME@VERSION
	Dir    string // the package's folder
	Report string // path of the HTML report; empty when it could not be written
	Result *result.Result
}

func pointer(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
