package train

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/macaw-ai/macaw/internal/store"
)

// Trial is one configuration of a recipe that a run tried. Scores that are not
// known are NaN.
type Trial struct {
	Run      string
	Number   int // from 1
	Recipe   string
	Config   map[string]any
	Rung     int
	Fidelity float64 // share of the recipe's full schedule
	Status   Status
	Metric   float64 // the run's metric on validation
	Loss     float64
	Seconds  float64
	Steps    int
	Artifact string         // blob: what a resumed run needs of the trial
	Detail   map[string]any // more to show, such as a note or an error
	Created  time.Time
}

// AddTrial records a trial, as a rule one that starts; a trial with the same
// number is replaced. A zero Created means now.
func (rs *Runs) AddTrial(ctx context.Context, t Trial) error { return rs.putTrial(ctx, t) }

// FinishTrial records how a trial ended.
func (rs *Runs) FinishTrial(ctx context.Context, t Trial) error { return rs.putTrial(ctx, t) }

func (rs *Runs) putTrial(ctx context.Context, t Trial) error {
	config, err := json.Marshal(t.Config)
	if err != nil {
		return fmt.Errorf("trial %d of run %s: %w", t.Number, t.Run, err)
	}
	detail, err := json.Marshal(t.Detail)
	if err != nil {
		return fmt.Errorf("trial %d of run %s: %w", t.Number, t.Run, err)
	}
	if t.Created.IsZero() {
		t.Created = time.Now()
	}
	_, err = rs.st.DB.ExecContext(ctx, `INSERT INTO trials (run_id, number, recipe, config, rung, fidelity, status, metric, loss, seconds, steps, artifact, detail, created)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (run_id, number) DO UPDATE SET recipe=excluded.recipe, config=excluded.config, rung=excluded.rung, fidelity=excluded.fidelity,
			status=excluded.status, metric=excluded.metric, loss=excluded.loss, seconds=excluded.seconds, steps=excluded.steps,
			artifact=excluded.artifact, detail=excluded.detail`,
		t.Run, t.Number, t.Recipe, jsonText(config), t.Rung, t.Fidelity, t.Status, nullable(t.Metric), nullable(t.Loss), t.Seconds, t.Steps,
		t.Artifact, jsonText(detail), store.Millis(t.Created))
	if err != nil {
		return rs.st.Explain(fmt.Errorf("trial %d of run %s: %w", t.Number, t.Run, err))
	}
	return nil
}

// Trials returns the trials of a run by number.
func (rs *Runs) Trials(ctx context.Context, run string) ([]Trial, error) {
	rows, err := rs.st.DB.QueryContext(ctx, `SELECT run_id, number, recipe, config, rung, fidelity, status, metric, loss, seconds, steps, artifact, detail, created
		FROM trials WHERE run_id = ? ORDER BY number`, run)
	if err != nil {
		return nil, rs.st.Explain(fmt.Errorf("read the trials of run %s: %w", run, err))
	}
	defer rows.Close()
	var trials []Trial
	for rows.Next() {
		t, err := scanTrial(rows)
		if err != nil {
			return nil, fmt.Errorf("read the trials of run %s: %w", run, err)
		}
		trials = append(trials, t)
	}
	return trials, rs.st.Explain(rows.Err())
}

func scanTrial(rows *sql.Rows) (Trial, error) {
	var (
		t              Trial
		config, detail string
		metric, loss   sql.NullFloat64
		created        int64
	)
	err := rows.Scan(&t.Run, &t.Number, &t.Recipe, &config, &t.Rung, &t.Fidelity, &t.Status, &metric, &loss, &t.Seconds, &t.Steps, &t.Artifact, &detail, &created)
	if err != nil {
		return t, err
	}
	t.Metric, t.Loss, t.Created = known(metric), known(loss), store.Time(created)
	if err := json.Unmarshal([]byte(config), &t.Config); err != nil {
		return t, err
	}
	return t, json.Unmarshal([]byte(detail), &t.Detail)
}

// jsonText is a JSON text as SQLite's TEXT; no object is an empty one.
func jsonText(p []byte) string {
	if string(p) == "null" {
		return "{}"
	}
	return string(p)
}

// nullable keeps NaN as NULL, as SQLite knows no NaN.
func nullable(v float64) sql.NullFloat64 {
	return sql.NullFloat64{Float64: v, Valid: !math.IsNaN(v)}
}

// known is the inverse of nullable.
func known(v sql.NullFloat64) float64 {
	if !v.Valid {
		return math.NaN()
	}
	return v.Float64
}
