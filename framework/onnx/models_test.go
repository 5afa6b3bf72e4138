package onnx

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// realModel opens a model of the shared test data, or skips.
func realModel(t *testing.T, path string) (*Model, string) {
	t.Helper()
	root := os.Getenv("MACAW_TESTDATA")
	if root == "" {
		root = "../../../shared/data"
	}
	path = filepath.Join(root, "onnx-models", path)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("set MACAW_TESTDATA to the folder of test data: %v", err)
	}
	m, err := Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return m, filepath.Dir(path)
}

func TestRealModelsAgreeWithONNXRuntime(t *testing.T) {
	for path, in := range map[string]*tensor.Tensor{
		"mnist/mnist.onnx":                         uniform(0, 255, 1, 1, 28, 28),
		"yunet/yunet_n_dynamic.onnx":               uniform(0, 255, 1, 3, 96, 160),
		"FastestDet/FastestDet.onnx":               uniform(0, 1, 1, 3, 352, 352),
		"tract/lgbm_classifier_tensor/model.onnx":  normal(50, 13),
		"tract/lgbm_regressor_tensor/model.onnx":   normal(50, 13),
		"tract/xgboost_classifier_tree/model.onnx": normal(50, 13),
		"tract/xgboost_regressor_tree/model.onnx":  normal(50, 13),
		"tract/linear_classifier/model.onnx":       normal(50, 12),
	} {
		t.Run(filepath.Dir(path), func(t *testing.T) {
			m, _ := realModel(t, path)
			s, err := NewSession(m, device)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			feeds := map[string]*tensor.Tensor{s.Inputs()[0].Name: in}
			got, err := s.Run(context.Background(), feeds)
			if err != nil {
				t.Fatal(err)
			}
			for name, w := range ort(t, m, feeds) {
				if diff := compare(got[name], w, 1e-4); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
			for _, why := range fallbacks(s) {
				t.Log("partly on the host:", why)
			}
		})
	}
}

// TestRealModelsGiveTheirOwnOutputs checks trees against the values that their
// makers stored beside them.
func TestRealModelsGiveTheirOwnOutputs(t *testing.T) {
	for _, name := range []string{"lgbm_classifier_tensor", "lgbm_regressor_tensor", "xgboost_classifier_tree", "xgboost_regressor_tree", "byte_sb_bidi_lstm"} {
		m, dir := realModel(t, "tract/"+name+"/model.onnx")
		values := readNPZ(t, filepath.Join(dir, "io.npz"))
		s, err := NewSession(m, device)
		if err != nil {
			t.Fatal(err)
		}
		feeds := map[string]*tensor.Tensor{}
		for _, in := range s.Inputs() {
			feeds[in.Name] = values[in.Name]
		}
		got, err := s.Run(context.Background(), feeds)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checked := 0
		for out, g := range got {
			w := values[out]
			if name == "byte_sb_bidi_lstm" {
				w = values["Add_26"] // as the node was called before the model was cut
			}
			if w != nil {
				checked++
				if diff := compare(g, w.Reshape(g.Shape()...), 1e-4); diff != "" {
					t.Errorf("%s: %s: %s", name, out, diff)
				}
			}
		}
		if checked == 0 {
			t.Errorf("%s: io.npz has none of the outputs %v", name, got)
		}
		s.Close()
	}
}

var npyHeader = regexp.MustCompile(`'descr': *'[<|]([a-z]\d)'.*'shape': *\(([^)]*)\)`)

// readNPZ reads the float32, float64 (as float32), int64 and uint8 arrays of a numpy archive.
func readNPZ(t *testing.T, path string) map[string]*tensor.Tensor {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := map[string]*tensor.Tensor{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		size := int(binary.LittleEndian.Uint16(raw[8:]))
		head := npyHeader.FindSubmatch(raw[10 : 10+size])
		if head == nil {
			t.Fatalf("%s: header %s", f.Name, raw[10:10+size])
		}
		var dims []int
		for _, d := range strings.Split(string(head[2]), ",") {
			if n, err := strconv.Atoi(strings.TrimSpace(d)); err == nil {
				dims = append(dims, n)
			}
		}
		body := raw[10+size:]
		name := strings.TrimSuffix(f.Name, ".npy")
		switch string(head[1]) {
		case "f4":
			v := make([]float32, len(body)/4)
			for i := range v {
				v[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
			}
			out[name] = tensor.Of(v, dims...)
		case "f8":
			v := make([]float64, len(body)/8)
			if err := binary.Read(bytes.NewReader(body), binary.LittleEndian, v); err != nil {
				t.Fatal(err)
			}
			out[name] = tensor.Of(convert[float32](v), dims...)
		case "i8":
			v := make([]int64, len(body)/8)
			if err := binary.Read(bytes.NewReader(body), binary.LittleEndian, v); err != nil {
				t.Fatal(err)
			}
			out[name] = tensor.Of(v, dims...)
		case "u1":
			out[name] = tensor.Of(body, dims...)
		default:
			t.Fatalf("%s: arrays of %s are not read", f.Name, head[1])
		}
	}
	return out
}
