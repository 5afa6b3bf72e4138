package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/internal/atomicfile"
)

// Options configure a Saver.
type Options struct {
	Keep   int  // of the latest checkpoints; 0 means 3
	Best   int  // of the best ones by Metric, besides; 0 means none
	Higher bool // a higher Metric is better, not a lower one
}

// Saver writes checkpoints into a folder, one at a time in the background, and
// removes those that are neither among the latest nor among the best. A folder
// has one Saver at a time. Save and Close are for one goroutine.
type Saver struct {
	dir   string
	o     Options
	files []saved
	done  chan error // of the write under way; nil when there is none
}

// saved is a checkpoint in the folder.
type saved struct {
	path   string
	step   int
	metric float64
}

// Open makes dir if it is not there, clears away what a killed writer left and
// takes account of the checkpoints in it.
func Open(dir string, o Options) (*Saver, error) {
	if o.Keep == 0 {
		o.Keep = 3
	}
	if o.Keep < 0 || o.Best < 0 {
		return nil, fmt.Errorf("checkpoints: Keep %d or Best %d is negative", o.Keep, o.Best)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	if err := atomicfile.Sweep(dir); err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	files, err := list(dir)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].metric = math.NaN()
		if m, err := metricOf(files[i].path); err == nil {
			files[i].metric = m
		}
	}
	return &Saver{dir: dir, o: o, files: files}, nil
}

// Save hands c, which must not change any more, to the background and returns.
// It first waits for the write before, whose error it returns; c is then not
// written.
func (s *Saver) Save(c *Checkpoint) error {
	if err := s.wait(); err != nil {
		return err
	}
	s.done = make(chan error, 1)
	go func() { s.done <- s.write(c) }()
	return nil
}

// Close waits for the last write and returns its error.
func (s *Saver) Close() error { return s.wait() }

func (s *Saver) wait() error {
	if s.done == nil {
		return nil
	}
	err := <-s.done
	s.done = nil
	return err
}

func (s *Saver) write(c *Checkpoint) error {
	f := saved{filepath.Join(s.dir, fileName(c.Step)), c.Step, c.Metric}
	if err := Write(f.path, c); err != nil {
		return err
	}
	s.files = append(slices.DeleteFunc(s.files, func(o saved) bool { return o.step == c.Step }), f)
	return s.prune()
}

// prune removes what is not to be kept.
func (s *Saver) prune() error {
	slices.SortFunc(s.files, func(a, b saved) int { return cmp.Compare(a.step, b.step) })
	keep := map[string]bool{}
	for _, f := range s.files[max(0, len(s.files)-s.o.Keep):] {
		keep[f.path] = true
	}
	best := slices.DeleteFunc(slices.Clone(s.files), func(f saved) bool { return math.IsNaN(f.metric) })
	slices.SortStableFunc(best, func(a, b saved) int {
		if s.o.Higher {
			a, b = b, a
		}
		return cmp.Compare(a.metric, b.metric)
	})
	for _, f := range best[:min(len(best), s.o.Best)] {
		keep[f.path] = true
	}
	var errs []error
	s.files = slices.DeleteFunc(s.files, func(f saved) bool {
		if !keep[f.path] {
			if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, fmt.Errorf("remove old checkpoint: %w", err))
			}
		}
		return !keep[f.path]
	})
	return errors.Join(errs...)
}

// Latest reads the checkpoint of the most steps in dir. skipped tells of later
// ones that are damaged. Without any it gives an error that is fs.ErrNotExist.
func Latest(dir string) (c *Checkpoint, skipped, err error) {
	files, err := list(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range slices.Backward(files) {
		c, err := Read(f.path)
		if err == nil {
			return c, skipped, nil
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // a Saver removed it, as there is a later one
			return Latest(dir)
		case !errors.Is(err, ErrCorrupt):
			return nil, skipped, err
		}
		skipped = errors.Join(skipped, err)
	}
	return nil, skipped, fmt.Errorf("checkpoints: there is none in %s: %w", dir, fs.ErrNotExist)
}

const (
	prefix = "step-"
	suffix = ".safetensors"
)

func fileName(step int) string { return fmt.Sprintf("%s%012d%s", prefix, step, suffix) }

// list returns the checkpoints in dir by rising step.
func list(dir string) ([]saved, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	var files []saved
	for _, e := range entries {
		digits, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), suffix), prefix)
		step, err := strconv.Atoi(digits)
		if ok && err == nil && e.Name() == fileName(step) {
			files = append(files, saved{path: filepath.Join(dir, e.Name()), step: step})
		}
	}
	slices.SortFunc(files, func(a, b saved) int { return cmp.Compare(a.step, b.step) })
	return files, nil
}
