package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/macaw-ai/macaw/internal/atomicfile"
	"github.com/macaw-ai/macaw/internal/fault"
)

// Blobs keeps files under the SHA-256 of their content. A blob is written to a
// temporary name, synced and renamed: a reader sees a whole blob or none.
type Blobs struct {
	dir   string
	store *Store
}

// Put stores what r gives and returns its hash (64 hex digits) and length in
// bytes. Putting the same content again changes nothing.
func (b *Blobs) Put(r io.Reader) (hash string, n int64, err error) {
	work, err := b.store.workDir()
	if err != nil {
		return "", 0, err
	}
	f, err := os.CreateTemp(work, "blob-*")
	if err != nil {
		return "", 0, b.store.Explain(fmt.Errorf("put a blob: %w", err))
	}
	defer os.Remove(f.Name()) // gone already after the rename
	defer f.Close()
	sum := sha256.New()
	if n, err = io.Copy(io.MultiWriter(f, sum), r); err != nil {
		return "", 0, b.store.Explain(fmt.Errorf("put a blob: %w", err))
	}
	hash = hex.EncodeToString(sum.Sum(nil))
	if b.Has(hash) {
		return hash, n, nil
	}
	if err := b.publish(f, hash); err != nil {
		return "", 0, b.store.Explain(fmt.Errorf("put blob %s: %w", hash, err))
	}
	return hash, n, nil
}

// PutBytes is Put of p; content that is there already costs no writing.
func (b *Blobs) PutBytes(p []byte) (hash string, err error) {
	sum := sha256.Sum256(p)
	hash = hex.EncodeToString(sum[:])
	if b.Has(hash) {
		return hash, nil
	}
	hash, _, err = b.Put(bytes.NewReader(p))
	return hash, err
}

func (b *Blobs) publish(f *os.File, hash string) error {
	if err := f.Chmod(0o444); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	path := b.Path(hash)
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o777); err == nil {
		if err := atomicfile.SyncDir(b.dir); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return atomicfile.SyncDir(dir)
}

// Path is where the blob lies, if it is there. The file must not be changed.
// A string that is no hash gives a path at which nothing lies.
func (b *Blobs) Path(hash string) string {
	if !isHash(hash) {
		return filepath.Join(b.dir, "none")
	}
	return filepath.Join(b.dir, hash[:2], hash)
}

// Has reports whether the blob is there.
func (b *Blobs) Has(hash string) bool {
	info, err := os.Stat(b.Path(hash))
	return err == nil && info.Mode().IsRegular()
}

// Open opens a blob for reading. A missing one is fault.NotFound.
func (b *Blobs) Open(hash string) (*os.File, error) {
	f, err := os.Open(b.Path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Errorf(fault.NotFound, "The home %s holds no blob %s.", b.store.Home, hash)
	}
	return f, err
}

// Read returns the content of a blob of at most limit bytes.
func (b *Blobs) Read(hash string, limit int64) ([]byte, error) {
	f, err := b.Open(hash)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(p)) > limit {
		err = fmt.Errorf("blob %s is longer than %d bytes", hash, limit)
	}
	return p, err
}

func isHash(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
