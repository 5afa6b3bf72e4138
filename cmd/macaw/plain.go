package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/macaw-ai/macaw/produce"
	"github.com/macaw-ai/macaw/produce/report"
)

// plain tells a run in lines, for logs and pipes.
type plain struct {
	out  io.Writer
	last time.Time // of progress
}

// quiet is the least time between two lines of progress.
const quiet = 10 * time.Second

func (p *plain) observe(e produce.Event) {
	if e.Event == produce.EventProgress {
		if p.last.IsZero() {
			p.last = e.Time
		}
		if e.Time.Sub(p.last) < quiet {
			return
		}
	}
	if e.Event == produce.EventProgress || e.Event == produce.EventTrial {
		p.last = e.Time
	}
	if line := sentence(e); line != "" {
		fmt.Fprintln(p.out, line)
	}
}

// sentence says in one line what happened; "" for what is not worth one.
func sentence(e produce.Event) string {
	switch e.Event {
	case produce.EventStart:
		return "Reading " + e.Message
	case produce.EventData:
		return fmt.Sprintf("%s: %s. %s", e.Dataset, report.TaskTitle(e.Task), e.Message)
	case produce.EventFinding:
		return "  - " + e.Message
	case produce.EventResume:
		return e.Message
	case produce.EventProgress:
		return fmt.Sprintf("  trial %d, %s: %.0f %%%s", e.Trial, e.Recipe, 100*e.Progress, timeLeft(e))
	case produce.EventScore:
		if e.Score == nil {
			return fmt.Sprintf("  trial %d, %s: %s, in %s", e.Trial, e.Recipe, e.Effort, seconds(e.Seconds))
		}
		line := fmt.Sprintf("  trial %d, %s: %s %s in %s", e.Trial, e.Recipe, e.Metric, score(e.Metric, e.Score), seconds(e.Seconds))
		if e.Effort != "" {
			return line + " with " + e.Effort
		}
		if e.Best != nil {
			line += ", best so far " + score(e.Metric, e.Best)
		}
		return line + timeLeft(e)
	case produce.EventFailed:
		return fmt.Sprintf("  trial %d, %s: failed: %s", e.Trial, e.Recipe, e.Message)
	case produce.EventEnsemble:
		return fmt.Sprintf("%s %s %s on validation.", e.Message, e.Metric, score(e.Metric, e.Score))
	case produce.EventTest:
		return fmt.Sprintf("Test, on %d samples never seen before: %s %s.", e.Samples, e.Metric, score(e.Metric, e.Test))
	case produce.EventDone:
		return strings.Join(farewell(e), "\n")
	}
	return ""
}

func timeLeft(e produce.Event) string {
	if e.SecondsLeft == nil {
		return ""
	}
	return fmt.Sprintf(", %s left", clock(*e.SecondsLeft))
}

// farewell says what was made and what to do with it.
func farewell(e produce.Event) []string {
	head := fmt.Sprintf("Made %s in %s: %s %s on validation", e.Model, seconds(e.Seconds), e.Metric, score(e.Metric, e.Validation))
	if e.Test != nil {
		head += fmt.Sprintf(", %s on the test part", score(e.Metric, e.Test))
	}
	lines := []string{head + "."}
	if e.Message != "" {
		lines = append(lines, e.Message)
	}
	if e.Report != "" {
		lines = append(lines, "  report   "+e.Report)
	}
	name, _, _ := strings.Cut(e.Model, "@")
	return append(lines, "  ask it   macaw predict "+name+" PATH", "  serve it macaw serve "+name)
}

func score(metric string, v *float64) string {
	if v == nil {
		return "unknown"
	}
	return report.FormatMetric(metric, *v)
}

func seconds(s float64) string {
	if s >= 90 {
		return clock(s)
	}
	return fmt.Sprintf("%.1f s", s)
}

// clock writes seconds as minutes and seconds: 2:05.
func clock(s float64) string {
	n := int(s + 0.5)
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}
