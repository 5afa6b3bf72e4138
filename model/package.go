package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/internal/atomicfile"
	"github.com/macaw-ai/macaw/internal/fault"
	"github.com/macaw-ai/macaw/internal/store"
)

// The files of a package.
const (
	ModelFile  = "model.onnx"
	CardFile   = "card.json"
	LabelsFile = "labels.json" // JSON array of the class names
	SumsFile   = "SHA256SUMS"  // of the others, as sha256sum writes and checks it
)

// Bounds of what Open reads, in bytes.
const (
	maxModel = 2 << 30 // protobuf's own
	maxText  = 64 << 20
)

// Package is an opened model package whose checksums are right.
type Package struct {
	Dir  string
	Card Card
	onnx []byte
}

// Write makes the folder dir with a package in it. The folder appears whole or
// not at all; when it exists already it must be empty.
func Write(dir string, m *onnx.Model, card Card) error {
	return writePackage(dir, m.Marshal(), card)
}

func writePackage(dir string, model []byte, card Card) error {
	labels, err := json.MarshalIndent(append([]string{}, card.Classes...), "", "  ")
	if err != nil {
		return fmt.Errorf("write model package: %w", err)
	}
	text, err := marshalCard(card)
	if err != nil {
		return err
	}
	return writeFiles(dir, map[string][]byte{ModelFile: model, CardFile: text, LabelsFile: append(labels, '\n')})
}

func marshalCard(card Card) ([]byte, error) {
	text, err := json.MarshalIndent(card, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write model card: %w", err)
	}
	return append(text, '\n'), nil
}

// writeFiles writes the files and their sums to a temporary folder beside dir,
// syncs them and renames the folder.
func writeFiles(dir string, files map[string][]byte) (err error) {
	defer func() { err = explain(dir, err) }()
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+"-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) // gone after the rename
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	for name, p := range files {
		if err := writeSynced(filepath.Join(tmp, name), p); err != nil {
			return err
		}
	}
	if err := writeSynced(filepath.Join(tmp, SumsFile), sums(files)); err != nil {
		return err
	}
	if err := atomicfile.SyncDir(tmp); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // goes when empty
		return fault.Errorf(fault.Conflict, "%s is not an empty folder; name another one for the model.", dir)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return err
	}
	return atomicfile.SyncDir(parent)
}

// explain gives errors of the disk their sentence, wherever dir lies.
func explain(dir string, err error) error {
	return (&store.Store{Home: dir}).Explain(err)
}

func writeSynced(path string, p []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(p); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

func sums(files map[string][]byte) []byte {
	var lines []string
	for name, p := range files {
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(p), name))
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, ""))
}

// Open reads the package in a folder and checks its sums. A folder that holds no
// package is fault.NotFound, a damaged one fault.Invalid.
func Open(dir string) (*Package, error) {
	want, err := readSums(dir)
	if err != nil {
		return nil, err
	}
	p := &Package{Dir: dir}
	for _, file := range []struct {
		name  string
		limit int64
		use   func([]byte) error
	}{
		{CardFile, maxText, func(b []byte) error { return json.Unmarshal(b, &p.Card) }},
		{LabelsFile, maxText, p.checkLabels},
		{ModelFile, maxModel, func(b []byte) error { p.onnx = b; return nil }},
	} {
		b, err := readFile(filepath.Join(dir, file.name), file.limit)
		if err != nil {
			return nil, broken(dir, "%s cannot be read: %w", file.name, err)
		}
		sum := sha256.Sum256(b)
		if want[file.name] != hex.EncodeToString(sum[:]) {
			return nil, broken(dir, "%s does not match its checksum", file.name)
		}
		if err := file.use(b); err != nil {
			return nil, broken(dir, "%s: %w", file.name, err)
		}
	}
	return p, nil
}

func broken(dir, format string, args ...any) error {
	return fault.Errorf(fault.Invalid, "The model package %s is damaged (%w); make or copy it again.", dir, fmt.Errorf(format, args...))
}

func readSums(dir string) (map[string]string, error) {
	b, err := readFile(filepath.Join(dir, SumsFile), maxText)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, ModelFile)); err == nil {
			return nil, broken(dir, "%s is missing", SumsFile)
		}
		return nil, fault.Errorf(fault.NotFound, "%s holds no model package: there is no %s in it.", dir, ModelFile)
	}
	if err != nil {
		return nil, broken(dir, "%s cannot be read: %w", SumsFile, err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(b)) {
		sum, name, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "  ")
		if !ok || len(sum) != 2*sha256.Size {
			return nil, broken(dir, "%s has a line that is no checksum", SumsFile)
		}
		want[name] = sum
	}
	return want, nil
}

func (p *Package) checkLabels(b []byte) error {
	var labels []string
	if err := json.Unmarshal(b, &labels); err != nil {
		return err
	}
	if !slices.Equal(labels, append([]string{}, p.Card.Classes...)) {
		return errors.New("the labels are not the card's classes")
	}
	return nil
}

func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("it has %d bytes, above the limit of %d", info.Size(), limit)
	}
	b := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	_, err = io.Copy(b, io.LimitReader(f, limit))
	return b.Bytes(), err
}

// Ref returns NAME@VERSION, or the folder for a package outside a registry.
func (p *Package) Ref() string {
	if p.Card.Name == "" || p.Card.Version == 0 {
		return p.Dir
	}
	return fmt.Sprintf("%s@%d", p.Card.Name, p.Card.Version)
}

// Model decodes the ONNX model.
func (p *Package) Model() (*onnx.Model, error) {
	m, err := onnx.Unmarshal(p.onnx)
	if err != nil {
		return nil, broken(p.Dir, "%s: %w", ModelFile, err)
	}
	return m, nil
}

// Size is the length of the ONNX model in bytes.
func (p *Package) Size() int { return len(p.onnx) }
