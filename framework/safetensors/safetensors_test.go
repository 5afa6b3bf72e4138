package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/safetensors"
	"github.com/macaw-ai/macaw/framework/tensor"
)

func sample() safetensors.File {
	return safetensors.File{
		Metadata: map[string]string{"format": "pt"},
		Tensors: map[string]*tensor.Tensor{
			"fc/weight": tensor.Of([]float32{1, -2.5, 3, 4, 5, 6}, 2, 3),
			"step":      tensor.Of([]int64{-7}, 1),
			"scalar":    tensor.Scalar(2.5),
			"mask":      tensor.Of([]bool{true, false, true}, 3),
			"bytes":     tensor.Of([]uint8{0, 255}, 2),
			"empty":     tensor.New(tensor.Int32, 0, 4),
		},
	}
}

func encode(t testing.TB, f safetensors.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func Example() {
	var file bytes.Buffer
	err := safetensors.Write(&file, safetensors.File{Tensors: map[string]*tensor.Tensor{"w": tensor.Of([]float32{1, 2}, 2)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := safetensors.Read(&file)
	fmt.Println(f.Tensors["w"], f.Tensors["w"].Float32s(), err)
	// Output: float32[2] [1 2] <nil>
}

func TestRoundTrip(t *testing.T) {
	want := sample()
	got, err := safetensors.Read(bytes.NewReader(encode(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Tensors) != len(want.Tensors) || got.Metadata["format"] != "pt" {
		t.Errorf("read %v", got)
	}
	for name, w := range want.Tensors {
		if g := got.Tensors[name]; g == nil || !tensor.Equal(g, w) {
			t.Errorf("%s is %v, want %v", name, g, w)
		}
	}
	if err := safetensors.Write(&bytes.Buffer{}, safetensors.File{Tensors: map[string]*tensor.Tensor{"s": tensor.Scalar("x")}}); err == nil {
		t.Error("strings were written")
	}
}

func file(header string, data ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func TestBadFiles(t *testing.T) {
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "EOF"},
		{"long header", binary.LittleEndian.AppendUint64(nil, 1<<60), "a header of"},
		{"cut header", file("{}")[:9], "header"},
		{"no JSON", file("[1]"), "header"},
		{"type", file(`{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), `unknown type "F4"`},
		{"shape", file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "impossible shape"},
		{"overflow", file(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`), "impossible shape"},
		{"gap", file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 0, 0), "do not hold"},
		{"overlap", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 0, 0, 0), "do not hold"},
		{"size", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "do not hold"},
		{"cut data", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0), "EOF"},
		{"claimed size", file(`{"a":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]}}`, 1), "EOF"},
		{"truth", file(`{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}`, 2), "truth value is 2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := safetensors.Read(bytes.NewReader(c.data)); !errors.Is(err, safetensors.ErrFormat) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want ErrFormat and %q", err, c.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0))
	f.Add(file(`{"__metadata__":{"a":"b"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := safetensors.Read(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, safetensors.ErrFormat) {
				t.Fatalf("error %v does not wrap ErrFormat", err)
			}
			return
		}
		again, err := safetensors.Read(bytes.NewReader(encode(t, got)))
		if err != nil || len(again.Tensors) != len(got.Tensors) {
			t.Fatalf("written again: %v", err)
		}
	})
}

// TestPeer lets Python's safetensors package, where installed, read a file.
func TestPeer(t *testing.T) {
	python := "/usr/bin/python3"
	if exec.Command(python, "-c", "import safetensors").Run() != nil {
		t.Skip("python3 has no safetensors package")
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, encode(t, sample()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", "import sys\nfrom safetensors.numpy import load_file\nd = load_file(sys.argv[1])\nprint(d['fc/weight'].tolist(), d['step'].tolist())", path).CombinedOutput()
	if want := "[[1.0, -2.5, 3.0], [4.0, 5.0, 6.0]] [-7]\n"; err != nil || string(out) != want {
		t.Errorf("%s, %v; want %s", out, err, want)
	}
}
