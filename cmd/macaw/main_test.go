package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "macaw-cli-*")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "macaw")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// macaw runs the program with a home and returns what it printed and its status.
func macaw(t *testing.T, home string, args ...string) (out, errout string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, binary, args...)
	c.Env = append(os.Environ(), "MACAW_HOME="+home)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return o.String(), e.String(), status
}

// points writes a table of two classes that a line parts.
func points(t *testing.T, rows int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	var s strings.Builder
	s.WriteString("width,height,colour,kind\n")
	for i := range rows {
		w, h := rng.NormFloat64(), rng.NormFloat64()
		kind := "round"
		if w+h > 0 {
			kind = "flat"
		}
		fmt.Fprintf(&s, "%.3f,%.3f,%s,%s\n", w, h, []string{"red", "blue"}[i%2], kind)
	}
	return write(t, "points.csv", s.String())
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// The main job: a table in, a served model out.
func TestMakePredictServe(t *testing.T) {
	home := t.TempDir()
	path := points(t, 300)
	began := time.Now()
	out, errout, status := macaw(t, home, "make", path, "--budget", "5s", "--json")
	if status != 0 || errout != "" {
		t.Fatalf("make: status %d\n%s", status, errout)
	}
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("a budget of 5s took %v", took)
	}
	done := lastEvent(t, out)
	if done["event"] != "done" || done["model"] != "points@1" || done["task"] != "tabular-classification" || done["metric"] != "accuracy" {
		t.Errorf("last line = %v", done)
	}
	for _, key := range []string{"validation", "test"} {
		if v, _ := done[key].(float64); v < 0.85 {
			t.Errorf("%s = %v, want above 0.85", key, done[key])
		}
	}
	predicts(t, home, path)
	lists(t, home)
	serves(t, home)
}

// lastEvent checks that every line is JSON and returns the last one.
func lastEvent(t *testing.T, out string) map[string]any {
	t.Helper()
	var last map[string]any
	for line := range strings.Lines(out) {
		last = nil
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%q is no JSON: %v", line, err)
		}
	}
	return last
}

