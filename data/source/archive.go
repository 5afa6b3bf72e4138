package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/macaw-ai/macaw/internal/fault"
)

// archive lists the files of an archive under prefix; it reports false for a
// file that is none, such as a gzipped table.
func (b *builder) archive(name, prefix string, f io.ReaderAt, size int64, level int) (bool, error) {
	head := make([]byte, 512)
	n, _ := f.ReadAt(head, 0) // a short file is no archive
	head = head[:n]
	if level >= b.o.Limits.Nested {
		return true, fault.Errorf(fault.Invalid, "Archives are nested deeper than %d at %s; unpack it first.", b.o.Limits.Nested, name)
	}
	whole := io.NewSectionReader(f, 0, size)
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return true, b.zip(name, prefix, f, size, level)
	case isTar(head):
		return true, b.tar(name, prefix, whole, level)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		r, err := gunzip(name, io.NopCloser(whole), size, b.o.Limits)
		if err != nil {
			return false, err
		}
		defer r.Close()
		return b.compressedTar(name, prefix, r, level)
	case bytes.HasPrefix(head, []byte("BZh")):
		r := &bounded{name: name, r: bzip2.NewReader(whole), in: size, limits: b.o.Limits}
		ok, err := b.compressedTar(name, prefix, r, level)
		if !ok && err == nil {
			err = fault.Errorf(fault.Invalid, "%s is compressed with bzip2; unpack it first.", name)
		}
		return ok, err
	}
	return false, nil
}

func (b *builder) compressedTar(name, prefix string, r io.Reader, level int) (bool, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF { // the bare ones tell of a short file
		return true, brokenArchive(name, err)
	}
	if !isTar(head[:n]) {
		return false, nil
	}
	return true, b.tar(name, prefix, io.MultiReader(bytes.NewReader(head[:n]), r), level)
}

func isTar(head []byte) bool {
	return len(head) >= 512 && string(head[257:262]) == "ustar"
}

func brokenArchive(name string, err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fault.Errorf(fault.Invalid, "The archive %s is broken or cut off: %w", name, err)
}

// checkEntry refuses what could reach outside of an archive.
func (b *builder) checkEntry(archive, name string, mode fs.FileMode) error {
	switch {
	case mode&fs.ModeSymlink != 0:
		return fault.Errorf(fault.Invalid, "The archive %s holds the link %q; links are not followed, so pack the files themselves.", archive, name)
	case strings.HasPrefix(name, "/"), strings.Contains(name, "\x00"),
		len(name) > 1 && name[1] == ':', !fs.ValidPath(cleanEntry(name)):
		return fault.Errorf(fault.Invalid, "The archive %s holds %q, a path that leaves it; it is not safe to import.", archive, name)
	case strings.Count(name, "/") > b.o.Limits.Depth:
		return fault.Errorf(fault.Invalid, "Folders are nested deeper than %d in the archive %s.", b.o.Limits.Depth, archive)
	}
	return nil
}

// cleanEntry takes a leading ./ and a final slash off; dots within stay, so that
// fs.ValidPath sees them.
func cleanEntry(name string) string {
	for strings.HasPrefix(name, "./") {
		name = name[2:]
	}
	if name = strings.TrimSuffix(name, "/"); name == "" {
		return "."
	}
	return name
}

func hiddenPath(name string) bool {
	for _, p := range strings.Split(name, "/") {
		if Hidden(p) && p != "." {
			return true
		}
	}
	return false
}

