package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/safetensors"
	"github.com/macaw-ai/macaw/framework/tensor"
)

const (
	indexSuffix = ".index.json"
	maxIndex    = 64 << 20 // bytes of JSON
)

// ReadWeights reads the tensors that any tool wrote in the safetensors format.
// path is a file, the index of a model in several files
// (model.safetensors.index.json), or a folder with either under the name
// model.safetensors. Memory grows with what the files hold, not with what they
// claim, and an index cannot name files outside its folder.
// Source of the index: huggingface.co/docs/transformers, "Sharded checkpoints".
func ReadWeights(path string) (map[string]*tensor.Tensor, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "model"+suffix)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path += indexSuffix
		}
	}
	if strings.HasSuffix(path, indexSuffix) {
		return readShards(path)
	}
	return readFile(path)
}

func readFile(path string) (map[string]*tensor.Tensor, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	defer file.Close()
	f, err := safetensors.Read(file)
	if err != nil {
		return nil, fmt.Errorf("read weights %s: %w", path, err)
	}
	return f.Tensors, nil
}

// readShards reads the files that an index names, one after the other.
func readShards(path string) (map[string]*tensor.Tensor, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxIndex+1))
	if err != nil {
		return nil, fmt.Errorf("read weights %s: %w", path, err)
	}
	var index struct {
		Map map[string]string `json:"weight_map"`
	}
	if len(text) > maxIndex {
		return nil, fmt.Errorf("read weights %s: the index has more than %d bytes", path, maxIndex)
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("read weights %s: %w", path, err)
	}
	if len(index.Map) == 0 {
		return nil, fmt.Errorf(`read weights %s: there is no "weight_map"`, path)
	}
	byShard := map[string][]string{}
	for name, shard := range index.Map {
		if !filepath.IsLocal(shard) {
			return nil, fmt.Errorf("read weights %s: %q lies in %q, outside the folder", path, name, shard)
		}
		byShard[shard] = append(byShard[shard], name)
	}
	all := map[string]*tensor.Tensor{}
	for _, shard := range slices.Sorted(maps.Keys(byShard)) {
		tensors, err := readFile(filepath.Join(filepath.Dir(path), shard))
		if err != nil {
			return nil, err
		}
		slices.Sort(byShard[shard])
		for _, name := range byShard[shard] {
			if all[name] = tensors[name]; all[name] == nil {
				return nil, fmt.Errorf("read weights %s: there is no %q in %s", path, name, shard)
			}
		}
	}
	return all, nil
}