func predicts(t *testing.T, home, path string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.csv")
	if _, errout, status := macaw(t, home, "predict", "points", path, "--out", file); status != 0 {
		t.Fatalf("predict: status %d\n%s", status, errout)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 301 || strings.Join(rows[0], " ") != "sample prediction score flat round" {
		t.Fatalf("%d rows, header %v, %v", len(rows), rows[0], err)
	}
	for i, r := range rows[1:] {
		score, _ := strconv.ParseFloat(r[2], 64)
		if r[0] != strconv.Itoa(i) || score < 0.5 || r[1] != "flat" && r[1] != "round" {
			t.Fatalf("row %d = %v", i, r)
		}
	}
	again, _, _ := macaw(t, home, "predict", "points@1", path)
	if again != string(text) {
		t.Error("predictions on standard output differ from those in the file")
	}
}

func lists(t *testing.T, home string) {
	t.Helper()
	for _, tc := range []struct{ args, want string }{
		{"models ls", "points@1"}, {"models show points", "width"}, {"data ls", "points@1"}, {"data show points", "colour"},
		{"runs ls", "done"}, {"models", "points@1"}, {"data", "points@1"}, {"runs", "done"}, {"version", "macaw "}, {"make --help", "--budget"},
	} {
		out, errout, status := macaw(t, home, strings.Fields(tc.args)...)
		if status != 0 || !strings.Contains(out, tc.want) {
			t.Errorf("%s: status %d, want %q in\n%s%s", tc.args, status, tc.want, out, errout)
		}
	}
	var runs []struct{ ID string }
	out, _, _ := macaw(t, home, "runs", "ls", "--json")
	if err := json.Unmarshal([]byte(out), &runs); err != nil || len(runs) != 1 {
		t.Fatalf("runs ls --json = %s, %v", out, err)
	}
	if out, _, status := macaw(t, home, "runs", "show", runs[0].ID); status != 0 || !strings.Contains(out, "TRIAL") {
		t.Errorf("runs show: status %d\n%s", status, out)
	}
}

// serves asks a server and ends it with a signal.
func serves(t *testing.T, home string) {
	t.Helper()
	c := exec.Command(binary, "serve", "points", "--addr", "127.0.0.1:0")
	c.Env = append(os.Environ(), "MACAW_HOME="+home)
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	base := regexp.MustCompile(`http://\S+`).FindString(line)
	if err != nil || base == "" {
		t.Fatalf("serve said %q, %v", line, err)
	}
	resp, err := http.Post(base+"/models/points/predict", "application/json", strings.NewReader(`{"width": 3, "height": 3, "colour": "red"}`))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 200 || !strings.Contains(string(body), `"flat"`) {
		t.Errorf("predict over HTTP: %d %s", resp.StatusCode, body)
	}
	c.Process.Signal(os.Interrupt)
	if err := c.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

// A search by trials gives the same model each time, bit for bit.
func TestTrialsRepeat(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var s strings.Builder
	s.WriteString("area,street,price\n")
	for i := range 240 {
		area := 50 + 100*rng.Float64()
		fmt.Fprintf(&s, "%.1f,%s,%.2f\n", area, []string{"north", "south", "east"}[i%3], 3*area+float64(40*(i%3))+5*rng.NormFloat64())
	}
	houses := write(t, "houses.csv", s.String())
	digits := filepath.Join("..", "..", "examples", "digits")
	for _, tc := range []struct {
		name, path, trials, metric string
		least                      float64
	}{{"houses", houses, "3", "r2", 0.9}, {"digits", digits, "1", "accuracy", 0.9}} {
		t.Run(tc.name, func(t *testing.T) {
			var models [2][]byte
			for i := range models {
				home := t.TempDir()
				out, errout, status := macaw(t, home, "make", tc.path, "--trials", tc.trials, "--json")
				if status != 0 {
					t.Fatalf("status %d: %s", status, errout)
				}
				done := lastEvent(t, out)
				if v, _ := done["test"].(float64); done["metric"] != tc.metric || v < tc.least {
					t.Errorf("done = %v, want %s above %v", done, tc.metric, tc.least)
				}
				var err error
				if models[i], err = os.ReadFile(filepath.Join(home, "models", tc.name, "1", "model.onnx")); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(models[0], models[1]) {
				t.Error("equal searches made different models")
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	home := t.TempDir()
	c := exec.Command(binary, "make", points(t, 400), "--budget", "60s", "--json")
	c.Env = append(os.Environ(), "MACAW_HOME="+home)
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	scored := 0
	var stopped time.Time
	var last string
	for lines.Scan() {
		last = lines.Text()
		if strings.Contains(last, `"event":"score"`) {
			if scored++; scored == 4 {
				stopped = time.Now()
				c.Process.Signal(syscall.SIGINT)
			}
		}
	}
	err = c.Wait()
	if took := time.Since(stopped); scored < 4 || took > 2*time.Second {
		t.Errorf("%v from the signal to the end, after %d trials", took, scored)
	}
	if done := lastEvent(t, last); err != nil || done["event"] != "done" || done["model"] != "points@1" {
		t.Errorf("ended with %v and %v", err, done)
	}
	if out, _, _ := macaw(t, home, "models", "ls"); !strings.Contains(out, "points@1") {
		t.Errorf("models = %s", out)
	}
}

// Every mistake of the user's gives one sentence and a status that is not 0, and
// leaves nothing behind.
func TestMistakes(t *testing.T) {
	good := points(t, 60)
	wide := "a" + strings.Repeat(",a", 1_000_000) + "\n1" + strings.Repeat(",1", 1_000_000) + "\n"
	var rows strings.Builder
	for i := range 40 {
		fmt.Fprintf(&rows, "%d,same\n", i)
	}
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"no such path", []string{"make", filepath.Join(t.TempDir(), "nothing")}, 1, "nothing"},
		{"empty folder", []string{"make", t.TempDir()}, 1, ""},
		{"empty file", []string{"make", write(t, "empty.csv", "")}, 1, ""},
		{"one class", []string{"make", write(t, "one.csv", "x,class\n"+rows.String())}, 1, "class"},
		{"unknown target", []string{"make", good, "--target", "heigth"}, 1, "height"},
		{"unknown task", []string{"make", good, "--task", "clasification"}, 1, "classification"},
		{"target of infinities", []string{"make", write(t, "inf.csv", "x,y\n"+strings.Repeat("1,inf\n2,nan\n", 30)), "--task", "regression"}, 1, ""},
		{"too many columns", []string{"make", write(t, "wide.csv", wide)}, 1, "columns"},
		{"path out of a zip", []string{"make", evilZip(t)}, 1, ""},
		{"budget too short", []string{"make", good, "--budget", "10ms"}, 1, "short"},
		{"budget and trials", []string{"make", good, "--budget", "1m", "--trials", "3"}, 1, "budget"},
		{"bad name", []string{"make", good, "--name", "a/b"}, 1, "a/b"},
		{"address in use", []string{"make", good, "--serve", "--addr", taken(t)}, 1, "--addr"},
		{"make for others", []string{"make", good, "--serve", "--addr", "0.0.0.0:0"}, 1, "127.0.0.1"},
		{"address of others", []string{"serve", "nobody", "--addr", "0.0.0.0:0"}, 1, "--remote"},
		{"unknown model", []string{"predict", "nobody", good}, 1, "nobody"},
		{"unknown run", []string{"runs", "show", "nobody"}, 1, "nobody"},
		{"unknown dataset", []string{"data", "show", "nobody"}, 1, "nobody"},
		{"unknown command", []string{"mak"}, 2, "mak"},
		{"no argument", []string{"make"}, 2, "path"},
		{"bad number", []string{"make", good, "--trials", "many"}, 2, "trials"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			home := t.TempDir()
			out, errout, status := macaw(t, home, tc.args...)
			if status != tc.status || strings.Count(errout, "\n") != 1 || !strings.HasPrefix(errout, "macaw: ") || !strings.Contains(errout, tc.says) {
				t.Errorf("status %d, errors %q; want status %d and one sentence with %q", status, errout, tc.status, tc.says)
			}
			for _, word := range []string{"goroutine", "panic", "internal error", ".go:"} {
				if strings.Contains(out+errout, word) {
					t.Errorf("the output speaks of %q:\n%s%s", word, out, errout)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(home, "models", "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// taken is an address that is in use.
func taken(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String()
}

func evilZip(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "evil.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range []string{"../../a/1.txt", "../../b/1.txt"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, "text")
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHomeThatCannotBe(t *testing.T) {
	file := write(t, "file", "")
	_, errout, status := macaw(t, filepath.Join(file, "home"), "models", "ls")
	if status != 1 || strings.Count(errout, "\n") != 1 {
		t.Errorf("status %d, errors %q", status, errout)
	}
}

func TestPanicIsAnInternalError(t *testing.T) {
	var out, errout bytes.Buffer
	if status := guard(&errout, false, func() int { panic("oops") }); status != 1 {
		t.Errorf("status %d", status)
	}
	if s := errout.String(); !strings.Contains(s, "internal error: oops") || strings.Contains(s, "goroutine") || out.Len() > 0 {
		t.Errorf("said %q", s)
	}
}
