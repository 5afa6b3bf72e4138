package macaw_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers says which folder may import which: in "a < b", b may import a and
// whatever a may import. Folders that are not connected may not import each
// other. A name stands for the folder and all below it, unless a longer name
// covers it.
const layers = `
	internal < chip < framework/tensor < framework/graph < framework/nn < framework/optim < framework/onnx;
	framework/tensor < framework/safetensors;
	framework/tensor < data;
	framework/optim, framework/safetensors < framework/checkpoint;
	data, framework/onnx < model;
	framework/onnx, framework/safetensors < framework/lora, framework/prune, framework/quant;
	model, framework/checkpoint < train < toolbox;
	model < serve;
	toolbox, serve < produce < console < cmd;
	framework/nn, framework/safetensors < framework/llama;
	framework/quant < cmd;
	train, framework/llama, framework/lora, framework/prune, framework/quant < examples;
	test/emulator;
`

const module = "github.com/macaw-ai/macaw"

// policy is the parsed layers: for each name, the names it may import.
type policy map[string]map[string]bool

func parsePolicy(text string) (policy, error) {
	p := policy{}
	names := func(list string) (out []string) {
		for name := range strings.SplitSeq(list, ",") {
			name = strings.TrimSpace(name)
			if p[name] == nil {
				p[name] = map[string]bool{}
			}
			out = append(out, name)
		}
		return out
	}
	for rule := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(rule) == "" {
			continue
		}
		var below []string
		for i, list := range strings.Split(rule, "<") {
			here := names(list)
			if i > 0 {
				for _, h := range here {
					for _, b := range below {
						p[h][b] = true
					}
				}
			}
			below = here
		}
	}
	p.close()
	for name, may := range p {
		if may[name] {
			return nil, fmt.Errorf("layers: %s stands below itself", name)
		}
	}
	return p, nil
}

// close makes the relation transitive.
func (p policy) close() {
	for changed := true; changed; {
		changed = false
		for _, may := range p {
			for below := range may {
				for further := range p[below] {
					if !may[further] {
						may[further], changed = true, true
					}
				}
			}
		}
	}
}

// layerOf returns the longest name that covers folder, or "".
func (p policy) layerOf(folder string) string {
	for f := folder; f != "."; f = filepath.Dir(f) {
		if p[f] != nil {
			return f
		}
	}
	return ""
}

func (p policy) allows(from, to string) bool {
	a, b := p.layerOf(from), p.layerOf(to)
	return a == b || p[a][b]
}

func TestLayers(t *testing.T) {
	p, err := parsePolicy(layers)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || path != "." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" || filepath.Dir(path) == "." {
			return nil
		}
		folder := filepath.Dir(path)
		if p.layerOf(folder) == "" {
			t.Errorf("%s: folder %s stands in no layer; add it to layers", path, folder)
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			to, ours := strings.CutPrefix(imported, module+"/")
			if ours && !p.allows(folder, to) {
				t.Errorf("%s imports %s: %s may not import %s", path, to, p.layerOf(folder), p.layerOf(to))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Errorf("looked at %d files only", seen)
	}
}

// The guard must be able to fail.
func TestLayersRefuse(t *testing.T) {
	p, err := parsePolicy("a < b < c; a < d")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		from, to string
		want     bool
	}{
		{"c/x", "a", true}, {"b", "a/y", true}, {"a", "b", false}, {"d", "b", false}, {"c", "d", false}, {"b/x", "b/y", true},
	} {
		if got := p.allows(tc.from, tc.to); got != tc.want {
			t.Errorf("%s imports %s: allowed %v, want %v", tc.from, tc.to, got, tc.want)
		}
	}
	if _, err := parsePolicy("a < b; b < a"); err == nil {
		t.Error("a cycle was accepted")
	}
}
