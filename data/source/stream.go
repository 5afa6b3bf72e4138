package source

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// bounded stops a decompressed stream that grows beyond reason.
type bounded struct {
	name    string
	r       io.Reader
	in, out int64 // bytes before and after decompression
	limits  Limits
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.out += int64(n)
	if b.out > b.limits.Bytes {
		return n, tooLarge(b.name, b.limits.Bytes)
	}
	if b.out > b.limits.RatioFrom && b.out/b.limits.Ratio > b.in {
		return n, bomb(b.name)
	}
	if err != nil && err != io.EOF {
		err = brokenArchive(b.name, err)
	}
	return n, err
}

// gunzip decompresses r, a stream of size bytes.
func gunzip(name string, r io.ReadCloser, size int64, limits Limits) (io.ReadCloser, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		r.Close()
		return nil, brokenArchive(name, err)
	}
	return readCloser{&bounded{name: name, r: z, in: size, limits: limits}, r}, nil
}

// spool is one unnamed file that holds what sequential archives unpack to.
type spool struct {
	f    *os.File
	size int64
}

// toSpool appends r and returns where it lies.
func (b *builder) toSpool(r io.Reader) (*io.SectionReader, error) {
	if b.spool == nil {
		if err := b.openSpool(); err != nil {
			return nil, err
		}
	}
	start := b.spool.size
	n, err := io.Copy(b.spool.f, io.LimitReader(r, b.o.Limits.Bytes-start+1))
	b.spool.size += n
	if err != nil {
		return nil, err
	}
	if b.spool.size > b.o.Limits.Bytes {
		return nil, tooLarge(b.tree.Name, b.o.Limits.Bytes)
	}
	return io.NewSectionReader(b.spool.f, start, n), nil
}

func (b *builder) openSpool() error {
	dir, cleanup := os.TempDir(), func() {}
	if b.o.TempDir != nil {
		var err error
		if dir, cleanup, err = b.o.TempDir(); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(dir, "spool-*")
	if err != nil {
		cleanup()
		return fmt.Errorf("make a temporary file in %s: %w", filepath.Base(dir), err)
	}
	b.spool = &spool{f: f}
	b.tree.closers = append(b.tree.closers, func() {
		f.Close()
		os.Remove(f.Name())
		cleanup()
	})
	return nil
}
