package onnx

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// reference is one process of onnxruntime that answers all tests of this package.
type reference struct {
	mu     sync.Mutex
	dir    string
	in     io.WriteCloser
	out    *bufio.Reader
	models int
}

var theReference = sync.OnceValues(startReference)

// startReference finds onnxruntime-node in the node_modules folder that
// MACAW_NPM names, else in the one at the root of the module.
func startReference() (*reference, error) {
	modules := os.Getenv("MACAW_NPM")
	if modules == "" {
		modules = "../../node_modules"
	}
	modules, err := filepath.Abs(modules)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(modules, "onnxruntime-node")); err != nil {
		return nil, fmt.Errorf("onnxruntime-node is not in %s; set MACAW_NPM to a node_modules folder that has it", modules)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(node, "testdata/ort_run.mjs", filepath.Dir(modules))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ort")
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	atExit = append(atExit, func() { in.Close(); cmd.Wait(); os.RemoveAll(dir) })
	return &reference{dir: dir, in: in, out: bufio.NewReaderSize(out, 1<<20)}, nil
}

var atExit []func()

func TestMain(m *testing.M) {
	code := m.Run()
	for _, f := range atExit {
		f()
	}
	os.Exit(code)
}

type wireTensor struct {
	Type string `json:"type"`
	Dims []int  `json:"dims"`
	Data any    `json:"data"`
}

// run loads m in onnxruntime and runs it.
func (r *reference) run(m *Model, inputs map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.models++
	path := filepath.Join(r.dir, fmt.Sprintf("%d.onnx", r.models))
	if err := os.WriteFile(path, m.Marshal(), 0o644); err != nil {
		return nil, err
	}
	job := map[string]any{"model": path}
	feeds := map[string]wireTensor{}
	for name, t := range inputs {
		w := wireTensor{Type: t.DType().String(), Dims: append([]int{}, t.Shape()...)}
		if t.DType() == tensor.String {
			w.Data = t.Strings()
		} else {
			w.Data = base64.StdEncoding.EncodeToString(NewTensorProto("", t).RawData)
		}
		feeds[name] = w
	}
	job["inputs"] = feeds
	if err := json.NewEncoder(r.in).Encode(job); err != nil {
		return nil, err
	}
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	var reply struct {
		Error   string
		Outputs map[string]struct {
			Type string
			Dims []int
			Data json.RawMessage
		}
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		return nil, err
	}
	if reply.Error != "" {
		return nil, fmt.Errorf("onnxruntime: %s", reply.Error)
	}
	outs := map[string]*tensor.Tensor{}
	for name, o := range reply.Outputs {
		p := &TensorProto{Name: name, Dims: convert[int64](o.Dims)}
		for dt, w := range dataTypes {
			if dt.String() == o.Type {
				p.DataType = w
			}
		}
		dst := any(&p.RawData)
		if o.Type == "string" {
			dst = &p.StringData
		}
		if err := json.Unmarshal(o.Data, dst); err != nil {
			return nil, err
		}
		if outs[name], err = p.Tensor(); err != nil {
			return nil, err
		}
	}
	return outs, nil
}

// ort runs m in onnxruntime and skips the test where that is not installed.
func ort(t *testing.T, m *Model, inputs map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	t.Helper()
	outs, err := tryORT(t, m, inputs)
	if err != nil {
		t.Fatal(err)
	}
	return outs
}

func tryORT(t *testing.T, m *Model, inputs map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	t.Helper()
	r, err := theReference()
	if err != nil {
		t.Skip(err)
	}
	return r.run(m, inputs)
}
