// Package onnxruntime runs models in onnxruntime-node, the runtime that tests
// compare this module's with. It is for tests alone.
package onnxruntime

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// Run loads an ONNX model into onnxruntime and runs it once; equal models are
// loaded once. All tests of a package share one process, which ends with them.
// The test is skipped where onnxruntime-node is not installed: MACAW_NPM names
// the node_modules folder that has it, by default the one at the module's root.
// Within ./check, which installs it, the test fails instead.
// The error is what onnxruntime has against the model or its inputs.
func Run(t testing.TB, model []byte, inputs map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	t.Helper()
	p, err := start()
	switch {
	case err != nil && os.Getenv("MACAW_CHECK") != "": // it installs what tests need
		t.Fatalf("not compared with onnxruntime: %v", err)
	case err != nil:
		t.Skipf("not compared with onnxruntime: %v", err)
	}
	outs, err := p.run(model, inputs)
	var said refusal
	if err != nil && !errors.As(err, &said) {
		t.Fatal(err)
	}
	return outs, err
}

// refusal is an error of onnxruntime itself.
type refusal string

func (r refusal) Error() string { return "onnxruntime: " + string(r) }

//go:embed run.mjs
var script []byte

// process is a running onnxruntime.
type process struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

// start runs node, which ends when this process does and its input closes.
var start = sync.OnceValues(func() (*process, error) {
	modules, err := nodeModules()
	if err != nil {
		return nil, err
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(node, "--input-type=module", "--eval", string(script), filepath.Dir(modules))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &process{in: in, out: bufio.NewReaderSize(out, 1<<20)}, cmd.Start()
})

func nodeModules() (string, error) {
	modules := os.Getenv("MACAW_NPM")
	if modules == "" {
		root, err := os.Getwd()
		if err != nil {
			return "", err
		}
		for !exists(filepath.Join(root, "go.mod")) && filepath.Dir(root) != root {
			root = filepath.Dir(root)
		}
		modules = filepath.Join(root, "node_modules")
	}
	if !exists(filepath.Join(modules, "onnxruntime-node")) {
		return "", fmt.Errorf("onnxruntime-node is not in %s; set MACAW_NPM to a node_modules folder that has it", modules)
	}
	return filepath.Abs(modules)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// wire is a tensor on its way: numbers as little-endian bytes, strings as such.
type wire struct {
	Type string          `json:"type"`
	Dims []int           `json:"dims"`
	Data json.RawMessage `json:"data"`
}

func (p *process) run(model []byte, inputs map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	job := struct {
		Key    string          `json:"key"`
		Model  string          `json:"model"`
		Inputs map[string]wire `json:"inputs"`
	}{Key: fmt.Sprintf("%x", sha256.Sum256(model)), Model: base64.StdEncoding.EncodeToString(model), Inputs: map[string]wire{}}
	for name, t := range inputs {
		w, err := encode(t)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", name, err)
		}
		job.Inputs[name] = w
	}
	if err := json.NewEncoder(p.in).Encode(job); err != nil {
		return nil, fmt.Errorf("ask onnxruntime: %w", err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("onnxruntime ended: %w", err)
	}
	var reply struct {
		Error   string
		Outputs map[string]wire
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		return nil, fmt.Errorf("onnxruntime answered %.80q: %w", line, err)
	}
	if reply.Error != "" {
		return nil, refusal(reply.Error)
	}
	outs := map[string]*tensor.Tensor{}
	for name, w := range reply.Outputs {
		if outs[name], err = w.decode(); err != nil {
			return nil, fmt.Errorf("output %q: %w", name, err)
		}
	}
	return outs, nil
}

func encode(t *tensor.Tensor) (wire, error) {
	w := wire{Type: t.DType().String(), Dims: append([]int{}, t.Shape()...)}
	var data any = t.Data()
	if t.DType() != tensor.String {
		raw, err := binary.Append([]byte{}, binary.LittleEndian, data)
		if err != nil {
			return w, err
		}
		data = raw
	}
	var err error
	w.Data, err = json.Marshal(data)
	return w, err
}

func (w wire) decode() (*tensor.Tensor, error) {
	for _, dt := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Int8, tensor.Bool, tensor.String,
		tensor.Int16, tensor.Uint16, tensor.Uint32, tensor.Uint64, tensor.Half, tensor.BFloat} {
		if dt.String() != w.Type {
			continue
		}
		t := tensor.New(dt, w.Dims...)
		if dt == tensor.String {
			s := t.Strings()
			return t, json.Unmarshal(w.Data, &s)
		}
		var raw []byte
		if err := json.Unmarshal(w.Data, &raw); err != nil {
			return nil, err
		}
		_, err := binary.Decode(raw, binary.LittleEndian, t.Data())
		return t, err
	}
	return nil, fmt.Errorf("tensors of %s are not known", w.Type)
}
