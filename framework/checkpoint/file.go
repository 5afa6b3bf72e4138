package checkpoint

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/framework/safetensors"
	"github.com/macaw-ai/macaw/framework/tensor"
	"github.com/macaw-ai/macaw/internal/atomicfile"
)

// ErrCorrupt is wrapped by errors about the contents of a checkpoint file.
var ErrCorrupt = errors.New("damaged checkpoint")

// Keys of the file's metadata. Each tensor has a CRC-32C of its bytes, and the
// header one of all that is not tensors' bytes.
const (
	reserved     = "checkpoint."
	keyVersion   = reserved + "version"
	keyStep      = reserved + "step"
	keyMetric    = reserved + "metric"
	keyHeaderSum = reserved + "crc32c"
	keySum       = reserved + "crc32c/" // and the tensor's name
	version      = "1"
	stateSection = "state"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write writes c as one safetensors file, which replaces path at once: whoever
// opens path sees what was there before or all of c, even if the machine stops.
func Write(path string, c *Checkpoint) error {
	f, err := encode(c)
	if err != nil {
		return fmt.Errorf("write checkpoint %s: %w", path, err)
	}
	if err := atomicfile.Write(path, func(w io.Writer) error { return safetensors.Write(w, f) }); err != nil {
		return fmt.Errorf("write checkpoint %s: %w", path, err)
	}
	return nil
}

// Read reads the checkpoint at path. Its errors about the contents wrap
// ErrCorrupt and name the field that is damaged.
func Read(path string) (*Checkpoint, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	defer file.Close()
	c, err := decode(file)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint %s: %w", path, err)
	}
	return c, nil
}

func encode(c *Checkpoint) (safetensors.File, error) {
	f := safetensors.File{Tensors: maps.Clone(c.Tensors), Metadata: map[string]string{keyVersion: version,
		keyStep: strconv.Itoa(c.Step), keyMetric: strconv.FormatFloat(c.Metric, 'g', -1, 64)}}
	if f.Tensors == nil {
		f.Tensors = map[string]*tensor.Tensor{}
	}
	for key, text := range c.Metadata {
		if strings.HasPrefix(key, reserved) {
			return f, fmt.Errorf("the metadata key %q is reserved", key)
		}
		f.Metadata[key] = text
	}
	for name, data := range c.State {
		f.Tensors[stateSection+"/"+name] = tensor.Of(data, len(data))
	}
	for name, t := range f.Tensors {
		sum, err := sumOf(t)
		if err != nil {
			return f, fmt.Errorf("tensor %q: %w", name, err)
		}
		f.Metadata[keySum+name] = sum
	}
	f.Metadata[keyHeaderSum] = headerSum(f)
	return f, nil
}

func decode(r io.Reader) (*Checkpoint, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	f, err := safetensors.Read(buffered)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if _, err := buffered.ReadByte(); err != io.EOF {
		return nil, fmt.Errorf("%w: there are bytes behind the last tensor", ErrCorrupt)
	}
	meta := f.Metadata
	if v := meta[keyVersion]; v != version {
		return nil, fmt.Errorf("%w: metadata %q is %q, not %q", ErrCorrupt, keyVersion, v, version)
	}
	for name, t := range f.Tensors {
		if sum, err := sumOf(t); err != nil || sum != meta[keySum+name] {
			return nil, fmt.Errorf("%w: tensor %q has the checksum %s, not %s", ErrCorrupt, name, sum, meta[keySum+name])
		}
	}
	if sum := meta[keyHeaderSum]; sum != headerSum(f) {
		return nil, fmt.Errorf("%w: the header does not have the checksum %q", ErrCorrupt, sum)
	}
	c := &Checkpoint{Tensors: map[string]*tensor.Tensor{}, State: map[string][]byte{}, Metadata: map[string]string{}}
	if c.Step, err = strconv.Atoi(meta[keyStep]); err != nil {
		return nil, fmt.Errorf("%w: metadata %q: %w", ErrCorrupt, keyStep, err)
	}
	if c.Metric, err = strconv.ParseFloat(meta[keyMetric], 64); err != nil {
		return nil, fmt.Errorf("%w: metadata %q: %w", ErrCorrupt, keyMetric, err)
	}
	for key, text := range meta {
		if !strings.HasPrefix(key, reserved) {
			c.Metadata[key] = text
		}
	}
	for name, t := range f.Tensors {
		state, ok := strings.CutPrefix(name, stateSection+"/")
		switch {
		case !ok:
			c.Tensors[name] = t
		case t.DType() != tensor.Uint8 || t.Rank() != 1:
			return nil, fmt.Errorf("%w: state %q is %v", ErrCorrupt, state, t)
		default:
			c.State[state] = t.Uint8s()
		}
	}
	return c, nil
}

// sumOf is the checksum of a tensor's bytes in the file.
func sumOf(t *tensor.Tensor) (string, error) {
	if t.DType() == tensor.String {
		return "", errors.New("strings cannot be written")
	}
	sum := crc32.New(castagnoli)
	if err := binary.Write(sum, binary.LittleEndian, t.Data()); err != nil {
		return "", err
	}
	return fmt.Sprintf("%08x", sum.Sum32()), nil
}

// headerSum is the checksum of metadata, types and shapes.
func headerSum(f safetensors.File) string {
	sum := crc32.New(castagnoli)
	for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
		if key != keyHeaderSum {
			fmt.Fprintf(sum, "%q %q\n", key, f.Metadata[key])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Tensors)) {
		fmt.Fprintf(sum, "%q %v\n", name, f.Tensors[name])
	}
	return fmt.Sprintf("%08x", sum.Sum32())
}

// metricOf reads the metric of the checkpoint at path from its header alone.
func metricOf(path string) (float64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	meta, err := safetensors.ReadMetadata(file)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return strconv.ParseFloat(meta[keyMetric], 64)
}
