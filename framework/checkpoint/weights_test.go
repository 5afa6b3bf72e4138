package checkpoint_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/framework/checkpoint"
	"github.com/macaw-ai/macaw/framework/nn"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// raw writes a safetensors file byte by byte, as another tool would.
func raw(t *testing.T, path, header string, data ...byte) {
	t.Helper()
	all := append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestShards reads a model in two files through its index.
func TestShards(t *testing.T) {
	dir := t.TempDir()
	raw(t, filepath.Join(dir, "model-00001-of-00002.safetensors"),
		`{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}`, 0, 0, 128, 63, 0, 0, 0, 64)
	raw(t, filepath.Join(dir, "model-00002-of-00002.safetensors"),
		`{"a.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 64, 192)
	index := filepath.Join(dir, "model.safetensors.index.json")
	write(t, index, `{"metadata":{"total_size":12},"weight_map":{"a.weight":"model-00001-of-00002.safetensors","a.bias":"model-00002-of-00002.safetensors"}}`)
	for _, path := range []string{dir, index} {
		tensors, err := checkpoint.ReadWeights(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(tensors) != 2 || !tensor.Equal(tensors["a.weight"], tensor.Of([]float32{1, 2}, 1, 2)) || !tensor.Equal(tensors["a.bias"], tensor.Of([]float32{-3}, 1)) {
			t.Errorf("read %v", tensors)
		}
	}
	for text, want := range map[string]string{
		`{"weight_map":{"a.weight":"../secret"}}`:                        "outside the folder",
		`{"weight_map":{"a.weight":"/etc/passwd"}}`:                      "outside the folder",
		`{"weight_map":{"b":"model-00001-of-00002.safetensors"}}`:        `there is no "b" in`,
		`{"weight_map":{"a.weight":"model-00003-of-00002.safetensors"}}`: "no such file",
		`{}`:               `no "weight_map"`,
		`{"weight_map":3}`: "cannot unmarshal",
	} {
		write(t, index, text)
		_, err := checkpoint.ReadWeights(index)
		wantError(t, err, want)
	}
}

// model has one variable of each layout.
func model() *nn.Params {
	p := nn.NewParams(1)
	nn.NewLinear(p.Sub("fc"), 3, 2)
	nn.NewConv2D(p.Sub("conv"), 2, 3, 2, nn.ConvOptions{NoBias: true})
	nn.NewConv1D(p.Sub("wave"), 2, 1, 3, nn.ConvOptions{NoBias: true})
	nn.NewEmbedding(p.Sub("tokens"), 2, 2)
	return p
}

func count(dims ...int) *tensor.Tensor {
	t := tensor.New(tensor.Float32, dims...)
	for i := range t.Float32s() {
		t.Float32s()[i] = float32(i)
	}
	return t
}

func torchModel() map[string]*tensor.Tensor {
	return map[string]*tensor.Tensor{"net.fc.weight": count(2, 3), "net.fc.bias": count(2), "net.conv.weight": count(3, 2, 2, 2),
		"net.wave.weight": count(1, 2, 3), "net.tokens.weight": count(2, 2)}
}

var rename = strings.NewReplacer("net.tokens.weight", "tokens/table", "net.", "", ".", "/").Replace

// TestTorch compares transposed weights with the layouts' definitions.
func TestTorch(t *testing.T) {
	p := model()
	r, err := checkpoint.LoadWeights(p, torchModel(), checkpoint.LoadOptions{Rename: rename, Axes: checkpoint.Torch})
	if err != nil || len(r.Loaded) != 5 {
		t.Fatal(r, err)
	}
	at := func(name string, i int) float32 { return p.Get(name).Value().Float32s()[i] }
	for in := range 3 {
		for out := range 2 {
			if got := at("fc/weight", 2*in+out); got != float32(3*out+in) {
				t.Errorf("fc[%d,%d] is %v", in, out, got)
			}
		}
	}
	for o := range 3 {
		for i := range 2 {
			for y := range 2 {
				for x := range 2 {
					if got := at("conv/weight", ((y*2+x)*2+i)*3+o); got != float32(((o*2+i)*2+y)*2+x) {
						t.Errorf("conv[%d,%d,%d,%d] is %v", y, x, i, o, got)
					}
				}
			}
		}
	}
	if got := p.Get("wave/weight").Value().Float32s(); !slices.Equal(got, []float32{0, 3, 1, 4, 2, 5}) {
		t.Errorf("wave is %v", got)
	}
	if got := p.Get("tokens/table").Value(); !tensor.Equal(got, count(2, 2)) {
		t.Errorf("the table is %v", got.Float32s())
	}
}

// TestLoadWeights: what does not fit is named and changes nothing.
func TestLoadWeights(t *testing.T) {
	torch := checkpoint.LoadOptions{Rename: rename, Axes: checkpoint.Torch}
	partial, convert := torch, torch
	partial.Partial, convert.Convert = true, true
	for name, c := range map[string]struct {
		o    checkpoint.LoadOptions
		harm func(m map[string]*tensor.Tensor)
		want string // "" for success
	}{
		"missing":         {torch, func(m map[string]*tensor.Tensor) { delete(m, "net.fc.bias") }, "missing name: fc/bias"},
		"missing, partly": {partial, func(m map[string]*tensor.Tensor) { delete(m, "net.fc.bias") }, ""},
		"unexpected":      {torch, func(m map[string]*tensor.Tensor) { m["net.more"] = count(1) }, "unexpected name: net.more"},
		"shape":           {partial, func(m map[string]*tensor.Tensor) { m["net.fc.weight"] = count(3, 2) }, `"net.fc.weight" for the variable "fc/weight": it is float32[3 2], which gives [2 3], not [3 2]`},
		"rank":            {torch, func(m map[string]*tensor.Tensor) { m["net.fc.weight"] = count(6) }, "no order of the axes"},
		"twice":           {torch, func(m map[string]*tensor.Tensor) { m["fc.bias"] = count(2) }, `both "fc.bias" and "net.fc.bias"`},
		"type":            {torch, func(m map[string]*tensor.Tensor) { m["net.fc.bias"] = tensor.Of([]float64{1, 2}, 2) }, "it is float64[2], not float32"},
		"no float":        {convert, func(m map[string]*tensor.Tensor) { m["net.fc.bias"] = tensor.Of([]int64{1, 2}, 2) }, "it is int64[2], not float32"},
		"double":          {convert, func(m map[string]*tensor.Tensor) { m["net.fc.bias"] = tensor.Of([]float64{0, 1}, 2) }, ""},
		"half": {convert, func(m map[string]*tensor.Tensor) {
			m["net.fc.bias"] = tensor.Of([]tensor.Float16{tensor.NewFloat16(0), tensor.NewFloat16(1)}, 2)
		}, ""},
		"brain": {convert, func(m map[string]*tensor.Tensor) {
			m["net.fc.bias"] = tensor.Of([]tensor.BFloat16{tensor.NewBFloat16(0), tensor.NewBFloat16(1)}, 2)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, m := model(), torchModel()
			before := p.Tensors()
			c.harm(m)
			r, err := checkpoint.LoadWeights(p, m, c.o)
			if c.want == "" {
				if err != nil || !tensor.Equal(p.Get("tokens/table").Value(), count(2, 2)) {
					t.Errorf("%v, %v", r, err)
				}
				if b := p.Get("fc/bias").Value(); len(r.Missing) == 0 && !tensor.Equal(b, count(2)) {
					t.Errorf("the bias is %v", b.Float32s())
				}
				return
			}
			wantError(t, err, c.want)
			for n, v := range p.Tensors() {
				if !tensor.Equal(v, before[n]) {
					t.Errorf("%s has changed", n)
				}
			}
		})
	}
}
