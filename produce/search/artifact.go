package search

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/internal/store"
	"github.com/macaw-ai/macaw/toolbox"
)

// An artifact is what a finished trial leaves behind, one blob: a zip file with,
// for each fold in order, the model ("0.onnx") and its outputs on the fold's
// validation samples ("0.f32", little-endian), so that nothing of a trial stays
// in memory.

// maxEntry bounds the bytes read of one entry.
const maxEntry = 1 << 30

func writeArtifact(blobs *store.Blobs, folds []*toolbox.Candidate) (string, error) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	put := func(name string, b []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	}
	for i, c := range folds {
		if err := put(fmt.Sprintf("%d.onnx", i), c.Model.Marshal()); err != nil {
			return "", fmt.Errorf("write a trial's models: %w", err)
		}
		if err := put(fmt.Sprintf("%d.f32", i), floatBytes(c.Val)); err != nil {
			return "", fmt.Errorf("write a trial's predictions: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("write a trial's models: %w", err)
	}
	return blobs.PutBytes(buf.Bytes())
}

// Predictions reads the outputs on validation, fold after fold.
func Predictions(blobs *store.Blobs, artifact string, folds int) ([]float32, error) {
	var out []float32
	err := readArtifact(blobs, artifact, "f32", folds, func(b []byte) error {
		for i := 0; i+4 <= len(b); i += 4 {
			out = append(out, math.Float32frombits(binary.LittleEndian.Uint32(b[i:])))
		}
		return nil
	})
	return out, err
}

// Models reads the models of a trial, one per fold.
func Models(blobs *store.Blobs, artifact string, folds int) ([]*onnx.Model, error) {
	var out []*onnx.Model
	err := readArtifact(blobs, artifact, "onnx", folds, func(b []byte) error {
		m, err := onnx.Unmarshal(b)
		out = append(out, m)
		return err
	})
	return out, err
}

func readArtifact(blobs *store.Blobs, artifact, kind string, folds int, each func([]byte) error) error {
	f, err := blobs.Open(artifact)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return fmt.Errorf("read a trial's artifact %s: %w", artifact, err)
	}
	for i := range folds {
		b, err := readEntry(z, fmt.Sprintf("%d.%s", i, kind))
		if err == nil {
			err = each(b)
		}
		if err != nil {
			return fmt.Errorf("read a trial's artifact %s: %w", artifact, err)
		}
	}
	return nil
}

func readEntry(z *zip.Reader, name string) ([]byte, error) {
	f, err := z.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxEntry+1))
	if len(b) > maxEntry {
		return nil, fmt.Errorf("entry %s: %w", name, os.ErrInvalid)
	}
	return b, err
}

func floatBytes(v []float32) []byte {
	b := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
	}
	return b
}
