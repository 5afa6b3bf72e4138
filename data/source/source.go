// Package source opens what a user points at, a file, a folder or an archive, as
// a flat list of files. Archives are never unpacked to named files, so that no
// path inside one can reach outside; everything is read under limits.
package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/internal/fault"
)

// Limits bounds what is read. The zero value means the defaults.
type Limits struct {
	Files     int   // most files of a tree; 0 means 4,000,000
	Depth     int   // deepest folder; 0 means 64
	Bytes     int64 // most bytes after decompression; 0 means 32 GiB
	Ratio     int64 // most bytes out for one byte in; 0 means 250
	RatioFrom int64 // bytes out from which Ratio counts; 0 means 64 MiB
	Nested    int   // archives within archives; 0 means 3
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set64 := func(p *int64, v int64) {
		if *p == 0 {
			*p = v
		}
	}
	set(&l.Files, 4_000_000)
	set(&l.Depth, 64)
	set(&l.Nested, 3)
	set64(&l.Bytes, 32<<30)
	set64(&l.Ratio, 250)
	set64(&l.RatioFrom, 64<<20)
	return l
}

// File is one file of a tree.
type File struct {
	Path string // slash-separated, relative to the tree; a final .gz is taken off
	Size int64  // bytes as stored, before any gunzipping

	gzipped bool
	open    func() (io.ReadCloser, error)
	limits  Limits
}

// Open opens the file for reading, gunzipped where needed, under the limits.
func (f *File) Open() (io.ReadCloser, error) {
	r, err := f.open()
	if err != nil || !f.gzipped {
		return r, err
	}
	return gunzip(f.Path, r, f.Size, f.limits)
}

// Head returns up to n bytes of the file's beginning.
func (f *File) Head(n int) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p := make([]byte, n)
	n, err = io.ReadFull(r, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return p[:n], err
}

// Base returns the last part of the path.
func (f *File) Base() string { return path.Base(f.Path) }

// Ext returns the lower-case ending of the path, with its dot.
func (f *File) Ext() string { return strings.ToLower(path.Ext(f.Path)) }

// Tree is the files of a folder or an archive, or one file, sorted by path.
type Tree struct {
	Name       string // of the folder, archive or file, without its endings
	Single     bool   // the user pointed at a plain file
	Files      []*File
	Unreadable []string // files and folders that could not be opened

	closers []func()
}

// Close gives back what the tree holds open.
func (t *Tree) Close() {
	for _, c := range slices.Backward(t.closers) {
		c()
	}
	t.closers = nil
}

// Options says how to open a tree.
type Options struct {
	Limits Limits
	// TempDir makes a folder for spooling compressed archives; nil means the
	// system's temporary folder.
	TempDir func() (dir string, cleanup func(), err error)
	// Ignore says which files do not count when deciding whether a folder holds
	// nothing but archives, which are then opened.
	Ignore func(name string) bool
}

// Open opens the file, folder or archive at name.
func Open(ctx context.Context, name string, o Options) (*Tree, error) {
	o.Limits = o.Limits.withDefaults()
	info, err := os.Stat(name)
	if err != nil {
		return nil, explainOpen(name, err)
	}
	t := &Tree{Name: stem(filepath.Base(absolute(name)))}
	b := &builder{ctx: ctx, tree: t, o: o}
	if info.IsDir() {
		err = b.folder(name)
	} else {
		err = b.file(name, info)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	slices.SortFunc(t.Files, func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
	return t, nil
}

func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

func explainOpen(name string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fault.Errorf(fault.NotFound, "There is no file or folder %s.", name)
	case errors.Is(err, os.ErrPermission):
		return fault.Errorf(fault.Invalid, "%s cannot be read; check its permissions.", name)
	}
	return fault.Errorf(fault.Invalid, "%s cannot be opened: %w", name, err)
}

// stem takes the endings of archives and compression, and then one more, off.
func stem(base string) string {
	s := strings.ToLower(base)
	for _, ext := range []string{".tar.gz", ".tar.bz2", ".tgz", ".tbz2", ".gz", ".bz2", ".zip", ".tar"} {
		if strings.HasSuffix(s, ext) && len(s) > len(ext) {
			base = base[:len(base)-len(ext)]
			break
		}
	}
	switch ext := strings.ToLower(filepath.Ext(base)); ext {
	case ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".data", ".tab", ".dat":
		base = base[:len(base)-len(ext)]
	}
	return base
}
