package peers

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// started gives a peer, or skips where it is not installed. Within ./check, which
// installs what tests need, that is a failure.
func started(t *testing.T, p *Peer, err error) *Peer {
	t.Helper()
	if missing, ok := errors.AsType[*MissingError](err); ok && os.Getenv("MACAW_CHECK") == "" {
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func torch(t *testing.T) *Peer {
	p, err := Torch(t.Context(), 2)
	return started(t, p, err)
}

// works lists one work of each kind.
var works = []string{"sgemm 64", "conv forward 8 8", "conv all 8 8", "rows softmax", "rows layernorm", "rows gelu", "adamw 1000", "train mlp", "train lenet"}

func TestTorch(t *testing.T) {
	p := torch(t)
	if p.Name != "PyTorch" || p.Version == "" || p.BLAS != "openblas-openmp" {
		t.Errorf("it is %s %s on %s", p.Name, p.Version, p.BLAS)
	}
	for _, work := range works {
		if err := p.Open(work, ""); err != nil {
			t.Fatalf("%s: %v", work, err)
		}
		s, err := p.Measure(0.01)
		if err != nil || s.Runs < 3 || s.Least <= 0 || s.Median < s.Least {
			t.Errorf("%s: %+v, %v", work, s, err)
		}
	}
	if err := p.Open("dance", ""); err == nil || !strings.Contains(err.Error(), "dance") {
		t.Errorf("an unknown work: %v", err)
	}
	m, err := p.Memory()
	if err != nil || m.Base < 50<<20 || m.Peak < m.Base {
		t.Errorf("memory %+v, %v", m, err)
	}
}

func TestONNXRuntime(t *testing.T) {
	o, err := ONNXRuntime(t.Context(), 2)
	o = started(t, o, err)
	if err := o.Open("infer mlp 1", t.TempDir()); err == nil {
		t.Error("no error without a network")
	}
	p := torch(t)
	folder, err := p.Export()
	if err != nil {
		t.Fatal(err)
	}
	for _, work := range []string{"infer mlp 1", "infer lenet 3", "infer resnet18 1", "infer gpt 1"} {
		if err := o.Open(work, folder); err != nil {
			t.Fatalf("%s: %v", work, err)
		}
		if s, err := o.Measure(0.01); err != nil || s.Runs < 3 || s.Least <= 0 {
			t.Errorf("%s: %+v, %v", work, s, err)
		}
	}
}

func TestMissingPeer(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := ONNXRuntime(t.Context(), 1)
	if _, ok := errors.AsType[*MissingError](err); !ok || !strings.Contains(err.Error(), "npm install onnxruntime-node") {
		t.Errorf("without node: %v", err)
	}
}