func (b *builder) zip(name, prefix string, f io.ReaderAt, size int64, level int) error {
	z, err := zip.NewReader(f, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return brokenArchive(name, err)
	}
	var total uint64
	for _, e := range z.File {
		e.Name = strings.ReplaceAll(e.Name, "\\", "/") // some Windows tools write these
		if err := b.checkEntry(name, e.Name, e.Mode()); err != nil {
			return err
		}
		if e.UncompressedSize64 > 1<<62 {
			return tooLarge(name, b.o.Limits.Bytes)
		}
		total += e.UncompressedSize64
		if total > uint64(b.o.Limits.Bytes) {
			return tooLarge(name, b.o.Limits.Bytes)
		}
		if e.UncompressedSize64 > uint64(b.o.Limits.RatioFrom) && e.UncompressedSize64/uint64(b.o.Limits.Ratio) > e.CompressedSize64 {
			return bomb(name)
		}
	}
	if total > uint64(b.o.Limits.RatioFrom) && total/uint64(b.o.Limits.Ratio) > uint64(size) {
		return bomb(name)
	}
	if b.total += int64(total); b.total > b.o.Limits.Bytes {
		return tooLarge(name, b.o.Limits.Bytes)
	}
	for _, e := range z.File {
		p := cleanEntry(e.Name)
		if e.FileInfo().IsDir() || hiddenPath(p) {
			continue
		}
		if e.Flags&1 != 0 {
			return fault.Errorf(fault.Invalid, "The archive %s is protected by a password; unpack it first.", name)
		}
		file := &File{Path: prefix + p, Size: int64(e.UncompressedSize64), open: zipOpener(name, e)}
		if err := b.addOrExpand(file, level); err != nil {
			return err
		}
	}
	return nil
}

func zipOpener(archive string, e *zip.File) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		r, err := e.Open()
		if err != nil {
			return nil, brokenArchive(archive, err)
		}
		// A byte more than was promised lets the checksum speak up.
		return readCloser{io.LimitReader(r, int64(e.UncompressedSize64)+1), r}, nil
	}
}

type readCloser struct {
	io.Reader
	io.Closer
}

func (b *builder) tar(name, prefix string, r io.Reader, level int) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return brokenArchive(name, err)
		}
		mode := h.FileInfo().Mode()
		if h.Typeflag == tar.TypeLink {
			mode |= fs.ModeSymlink
		}
		if err := b.checkEntry(name, h.Name, mode); err != nil {
			return err
		}
		p := cleanEntry(h.Name)
		if !mode.IsRegular() || hiddenPath(p) {
			continue
		}
		if err := b.ctx.Err(); err != nil {
			return err
		}
		if b.total += h.Size; b.total > b.o.Limits.Bytes {
			return tooLarge(name, b.o.Limits.Bytes)
		}
		section, err := b.toSpool(t)
		if err != nil {
			return brokenArchive(name, err)
		}
		file := &File{Path: prefix + p, Size: section.Size(), open: sectionOpener(section)}
		if err := b.addOrExpand(file, level); err != nil {
			return err
		}
	}
}

func sectionOpener(s *io.SectionReader) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		r, off, n := s.Outer()
		return io.NopCloser(io.NewSectionReader(r, off, n)), nil
	}
}

// addOrExpand adds a file, or the files in it when it is an archive itself.
func (b *builder) addOrExpand(f *File, level int) error {
	if !isArchiveName(f) && !strings.HasSuffix(strings.ToLower(f.Path), ".tar.gz") {
		return b.add(f)
	}
	r, err := f.open()
	if err != nil {
		return err
	}
	defer r.Close()
	section, err := b.toSpool(r)
	if err != nil {
		return brokenArchive(f.Path, err)
	}
	isArchive, err := b.archive(f.Path, path.Join(path.Dir(f.Path), stem(path.Base(f.Path)))+"/", section, section.Size(), level+1)
	if err != nil || isArchive {
		return err
	}
	return b.add(f)
}

func tooLarge(name string, limit int64) error {
	return fault.Errorf(fault.Invalid, "The archive %s unpacks to more than the limit of %s.", name, bytesOf(limit))
}

func bomb(name string) error {
	return fault.Errorf(fault.Invalid, "%s unpacks to far more than its own size, like a decompression bomb; unpack it yourself if you trust it.", name)
}

func bytesOf(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%d bytes", n)
}
