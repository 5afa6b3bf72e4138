package onnx

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var update = flag.Bool("update", false, "rewrite the golden files of tests")

// standardCases is where Debian's libonnx-testdata puts ONNX's own backend tests.
const standardCases = "/usr/include/onnx/backend/test/data"

// missingCases lists the standard cases that do not pass yet, with the reason.
const missingCases = "testdata/standard_missing.txt"

// TestStandard runs the cases that every ONNX runtime is measured by. It fails
// when a case fails that is not in missingCases, and when one passes that is.
func TestStandard(t *testing.T) {
	switch _, err := os.Stat(standardCases); {
	case err != nil && os.Getenv("MACAW_CHECK") != "":
		t.Fatalf("./check installs the standard cases, but they are not here: %v", err)
	case err != nil:
		t.Skipf("the standard cases are not here; install libonnx-testdata (%v)", err)
	}
	failed := map[string]string{}
	total := 0
	for _, group := range []string{"node", "simple", "pytorch-operator", "pytorch-converted"} {
		dirs, err := os.ReadDir(filepath.Join(standardCases, group))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dirs {
			name := group + "/" + d.Name()
			total++
			if err := runStandard(t, filepath.Join(standardCases, name)); err != nil {
				failed[name] = err.Error()
			}
		}
	}
	t.Logf("%d of %d standard cases pass", total-len(failed), total)
	checkListed(t, missingCases, failed)
}

// checkListed fails when a case fails that file does not list, and when one passes that
// it does; with -update it writes the file.
func checkListed(t *testing.T, file string, failed map[string]string) {
	t.Helper()
	if *update {
		writeMissing(t, file, failed)
		return
	}
	missing := readMissing(t, file)
	for name, why := range failed {
		if _, known := missing[name]; !known {
			t.Errorf("%s: %s", name, why)
		}
	}
	for name := range missing {
		if _, still := failed[name]; !still {
			t.Errorf("%s passes; take it out of %s (go test -run %s -update)", name, file, t.Name())
		}
	}
}

func readMissing(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, why, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if name != "" {
			out[name] = why
		}
	}
	return out
}

func writeMissing(t *testing.T, file string, failed map[string]string) {
	t.Helper()
	var lines []string
	for name, why := range failed {
		why, _, _ = strings.Cut(why, "\n")
		lines = append(lines, name+"\t"+why+"\n")
	}
	slices.Sort(lines)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o666); err != nil {
		t.Fatal(err)
	}
}

// runStandard runs the data sets of one case.
func runStandard(t *testing.T, dir string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			t.Errorf("%s: panic: %v", filepath.Base(dir), v)
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	b, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		return err
	}
	m, err := Unmarshal(b)
	if err != nil {
		return err
	}
	s, err := NewSession(m, testDevice(t))
	if err != nil {
		return err
	}
	defer s.Close()
	sets, err := filepath.Glob(filepath.Join(dir, "test_data_set_*"))
	if err != nil || len(sets) == 0 {
		return fmt.Errorf("no data sets: %v", err)
	}
	law := randomLaw(filepath.Base(dir))
	for _, set := range sets {
		if law != nil {
			if err := runRandomSet(s, set, law); err != nil {
				return err
			}
			continue
		}
		if err := runStandardSet(s, set); err != nil {
			return err
		}
	}
	return nil
}

func runStandardSet(s *Session, set string) error {
	feeds, want, err := readSet(s, set)
	if err != nil {
		return err
	}
	if bfloatCasts[filepath.Base(filepath.Dir(set))] {
		if want[0], err = roundedCast(feeds["input"].Tensor(), want[0].Tensor()); err != nil {
			return err
		}
	}
	got, err := s.RunValues(context.Background(), feeds)
	if err != nil {
		return err
	}
	for i, out := range s.Outputs() {
		if diff := compareValue(got[out.Name], want[i]); diff != "" {
			return fmt.Errorf("output %s: %s", out.Name, diff)
		}
	}
	return nil
}

// readSet reads the inputs by name and the outputs in order.
func readSet(s *Session, set string) (feeds map[string]Value, want []Value, err error) {
	feeds, want = map[string]Value{}, make([]Value, len(s.Outputs()))
	for i, in := range s.Inputs() {
		if feeds[in.Name], err = readStandard(filepath.Join(set, fmt.Sprintf("input_%d.pb", i)), in); err != nil {
			return nil, nil, err
		}
	}
	for i, out := range s.Outputs() {
		if want[i], err = readStandard(filepath.Join(set, fmt.Sprintf("output_%d.pb", i)), out); err != nil {
			return nil, nil, err
		}
	}
	return feeds, want, nil
}

// compareStandard compares by the tolerances of ONNX's own runner: 1e-3 of the
// value and 1e-7.
func compareStandard(got, want *tensor.Tensor) string {
	if got == nil || got.DType() != want.DType() || fmt.Sprint(got.Shape()) != fmt.Sprint(want.Shape()) {
		return fmt.Sprintf("got %v, want %v", got, want)
	}
	close := func(i int, a, b float64) string {
		if a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-7+1e-3*math.Abs(b) {
			return ""
		}
		return fmt.Sprintf("element %d is %v, want %v", i, a, b)
	}
	switch {
	case got.DType() == tensor.BFloat:
		for i, w := range tensor.Values[tensor.BFloat16](want) {
			if g := tensor.Values[tensor.BFloat16](got)[i]; g != w && !(isNaNBFloat(g) && isNaNBFloat(w)) {
				return fmt.Sprintf("element %d is %v, want %v", i, g.Float32(), w.Float32())
			}
		}
		return ""
	case isHalf(got.DType()):
		got, want = as(got, tensor.Float32), as(want, tensor.Float32)
	}
	switch g := got.Data().(type) {
	case []float32:
		for i, w := range want.Float32s() {
			if diff := close(i, float64(g[i]), float64(w)); diff != "" {
				return diff
			}
		}
	case []float64:
		for i, w := range tensor.Values[float64](want) {
			if diff := close(i, g[i], w); diff != "" {
				return diff
			}
		}
	default:
		if !tensor.Equal(got, want) {
			return fmt.Sprintf("got %v, want %v", got.Data(), want.Data())
		}
	}
	return ""
}
