package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/framework/graph"
)

func TestRatioNeedsAgreement(t *testing.T) {
	for _, c := range []struct {
		ratios []float64
		ratio  float64
	}{
		{[]float64{2, 2.1, 1.9, 2, 2}, 2},
		{[]float64{2, 2.1, 9, 2, 2}, 2}, // one bad round of five
		{[]float64{1, 2, 3, 4, 5}, 0},
	} {
		var r comparedRow
		r.settle(c.ratios)
		if r.Ratio != c.ratio || (r.Noisy != "") != (c.ratio == 0) {
			t.Errorf("%v: ratio %v, noisy %q", c.ratios, r.Ratio, r.Noisy)
		}
	}
}

// TestOthersTime runs a core for a while: as this process it does not count,
// as a stranger it does.
func TestOthersTime(t *testing.T) {
	ours, ok := readCPUTime(os.Getpid())
	if !ok {
		t.Skip("this system does not tell the time of processes")
	}
	strangers, _ := readCPUTime()
	for begin := time.Now(); time.Since(begin) < 300*time.Millisecond; {
	}
	oursEnd, _ := readCPUTime(os.Getpid())
	strangersEnd, _ := readCPUTime()
	mine, theirs := oursEnd.othersSince(ours), strangersEnd.othersSince(strangers)
	if theirs < mine+0.05 {
		t.Errorf("others took %.2f of the cores with this process, %.2f without", theirs, mine)
	}
}

// TestTasks runs every work of the comparison that needs no file, and counts
// its arithmetic.
func TestTasks(t *testing.T) {
	dev := cpu.New(cpu.Options{Threads: 2})
	for work, flops := range map[string]float64{
		"sgemm 64": 2 * 64 * 64 * 64, "conv forward 8 4": 32 * 16 * 8 * 9 * 8 * 2, "conv all 8 4": 3 * 32 * 16 * 8 * 9 * 8 * 2,
		"rows gelu": 4096 * 1024 * 2, "rows softmax": 4096 * 1024 * 5, "rows layernorm": 4096 * 1024 * 7, "adamw 100": 1300, "train mlp": 6 * 128 * (784*512 + 512*512 + 512*10),
		"int8 mlp 4": 2 * 4 * (784*512 + 512*512 + 512*10), "float32 mlp 4": 2 * 4 * (784*512 + 512*512 + 512*10),
		"train mlp bfloat16": 6 * 128 * (784*512 + 512*512 + 512*10),
	} {
		task, err := newTask(t.Context(), work, "", dev)
		if err != nil {
			t.Fatalf("%s: %v", work, err)
		}
		if s, err := task.measure(0.01); err != nil || s.Runs < 3 {
			t.Errorf("%s: %+v %v", work, s, err)
		}
		floor, err := task.floor(graph.Roofline{FLOPS: 1e9, Bandwidth: 1e15})
		if n := floor.Seconds() * 1e9; err != nil || n < 0.8*flops || n > 2*flops {
			t.Errorf("%s: %.0f operations, want about %.0f (%v)", work, n, flops, err)
		}
		task.close()
	}
	for _, work := range []string{"dance", "sgemm", "sgemm 0", "sgemm -3", "conv forward 8", "conv sideways 8 8", "rows", "rows dance", "adamw", "train dance", "int8 mlp", "int8 dance 3", "int8 gpt 1"} {
		if _, err := newTask(t.Context(), work, "", dev); err == nil {
			t.Errorf("no error for the work %q", work)
		}
	}
}

// TestBenchMemory: training takes its parameters and their momenta at least.
func TestBenchMemory(t *testing.T) {
	out, err := exec.Command(binary, "bench", "memory", "train resnet18", "--threads", "1").Output()
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ Base, Peak int64 }
	if err := json.Unmarshal(out, &m); err != nil || m.Base <= 0 || m.Peak-m.Base < 2*4*11_000_000 {
		t.Errorf("%s: %v", out, err)
	}
}

func TestBenchPeersMistakes(t *testing.T) {
	for _, args := range [][]string{{"--rounds", "0"}, {"--seconds", "0"}, {"--only", "dance"}} {
		var out, errout bytes.Buffer
		if code := run(append([]string{"bench", "peers"}, args...), &out, &errout); code == 0 || strings.Count(errout.String(), "\n") > 2 {
			t.Errorf("%v: exit %d, %s", args, code, &errout)
		}
	}
}
