package train

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// Status says how a run or a trial stands.
type Status string

// The states of runs and trials.
const (
	Running Status = "running"
	Done    Status = "done"
	Stopped Status = "stopped" // ended early by the user, or its process died; can be resumed
	Failed  Status = "failed"
)

// Run is one search for a model. Scores that are not known are NaN.
type Run struct {
	ID            string // made by Begin: the time of the start and some letters
	Name          string // of the model to make
	DatasetHash   string
	Task          string
	Metric        string
	SearchKey     string // equal for the very same search, which only one process may run at a time
	Status        Status
	Seed          uint64
	BudgetSeconds float64 // 0: limited by Trials
	Trials        int     // 0: limited by BudgetSeconds
	Config        map[string]any
	SpentSeconds  float64 // wall clock, sessions before a resume included
	Best          int     // number of the best trial, 0 for none yet
	Validation    float64
	Test          float64
	Model         string // NAME@VERSION
	ReportBlob    string // hash of the result
	Error         string
	Started       time.Time
	Finished      time.Time // zero while it runs
}

// Runs keeps runs, their trials and learning curves in the home's database.
type Runs struct{ st *store.Store }

// NewRuns gives access to the runs of a home.
func NewRuns(st *store.Store) *Runs { return &Runs{st} }

// Ownership is a run that this process works on. It ends with End or with the
// process; the run is then free to be resumed.
type Ownership struct {
	Run     Run
	Resumed bool // the run was begun before, by a process that stopped or died
	locks   []*store.Lock
}

// End gives the run up. Its row must be updated before.
func (o *Ownership) End() {
	for _, l := range o.locks {
		l.Unlock()
	}
}

// Begin resumes the unfinished run with r's search key, or creates r when there
// is none. While another live process runs the same search it is fault.Conflict.
// A resumed run keeps its row; trials that were running count as stopped.
func (rs *Runs) Begin(ctx context.Context, r Run) (*Ownership, error) {
	search, err := rs.st.TryLock("search " + r.SearchKey)
	if err != nil {
		if fault.CodeOf(err) == fault.Conflict {
			err = fault.Errorf(fault.Conflict, "This very search is running already; wait for it, or change its seed, budget or name. (%w)", err)
		}
		return nil, err
	}
	o := &Ownership{locks: []*store.Lock{search}}
	if err := rs.begin(ctx, o, r); err != nil {
		o.End()
		return nil, err
	}
	return o, nil
}

func (rs *Runs) begin(ctx context.Context, o *Ownership, r Run) error {
	old, err := rs.unfinished(ctx, r.SearchKey)
	switch {
	case err == nil:
		o.Run, o.Resumed = *old, true
	case errors.Is(err, sql.ErrNoRows):
		o.Run = r
		o.Run.ID = newID(time.Now())
		o.Run.Started = time.Now()
	default:
		return rs.st.Explain(err)
	}
	lock, err := rs.st.TryLock(ownerLock(o.Run.ID))
	if err != nil {
		return err
	}
	o.locks = append(o.locks, lock)
	o.Run.Status, o.Run.Finished, o.Run.Error = Running, time.Time{}, ""
	if !o.Resumed {
		return rs.insert(ctx, o.Run)
	}
	if _, err := rs.st.DB.ExecContext(ctx, `UPDATE trials SET status = 'stopped' WHERE run_id = ? AND status = 'running'`, o.Run.ID); err != nil {
		return rs.st.Explain(fmt.Errorf("resume run %s: %w", o.Run.ID, err))
	}
	return rs.Update(ctx, o.Run)
}

func (rs *Runs) unfinished(ctx context.Context, key string) (*Run, error) {
	return scanRun(rs.st.DB.QueryRowContext(ctx, selectRun+`
		WHERE search_key = ? AND status IN ('running', 'stopped') ORDER BY started DESC LIMIT 1`, key))
}

