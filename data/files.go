package data

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/macaw-ai/macaw/data/idx"
	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/fault"
)

// Files lists the raw samples of a file, folder or archive that no import has
// seen, for predictions. It is safe for concurrent use.
type Files struct {
	// Paths names the samples, relative to what was opened; a single file is named
	// by itself. Images of an IDX file are file#0, file#1, ….
	Paths []string

	items []fileItem
	tree  *source.Tree
}

// fileItem is a file, or pixels out of an IDX file.
type fileItem struct {
	file  *source.File
	image *Image
}

// ListImages lists the images at path, in order of their paths.
func ListImages(ctx context.Context, path string) (*Files, error) {
	return listFiles(ctx, path, "images", func(f *source.File) (bool, error) {
		switch formatOf(f.Path) {
		case imageFormat:
			return true, nil
		case tableFormat, textFormat:
			return false, nil
		}
		head, err := f.Head(headOfIDX)
		if err != nil {
			return false, fileFault(f.Path, err)
		}
		return imagefile.Type(head) != "" || idx.Is(head) && head[3] >= 3, nil
	})
}

// ListTexts lists the text files at path, in order of their paths.
func ListTexts(ctx context.Context, path string) (*Files, error) {
	return listFiles(ctx, path, "texts", func(f *source.File) (bool, error) {
		if k := formatOf(f.Path); k == imageFormat || k == idxFormat {
			return false, nil
		}
		head, err := f.Head(4096)
		if err != nil {
			return false, fileFault(f.Path, err)
		}
		return len(head) > 0 && !isBinary(head), nil
	})
}

func listFiles(ctx context.Context, path, what string, take func(*source.File) (bool, error)) (*Files, error) {
	tree, err := openTree(ctx, path, source.Limits{}, nil)
	if err != nil {
		return nil, err
	}
	list := &Files{tree: tree}
	for _, f := range tree.Files {
		ok, err := take(f)
		if err == nil && ok {
			err = list.add(f)
		}
		if err != nil {
			tree.Close()
			return nil, err
		}
	}
	if len(list.items) == 0 {
		tree.Close()
		return nil, fault.Errorf(fault.Invalid, "%s holds no %s.", path, what)
	}
	return list, nil
}

// add appends a file, or the images of an IDX file.
func (l *Files) add(f *source.File) error {
	if head, err := f.Head(headOfIDX); err != nil || !idx.Is(head) {
		l.Paths = append(l.Paths, f.Path)
		l.items = append(l.items, fileItem{file: f})
		return nil // a file that does not open says so when it is read
	}
	images, err := readPixels(f)
	if err != nil {
		return err
	}
	for i, m := range images {
		l.Paths = append(l.Paths, fmt.Sprintf("%s#%d", f.Path, i))
		l.items = append(l.items, fileItem{image: m})
	}
	return nil
}

func readPixels(f *source.File) ([]*Image, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fileFault(f.Path, err)
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, 1<<20)
	dims, err := idx.Header(in)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s cannot be read: %w.", f.Path, err)
	}
	if err := checkDims(idxPair{images: f, labels: f, count: dims[0]}, dims); err != nil {
		return nil, err
	}
	channels := 1
	if len(dims) == 4 {
		channels = dims[3]
	}
	var images []*Image
	for range dims[0] {
		m := &Image{Width: dims[2], Height: dims[1], Channels: channels, Pix: make([]uint8, dims[1]*dims[2]*channels)}
		if _, err := io.ReadFull(in, m.Pix); err != nil {
			return nil, fault.Errorf(fault.Invalid, "%s ends too early: it says that it holds %d images and is cut off behind %d.", f.Path, dims[0], len(images))
		}
		images = append(images, m)
	}
	return images, nil
}

// Len returns the number of samples.
func (l *Files) Len() int { return len(l.items) }

// Image decodes sample i into 1 or 3 channels; 0 keeps those of the file.
func (l *Files) Image(i, channels int) (*Image, error) {
	item := l.items[i]
	if item.image != nil {
		if channels == 0 {
			return item.image, nil
		}
		return item.image.To(channels), nil
	}
	r, err := item.file.Open()
	if err != nil {
		return nil, fileFault(l.Paths[i], err)
	}
	defer r.Close()
	return DecodeImage(r, channels, ImageLimits{})
}

// Text reads sample i as the import would.
func (l *Files) Text(i int) (string, error) {
	text, err := readText(l.items[i].file)
	if err != nil {
		return "", fileFault(l.Paths[i], err)
	}
	return text, nil
}

// Close gives back what the list holds open.
func (l *Files) Close() { l.tree.Close() }
