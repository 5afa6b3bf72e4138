package produce

import "time"

// Event is one thing that happened in a run of make. With --json each is one
// line on standard output; the terminal view and the console draw the same ones.
// Fields that do not belong to a kind are left out.
type Event struct {
	Event string    `json:"event"` // one of the names below
	Time  time.Time `json:"time"`

	Run     string `json:"run,omitempty"`
	Message string `json:"message,omitempty"` // a sentence for people

	Task    string `json:"task,omitempty"`
	Dataset string `json:"dataset,omitempty"` // NAME@VERSION
	Samples int    `json:"samples,omitempty"`

	Trial    int                `json:"trial,omitempty"` // from 1
	Recipe   string             `json:"recipe,omitempty"`
	Config   map[string]any     `json:"config,omitempty"`
	Rung     int                `json:"rung,omitempty"`
	Effort   string             `json:"effort,omitempty"`   // "1 of 5 folds", "11 % of the schedule"; empty for all of it
	Progress float64            `json:"progress,omitempty"` // of the trial, 0 to 1
	Values   map[string]float64 `json:"values,omitempty"`   // points of the learning curves

	Metric      string   `json:"metric,omitempty"`
	Score       *float64 `json:"score,omitempty"` // the trial's on validation
	Best        *float64 `json:"best,omitempty"`  // so far
	SecondsLeft *float64 `json:"seconds_left,omitempty"`

	Model      string   `json:"model,omitempty"` // NAME@VERSION
	Validation *float64 `json:"validation,omitempty"`
	Test       *float64 `json:"test,omitempty"`
	Seconds    float64  `json:"seconds,omitempty"`
	Report     string   `json:"report,omitempty"` // path of the HTML report
}

// The kinds of Event, in the order in which a run sends them.
const (
	EventStart    = "start"    // run, dataset path in Message
	EventData     = "data"     // dataset, task, samples
	EventFinding  = "finding"  // something the import decided or the audit found
	EventResume   = "resume"   // the run was begun before: seconds spent, finished trials in message
	EventTrial    = "trial"    // a trial starts: trial, recipe, config, rung
	EventProgress = "progress" // trial, progress, values, best, seconds_left
	EventScore    = "score"    // a trial ended: trial, recipe, score, best
	EventFailed   = "failed"   // a trial failed: trial, message; the search goes on
	EventEnsemble = "ensemble" // the weighted ensemble was made: score
	EventTest     = "test"     // the test part was looked at, once
	EventDone     = "done"     // the last line of a run that made a usable model
)