// Get returns the run with an ID, or fault.NotFound. A run whose process died
// is Stopped.
func (rs *Runs) Get(ctx context.Context, id string) (*Run, error) {
	r, err := scanRun(rs.st.DB.QueryRowContext(ctx, selectRun+` WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Errorf(fault.NotFound, "There is no run %q; `macaw runs ls` lists them.", id)
	}
	if err != nil {
		return nil, rs.st.Explain(fmt.Errorf("read run %s: %w", id, err))
	}
	rs.settle(r)
	return r, nil
}

// List returns all runs, the newest first.
func (rs *Runs) List(ctx context.Context) ([]Run, error) {
	rows, err := rs.st.DB.QueryContext(ctx, selectRun+` ORDER BY started DESC, id DESC`)
	if err != nil {
		return nil, rs.st.Explain(fmt.Errorf("list runs: %w", err))
	}
	defer rows.Close()
	var runs []Run
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		rs.settle(r)
		runs = append(runs, *r)
	}
	return runs, rs.st.Explain(rows.Err())
}

// settle turns a run that its process left behind into a stopped one.
func (rs *Runs) settle(r *Run) {
	if r.Status == Running && !rs.st.Locked(ownerLock(r.ID)) {
		r.Status = Stopped
	}
}

// Update writes all fields of a run but its ID and the time of its start.
func (rs *Runs) Update(ctx context.Context, r Run) error {
	config, err := json.Marshal(r.Config)
	if err != nil {
		return fmt.Errorf("update run %s: %w", r.ID, err)
	}
	_, err = rs.st.DB.ExecContext(ctx, `UPDATE runs SET name=?, dataset_hash=?, task=?, metric=?, search_key=?, status=?, seed=?, budget_seconds=?,
		trials=?, config=?, spent_seconds=?, best=?, validation=?, test=?, model=?, report_blob=?, error=?, finished=? WHERE id=?`,
		r.Name, r.DatasetHash, r.Task, r.Metric, r.SearchKey, r.Status, int64(r.Seed), r.BudgetSeconds,
		r.Trials, jsonText(config), r.SpentSeconds, r.Best, nullable(r.Validation), nullable(r.Test), r.Model, r.ReportBlob, r.Error, store.Millis(r.Finished), r.ID)
	if err != nil {
		return rs.st.Explain(fmt.Errorf("update run %s: %w", r.ID, err))
	}
	return nil
}

func (rs *Runs) insert(ctx context.Context, r Run) error {
	_, err := rs.st.DB.ExecContext(ctx, `INSERT INTO runs (id, name, dataset_hash, task, metric, search_key, status, seed, budget_seconds,
		trials, config, spent_seconds, best, model, report_blob, error, started, finished)
		VALUES (?, '', '', '', '', '', 'running', 0, 0, 0, '{}', 0, 0, '', '', '', ?, 0)`, r.ID, store.Millis(r.Started))
	if err != nil {
		return rs.st.Explain(fmt.Errorf("create run %s: %w", r.ID, err))
	}
	return rs.Update(ctx, r)
}

const selectRun = `SELECT id, name, dataset_hash, task, metric, search_key, status, seed, budget_seconds, trials, config, spent_seconds,
	best, validation, test, model, report_blob, error, started, finished FROM runs`

func scanRun(row interface{ Scan(...any) error }) (*Run, error) {
	var (
		r                 Run
		config            string
		validation, test  sql.NullFloat64
		seed              int64
		started, finished int64
	)
	err := row.Scan(&r.ID, &r.Name, &r.DatasetHash, &r.Task, &r.Metric, &r.SearchKey, &r.Status, &seed, &r.BudgetSeconds, &r.Trials, &config, &r.SpentSeconds,
		&r.Best, &validation, &test, &r.Model, &r.ReportBlob, &r.Error, &started, &finished)
	if err != nil {
		return nil, err
	}
	r.Seed, r.Started, r.Finished = uint64(seed), store.Time(started), store.Time(finished)
	r.Validation, r.Test = known(validation), known(test)
	return &r, json.Unmarshal([]byte(config), &r.Config)
}

func ownerLock(id string) string { return "run " + id }

func newID(t time.Time) string {
	return t.UTC().Format("20060102-150405-") + rand.Text()[:4]
}
