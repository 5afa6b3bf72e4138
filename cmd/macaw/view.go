package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/macaw-ai/macaw/produce"
)

// view draws a run on a terminal: what happened scrolls by above, what happens
// now is redrawn below.
type view struct {
	out    io.Writer
	width  int
	budget time.Duration // 0: limited by trials
	style  style

	mu    sync.Mutex
	lines int // drawn last, to be overwritten
	now   produce.Event
	best  []produce.Event // scored trials, the best first
	count int
	told  bool // the run is done
	stop  func()
}

// boardLines is how many trials the live leaderboard shows.
const boardLines = 5

func newView(f *os.File, width int, budget time.Duration, colour bool) *view {
	v := &view{out: f, width: width, budget: budget, style: style(colour)}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				v.mu.Lock()
				v.redraw()
				v.mu.Unlock()
			case <-done:
				return
			}
		}
	})
	v.stop = func() {
		close(done)
		wg.Wait()
	}
	fmt.Fprint(f, hideCursor)
	return v
}

// The control sequences that the view uses (ECMA-48).
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearDown  = "\x1b[J"
)

func (v *view) observe(e produce.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e.Event {
	case produce.EventTrial, produce.EventProgress:
		if e.Event == produce.EventProgress && e.Values == nil {
			e.Values = v.now.Values
		}
		v.now = e
	case produce.EventScore:
		v.count++
		v.best = append(v.best, e)
		slices.SortStableFunc(v.best, better)
		v.best = v.best[:min(len(v.best), boardLines)]
	case produce.EventDone:
		v.told = true
		v.print("")
		for i, line := range farewell(e) {
			if i == 0 {
				line = v.style.good("✓ ") + v.style.bold(line)
			}
			v.print(line)
		}
	case produce.EventFailed:
		v.count++
		v.print(v.style.bad(fmt.Sprintf("  trial %d, %s failed: ", e.Trial, e.Recipe)) + e.Message)
	default:
		line := sentence(e)
		if e.Event == produce.EventData || e.Event == produce.EventTest || e.Event == produce.EventEnsemble || e.Event == produce.EventResume {
			line = v.style.bold(line)
		} else {
			line = v.style.dim(line)
		}
		v.print(line)
	}
	v.redraw()
}

// better sorts trials of higher rungs first, then by score, those without one last.
func better(a, b produce.Event) int {
	if a.Rung != b.Rung {
		return b.Rung - a.Rung
	}
	switch {
	case a.Score == nil && b.Score != nil:
		return 1
	case a.Score != nil && b.Score == nil:
		return -1
	case a.Score == nil || *a.Score == *b.Score:
		return a.Trial - b.Trial
	case *a.Score > *b.Score:
		return -1
	}
	return 1
}

// print writes a line above the live part.
func (v *view) print(line string) {
	v.erase()
	fmt.Fprintln(v.out, line)
}

func (v *view) erase() {
	if v.lines > 0 {
		fmt.Fprintf(v.out, "\x1b[%dA\r%s", v.lines, clearDown)
		v.lines = 0
	}
}

// redraw draws the live part over the one before, in one write.
func (v *view) redraw() {
	if v.told || v.now.Event == "" {
		return
	}
	var b strings.Builder
	if v.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r%s", v.lines, clearDown)
	}
	lines := v.frame()
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	io.WriteString(v.out, b.String())
	v.lines = len(lines)
}

func (v *view) frame() []string {
	s := v.style
	lines := []string{"", "  " + v.bar()}
	now := fmt.Sprintf("  Trial %-3d %-14s %s %3.0f %%", v.now.Trial, fit(v.now.Recipe, 14), s.meter(v.now.Progress, 12), 100*v.now.Progress)
	for _, name := range []string{"loss", "val_accuracy", "val_rmse", "val_loss"} {
		if x, ok := v.now.Values[name]; ok && len(now) < v.width {
			now += s.dim(fmt.Sprintf("  %s %.4g", strings.ReplaceAll(name, "_", " "), x))
		}
	}
	lines = append(lines, now)
	if len(v.best) > 0 {
		lines = append(lines, "", s.dim(fmt.Sprintf("  %-6s%-18s%12s%10s   %s", "trial", "recipe", v.best[0].Metric, "took", "")))
	}
	for i, e := range v.best {
		line := fmt.Sprintf("  %-6d%-18s%12s%10s   ", e.Trial, fit(e.Recipe, 17), score(e.Metric, e.Score), seconds(e.Seconds))
		if i == 0 {
			line = s.good(line)
		}
		lines = append(lines, line+s.dim(fit(remark(e), max(0, v.width-52))))
	}
	return lines
}

// remark is what is said beside a trial's score.
func remark(e produce.Event) string {
	if e.Effort != "" {
		return e.Effort
	}
	return e.Message
}

// bar shows how much of the budget is spent.
func (v *view) bar() string {
	if v.budget == 0 {
		return fmt.Sprintf("%d trials finished, %s", v.count, clock(time.Since(started).Seconds()))
	}
	spent := time.Since(started)
	if v.now.SecondsLeft != nil { // a resumed run began earlier
		spent = max(spent, v.budget-time.Duration(*v.now.SecondsLeft*float64(time.Second))-time.Second)
	}
	left := max(0, v.budget-spent)
	text := fmt.Sprintf("  %s of %s, %s left", clock(spent.Seconds()), clock(v.budget.Seconds()), clock(left.Seconds()))
	return v.style.meter(float64(spent)/float64(v.budget), min(40, max(10, v.width-len(text)-6))) + text
}

// end leaves the terminal as it was.
func (v *view) end() {
	v.stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.told {
		v.erase()
	}
	fmt.Fprint(v.out, showCursor)
}
