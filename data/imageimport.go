package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/fault"
)

// decoded is what reading one image file found.
type decoded struct {
	file          []byte
	hash          string
	width, height int
	grey          bool
	print         imagefile.Print
	err           error
}

// readImages imports images in class folders. Files that cannot be decoded are
// skipped, counted and listed.
func (d *draft) readImages(files []*source.File) error {
	d.m.Kind, d.m.Task = KindImage, ImageClassification
	if err := d.onlyTask(ImageClassification, "images in class folders"); err != nil {
		return err
	}
	placed, err := d.place(files, "images")
	if err != nil {
		return err
	}
	var prints []imagefile.Print
	var bad []string
	var firstErr error
	sizes := map[[2]int]int{}
	grey := true
	var offset uint64
	err = d.pack(func(w io.Writer) error {
		return inOrder(d.ctx, placed, func(at placedFile) decoded { return decodeFile(at.file) }, func(at placedFile, img decoded) error {
			if img.err != nil {
				if firstErr == nil {
					firstErr = img.err
				}
				bad = append(bad, at.file.Path)
				return nil
			}
			if _, err := w.Write(img.file); err != nil {
				return err
			}
			d.samples = append(d.samples, Sample{Path: at.file.Path, Hash: img.hash, Label: int32(at.class), Part: at.part})
			d.entries = append(d.entries, entry{offset: offset, length: uint32(len(img.file)),
				width: uint32(img.width), height: uint32(img.height)})
			d.given = append(d.given, at.given)
			offset += uint64(len(img.file))
			prints = append(prints, img.print)
			sizes[[2]int{img.width, img.height}]++
			grey = grey && img.grey
			return nil
		})
	})
	if err != nil {
		return err
	}
	if err := d.reportBad(bad, len(placed), firstErr); err != nil {
		return err
	}
	d.dropEmptyClasses()
	d.m.Image = describeImages(sizes, grey)
	d.groupDuplicates(prints)
	return nil
}

func (d *draft) reportBad(bad []string, total int, first error) error {
	if len(bad) == 0 {
		return nil
	}
	if 2*len(bad) > total {
		return fault.Errorf(fault.Invalid, "%d of the %d images in %s cannot be read, the first, %s: %w.", len(bad), total, d.path, bad[0], first)
	}
	d.find(Finding{Code: "corrupt", Severity: Warning, Count: len(bad), Samples: firstOf(bad),
		Message: fmt.Sprintf("%s could not be decoded and %s skipped: %s (%s: %v).", counted(len(bad), "image", "images"), wasWere(len(bad)), someOf(bad, 3), bad[0], first)})
	return nil
}

func decodeFile(f *source.File) (out decoded) {
	r, err := f.Open()
	if err != nil {
		out.err = err
		return out
	}
	defer r.Close()
	if out.file, out.err = imagefile.Read(r, imagefile.Limits{}); out.err != nil {
		return out
	}
	m, err := imagefile.Decode(out.file, imagefile.Limits{})
	if err != nil {
		out.err = err
		return out
	}
	sum := sha256.Sum256(out.file)
	out.hash = hex.EncodeToString(sum[:])
	out.width, out.height, out.grey = m.Width, m.Height, m.Grey()
	out.print = imagefile.PrintOf(m)
	return out
}

// describeImages takes the number of images by width and height.
func describeImages(sizes map[[2]int]int, grey bool) ImageInfo {
	info := ImageInfo{Channels: 3}
	if grey {
		info.Channels = 1
	}
	most := 0
	for size, n := range sizes {
		if n > most || n == most && slices.Compare(size[:], []int{info.Width, info.Height}) < 0 {
			most, info.Width, info.Height = n, size[0], size[1]
		}
		if info.MinWidth == 0 {
			info.MinWidth, info.MinHeight = size[0], size[1]
		}
		info.MinWidth, info.MinHeight = min(info.MinWidth, size[0]), min(info.MinHeight, size[1])
		info.MaxWidth, info.MaxHeight = max(info.MaxWidth, size[0]), max(info.MaxHeight, size[1])
	}
	return info
}

// onlyTask refuses a task that does not fit what was found.
func (d *draft) onlyTask(task, what string) error {
	if d.o.Target != "" {
		return fault.Errorf(fault.Invalid, "%s holds %s, whose classes are the folders' names; there is no target column %q.", d.path, what, d.o.Target)
	}
	if d.o.Task == "" || d.o.Task == task || d.o.Task == "classification" {
		return nil
	}
	return fault.Errorf(fault.Invalid, "%s holds %s, which is for the task %s, not %s.", d.path, what, task, d.o.Task)
}

// dropEmptyClasses takes out classes of which no sample could be read.
func (d *draft) dropEmptyClasses() {
	counts := make([]int, len(d.m.Classes))
	for i := range d.samples {
		counts[d.samples[i].Label]++
	}
	var kept, gone []string
	to := make([]int32, len(counts))
	for c, n := range counts {
		if n == 0 {
			gone = append(gone, d.m.Classes[c])
			continue
		}
		to[c] = int32(len(kept))
		kept = append(kept, d.m.Classes[c])
	}
	if len(gone) == 0 {
		return
	}
	for i := range d.samples {
		d.samples[i].Label = to[d.samples[i].Label]
	}
	d.m.Classes = kept
	d.find(Finding{Code: "empty-classes", Severity: Warning, Count: len(gone), Samples: firstOf(gone),
		Message: "No sample could be read of the class " + strings.Join(firstOf(gone), ", ") + ", which was left out."})
}
