package train

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/macaw-ai/macaw/internal/store"
)

// Point is one point of a learning curve.
type Point struct {
	Trial int
	Step  int
	Name  string // "loss", "val_accuracy", "lr"...
	Value float64
	At    time.Time // zero means now
}

// AddPoints records points of a run in one transaction; collect those of about
// a second before calling it. A point at the same step replaces the old one.
func (rs *Runs) AddPoints(ctx context.Context, run string, points []Point) error {
	if len(points) == 0 {
		return nil
	}
	now := time.Now()
	return rs.st.Tx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO points (run_id, trial, name, step, value, at) VALUES (?,?,?,?,?,?)`)
		if err != nil {
			return fmt.Errorf("add points to run %s: %w", run, err)
		}
		defer insert.Close()
		for _, p := range points {
			if p.At.IsZero() {
				p.At = now
			}
			if _, err := insert.ExecContext(ctx, run, p.Trial, p.Name, p.Step, nullable(p.Value), store.Millis(p.At)); err != nil {
				return fmt.Errorf("add points to run %s: %w", run, err)
			}
		}
		return nil
	})
}

// Points returns the learning curves of a trial, or of all trials of the run
// when trial is 0, ordered by trial, name and step.
func (rs *Runs) Points(ctx context.Context, run string, trial int) ([]Point, error) {
	rows, err := rs.st.DB.QueryContext(ctx, `SELECT trial, step, name, value, at FROM points
		WHERE run_id = ? AND (? = 0 OR trial = ?) ORDER BY trial, name, step`, run, trial, trial)
	if err != nil {
		return nil, rs.st.Explain(fmt.Errorf("read the points of run %s: %w", run, err))
	}
	defer rows.Close()
	var points []Point
	for rows.Next() {
		var (
			p     Point
			value sql.NullFloat64
			at    int64
		)
		if err := rows.Scan(&p.Trial, &p.Step, &p.Name, &value, &at); err != nil {
			return nil, fmt.Errorf("read the points of run %s: %w", run, err)
		}
		p.Value, p.At = known(value), store.Time(at)
		points = append(points, p)
	}
	return points, rs.st.Explain(rows.Err())
}
