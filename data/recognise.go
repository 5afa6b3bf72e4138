package data

import (
	"bytes"
	"path"
	"regexp"
	"strings"

	"github.com/macaw-ai/macaw/data/idx"
	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/fault"
)

// format is what a file is read as.
type format int

const (
	unknownFormat format = iota
	imageFormat
	idxFormat
	tableFormat
	textFormat
)

// formatOf tells a file's format from its name alone.
func formatOf(name string) format {
	base := strings.ToLower(path.Base(strings.TrimSuffix(name, ".gz")))
	switch {
	case isNotes(base):
		return unknownFormat
	case imagefile.Is(base):
		return imageFormat
	case idx.IsName(base):
		return idxFormat
	}
	switch path.Ext(base) {
	case ".csv", ".tsv", ".tab", ".data", ".train", ".test", ".parquet", ".jsonl", ".ndjson", ".json":
		return tableFormat
	case ".txt", ".eml", ".md", ".mail", ".msg", ".html", ".htm":
		return textFormat
	}
	return unknownFormat
}

var notes = regexp.MustCompile(`^((readme|licen[cs]e|copying|notice|authors|changelog|citation|manifest|sha256sums|md5sums|checksums|cmds)(\.(md|txt|rst|html?|cff|bib))?|index\.html?)$`)

// isNotes reports whether a file tells about data rather than being data.
func isNotes(base string) bool {
	switch path.Ext(base) {
	case ".go", ".py", ".ipynb", ".sh", ".r", ".names", ".pdf", ".yaml", ".yml", ".toml", ".xml", ".lock":
		return true
	}
	return notes.MatchString(base)
}

// recognise decides what the tree is and which of its files are read.
func (d *draft) recognise() (format, []*source.File, error) {
	if len(d.tree.Files) == 0 {
		return 0, nil, fault.Errorf(fault.Invalid, "%s is empty; give a folder with images, texts or tables.", d.path)
	}
	if len(d.tree.Files) == 1 && !d.inClassFolder(d.tree.Files[0]) {
		return d.recogniseOne(d.tree.Files[0])
	}
	by := map[format][]*source.File{}
	for _, f := range d.tree.Files {
		by[formatOf(f.Path)] = append(by[formatOf(f.Path)], f)
	}
	folders := 0
	for _, f := range by[tableFormat] {
		if strings.Contains(f.Path, "/") {
			folders++
		}
	}
	switch images, tables, texts := len(by[imageFormat]), len(by[tableFormat]), len(by[textFormat]); {
	case len(by[idxFormat]) > 0 && images == 0:
		return idxFormat, by[idxFormat], nil
	case images > 0 && images >= texts+tables:
		return imageFormat, by[imageFormat], d.refuseBoxes()
	case tables > 0 && tables-folders > 0 && tables-folders >= folders:
		return tableFormat, rootFiles(by[tableFormat]), nil
	case tables > 0 && texts == 0 && len(by[unknownFormat]) <= tables && tables <= maxTables:
		return tableFormat, by[tableFormat], nil
	}
	var texts []*source.File
	for _, f := range d.tree.Files {
		if !isNotes(strings.ToLower(f.Base())) && formatOf(f.Path) != imageFormat {
			texts = append(texts, f)
		}
	}
	if len(texts) == 0 {
		return 0, nil, fault.Errorf(fault.Invalid, "%s holds no images, texts or tables that Macaw can read.", d.path)
	}
	return textFormat, texts, nil
}

// maxTables is how many tables one dataset may be given as.
const maxTables = 64

func rootFiles(files []*source.File) []*source.File {
	var out []*source.File
	for _, f := range files {
		if !strings.Contains(f.Path, "/") {
			out = append(out, f)
		}
	}
	return out
}

func (d *draft) inClassFolder(f *source.File) bool {
	return strings.Contains(f.Path, "/") && formatOf(f.Path) != tableFormat && formatOf(f.Path) != idxFormat
}

// recogniseOne tells what a single file is from its bytes.
func (d *draft) recogniseOne(f *source.File) (format, []*source.File, error) {
	head, err := f.Head(4096)
	switch {
	case err != nil:
		return 0, nil, fileFault(f.Path, err)
	case len(head) == 0:
		return 0, nil, fault.Errorf(fault.Invalid, "%s is empty.", d.path)
	case imagefile.Type(head) != "":
		return 0, nil, fault.Errorf(fault.Invalid, "%s is a single image; give a folder that holds one folder of images per class.", d.path)
	case idx.Is(head):
		return 0, nil, fault.Errorf(fault.Invalid, "%s is one IDX file; give the folder that holds the images and the labels.", d.path)
	case bytes.HasPrefix(head, []byte("PAR1")), !isBinary(head), isUTF16(head):
		return tableFormat, []*source.File{f}, nil
	}
	return 0, nil, fault.Errorf(fault.Invalid, "%s is neither a table nor an archive that Macaw can read; it takes CSV, TSV, JSON, JSON Lines, Parquet, zip, tar and folders.", d.path)
}

// refuseBoxes tells users of detection sets that these are not for this task.
func (d *draft) refuseBoxes() error {
	labels, xml := false, 0
	for _, f := range d.tree.Files {
		labels = labels || strings.HasPrefix(f.Path, "labels/") || strings.Contains(f.Path, "/labels/")
		if f.Ext() == ".xml" && strings.Contains(strings.ToLower(f.Path), "annotations/") {
			xml++
		}
	}
	if labels || xml > 0 {
		return fault.Errorf(fault.Invalid, "%s looks like an object detection set (boxes in labels or Annotations); Macaw classifies whole images, given as one folder per class.", d.path)
	}
	return nil
}

func isUTF16(head []byte) bool {
	return bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff})
}

// isBinary reports whether bytes are no text in any encoding that we read.
func isBinary(head []byte) bool {
	if isUTF16(head) {
		return false
	}
	control := 0
	for _, c := range head {
		if c == 0 {
			return true
		}
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			control++
		}
	}
	return control*20 > len(head)
}

// fileFault keeps a sentence that is meant for users and makes one of others.
func fileFault(name string, err error) error {
	if fault.CodeOf(err) != fault.Internal {
		return err
	}
	return fault.Errorf(fault.Invalid, "%s cannot be read: %w", name, err)
}
