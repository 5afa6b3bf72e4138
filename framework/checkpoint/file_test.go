package checkpoint_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/checkpoint"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

func sample() *checkpoint.Checkpoint {
	return &checkpoint.Checkpoint{Step: 41, Metric: 0.25, Metadata: map[string]string{"name": "réseau"},
		Tensors: map[string]*tensor.Tensor{"model/w": tensor.Of([]float32{1, -2.5, 3}, 3, 1), "optimizer/step": tensor.Of([]int64{41}, 1)},
		State:   map[string][]byte{"order": {0, 255, 7}}}
}

// TestLayoutOnDisk reads a file by the words of the format's specification.
func TestLayoutOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := checkpoint.Write(path, sample()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	if n%8 != 0 || data[8] != '{' {
		t.Errorf("the header has %d bytes and begins with %q", n, data[8])
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	type entry struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	entries := map[string]entry{}
	for name, raw := range header {
		if name == "__metadata__" {
			var text map[string]string
			if err := json.Unmarshal(raw, &text); err != nil || text["name"] != "réseau" {
				t.Errorf("metadata %v, %v", text, err)
			}
			continue
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		entries[name] = e
	}
	body, end := data[8+n:], 0
	for _, e := range entries {
		end = max(end, e.Offsets[1])
	}
	if end != len(body) {
		t.Errorf("the tensors end at %d, the file at %d", end, len(body))
	}
	w := entries["model/w"]
	if w.DType != "F32" || !slices.Equal(w.Shape, []int{3, 1}) || w.Offsets[1]-w.Offsets[0] != 12 {
		t.Errorf("the header says %+v", w)
	}
	if got := math.Float32frombits(binary.LittleEndian.Uint32(body[w.Offsets[0]+4:])); got != -2.5 {
		t.Errorf("element 1 is %v", got)
	}
}

// TestDamage: a file that is cut short anywhere, or has any byte changed, is
// refused with the name of what is wrong.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.safetensors")
	if err := checkpoint.Write(path, sample()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := func(data []byte) error {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := checkpoint.Read(path)
		return err
	}
	for n := range whole {
		if err := read(whole[:n]); !errors.Is(err, checkpoint.ErrCorrupt) {
			t.Fatalf("the first %d bytes give the error %v", n, err)
		}
	}
	header := 8 + int(binary.LittleEndian.Uint64(whole))
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 1
		err := read(bad)
		blank := i < header && whole[i] == ' ' // padding, which "!" breaks
		if !errors.Is(err, checkpoint.ErrCorrupt) && !blank {
			t.Fatalf("byte %d of %d (%q) changed: %v", i, len(whole), whole[max(0, i-10):i+1], err)
		}
	}
	bad := bytes.Clone(whole)
	bad[header+1] ^= 1
	wantError(t, read(bad), `tensor "model/w" has the checksum`)
	wantError(t, read(whole[:len(whole)-1]), `entry "state/order"`)
	wantError(t, read(append(bytes.Clone(whole), 0)), "behind the last tensor")
	wantError(t, read(bytes.Replace(whole, []byte(`"checkpoint.step":"41"`), []byte(`"checkpoint.step":"42"`), 1)), "checksum")
	wantError(t, read(binary.LittleEndian.AppendUint64(nil, 1<<40)), "a header of 1099511627776 bytes")
	c := sample()
	c.Metadata["checkpoint.step"] = "1"
	wantError(t, checkpoint.Write(path, c), "reserved")
	if err := read(whole); err != nil {
		t.Error(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, strings.TrimLeft(strings.TrimSuffix(strings.TrimPrefix(e.Name(), "step-"), ".safetensors"), "0"))
	}
	return list
}

// TestKeep: the latest and the best stay, also over a restart, and leftovers go.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".partial-step-x"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	metrics := []float64{9, 1, 5, math.NaN(), 2, 7, 8}
	for part := range 2 {
		s, err := checkpoint.Open(dir, checkpoint.Options{Keep: 2, Best: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i := 4 * part; i < min(4*part+4, len(metrics)); i++ {
			c := sample()
			c.Step, c.Metric = i+1, metrics[i]
			if err := s.Save(c); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		want := []string{"2", "3", "4"}
		if part == 1 {
			want = []string{"2", "5", "6", "7"}
		}
		if got := names(t, dir); !slices.Equal(got, want) {
			t.Errorf("kept %v, want %v", got, want)
		}
	}
	last := filepath.Join(dir, "step-000000000007.safetensors")
	if err := os.Truncate(last, 100); err != nil {
		t.Fatal(err)
	}
	c, skipped, err := checkpoint.Latest(dir)
	if err != nil || c.Step != 6 {
		t.Errorf("latest %+v, %v", c, err)
	}
	wantError(t, skipped, last)
	if _, _, err := checkpoint.Latest(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder gives %v", err)
	}
}

// TestSaveReportsErrors: a write that fails is told by the next call.
func TestSaveReportsErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	s, err := checkpoint.Open(dir, checkpoint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(sample()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
