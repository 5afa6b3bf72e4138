package checkpoint_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/framework/checkpoint"
)

const (
	childFolder = "MACAW_CHECKPOINT_CHILD"
	childSteps  = 40
	childWidth  = 20000 // so that a write takes a while
)

// TestChild is the process that TestKill kills: it trains from the latest
// checkpoint on and saves after every step.
func TestChild(t *testing.T) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		t.Skip("only TestKill runs this")
	}
	r := newRun(t, childWidth)
	s, err := checkpoint.Open(dir, checkpoint.Options{Keep: 2})
	if err != nil {
		t.Fatal(err)
	}
	for at := r.resume(t, dir); at < childSteps; at++ {
		r.step(t)
		if err := s.Save(r.snapshot(t, at+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestKill kills a training process at random moments, many of them during a
// write, until it has got through. Nobody ever reads half a checkpoint, and the
// result has the bits of a run that was left alone.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	dir := t.TempDir()
	draw := rand.New(rand.NewPCG(1, 1))
	kills, halves, reads := 0, 0, 0
	for done := false; !done; {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
		child.Env = append(os.Environ(), childFolder+"="+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- child.Wait() }()
		// Reading all the while; after some kills it may run to its end.
		kill := time.After(time.Duration(50+draw.IntN(400)) * time.Millisecond)
		if kills >= 12 {
			kill = nil
		}
		for running := true; running; {
			select {
			case err := <-ended:
				if running = false; err == nil {
					done = true
				} else if kills == 0 || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("the child ended by itself: %v", err)
				}
			case <-kill:
				if err := child.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
				kills++
				kill = nil
			case <-time.After(5 * time.Millisecond):
				c, skipped, err := checkpoint.Latest(dir)
				if skipped != nil || err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("a reader saw %v, %v", skipped, err)
				}
				if c != nil {
					reads++
				}
			}
		}
		left, err := filepath.Glob(filepath.Join(dir, ".partial-*"))
		if err != nil {
			t.Fatal(err)
		}
		halves += len(left)
	}
	t.Logf("%d kills, %d of them during a write, %d checkpoints read meanwhile", kills, halves, reads)
	if kills == 0 || reads == 0 {
		t.Error("the child was never killed, or nothing was read meanwhile")
	}
	got, _, err := checkpoint.Latest(dir)
	if err != nil {
		t.Fatal(err)
	}
	whole := newRun(t, childWidth)
	for range childSteps {
		whole.step(t)
	}
	same(t, got, whole.snapshot(t, childSteps))
}
