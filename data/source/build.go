package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/macaw-ai/macaw/internal/fault"
)

// builder fills a tree.
type builder struct {
	ctx     context.Context
	tree    *Tree
	o       Options
	visited map[string]bool // real paths of folders, against loops of links
	total   int64           // bytes promised by archives
	spool   *spool
}

func (b *builder) add(f *File) error {
	if len(b.tree.Files) >= b.o.Limits.Files {
		return fault.Errorf(fault.Invalid, "There are more than %d files; that is too many for one dataset.", b.o.Limits.Files)
	}
	f.limits = b.o.Limits
	if p, ok := cutExt(f.Path, ".gz"); ok {
		f.Path, f.gzipped = p, true
	}
	b.tree.Files = append(b.tree.Files, f)
	return nil
}

func cutExt(name, ext string) (string, bool) {
	if len(name) > len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext) {
		return name[:len(name)-len(ext)], true
	}
	return name, false
}

// file opens the one file that the user points at.
func (b *builder) file(name string, info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fault.Errorf(fault.Invalid, "%s is neither a file nor a folder.", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return explainOpen(name, err)
	}
	b.tree.closers = append(b.tree.closers, func() { f.Close() })
	isArchive, err := b.archive(filepath.Base(name), "", f, info.Size(), 0)
	if err != nil || isArchive {
		return err
	}
	head := make([]byte, 2)
	f.ReadAt(head, 0) // a short file is not gzipped
	b.tree.Single = true
	if err := b.add(&File{Path: filepath.Base(name), Size: info.Size(), open: opener(name)}); err != nil {
		return err
	}
	only := b.tree.Files[0]
	only.gzipped = head[0] == 0x1f && head[1] == 0x8b
	return nil
}

func opener(name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return os.Open(name) }
}

// folder lists a folder; one that holds nothing but archives stands for them.
func (b *builder) folder(root string) error {
	b.visited = map[string]bool{}
	if err := b.walk(root, "", 0); err != nil {
		return err
	}
	var archives []*File
	for _, f := range b.tree.Files {
		switch {
		case isArchiveName(f):
			archives = append(archives, f)
		case b.o.Ignore == nil || !b.o.Ignore(f.Path):
			return nil
		}
	}
	if len(archives) == 0 {
		return nil
	}
	b.tree.Files = nil
	for _, a := range archives {
		name := filepath.Join(root, filepath.FromSlash(a.Path))
		if a.gzipped {
			name += ".gz"
		}
		f, err := os.Open(name)
		if err != nil {
			return explainOpen(name, err)
		}
		b.tree.closers = append(b.tree.closers, func() { f.Close() })
		prefix := ""
		if len(archives) > 1 {
			prefix = stem(a.Path) + "/"
		}
		if ok, err := b.archive(a.Path, prefix, f, a.Size, 0); err != nil {
			return err
		} else if !ok {
			return fault.Errorf(fault.Invalid, "%s is named like an archive but is none.", name)
		}
	}
	return nil
}

func isArchiveName(f *File) bool {
	switch f.Ext() {
	case ".zip", ".tar", ".tgz", ".tbz2":
		return true
	case ".bz2":
		return strings.HasSuffix(strings.ToLower(f.Path), ".tar.bz2")
	}
	return false
}

// Hidden reports whether a file or folder is the system's, not the user's.
func Hidden(base string) bool {
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "__MACOSX") {
		return true
	}
	switch strings.ToLower(base) {
	case "thumbs.db", "desktop.ini", "__pycache__":
		return true
	}
	return false
}

func (b *builder) walk(dir, rel string, depth int) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if depth > b.o.Limits.Depth {
		return fault.Errorf(fault.Invalid, "Folders are nested deeper than %d at %s.", b.o.Limits.Depth, dir)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		if b.visited[real] {
			return nil // a link back to a folder that is listed already
		}
		b.visited[real] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		if depth == 0 || !errors.Is(err, os.ErrPermission) {
			return explainOpen(dir, err)
		}
		b.tree.Unreadable = append(b.tree.Unreadable, strings.TrimSuffix(rel, "/"))
		return nil
	}
	for _, e := range entries {
		if Hidden(e.Name()) {
			continue
		}
		name, relName := filepath.Join(dir, e.Name()), rel+e.Name()
		info, err := e.Info()
		if err == nil && e.Type()&os.ModeSymlink != 0 {
			info, err = os.Stat(name)
		}
		switch {
		case err != nil:
			b.tree.Unreadable = append(b.tree.Unreadable, relName)
		case info.IsDir():
			err = b.walk(name, relName+"/", depth+1)
			if err != nil {
				return err
			}
		case info.Mode().IsRegular():
			if err := b.add(&File{Path: relName, Size: info.Size(), open: opener(name)}); err != nil {
				return err
			}
		}
	}
	return nil
}
