package data

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/macaw-ai/macaw/data/idx"
	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/internal/fault"
)

// idxPair is images with their labels.
type idxPair struct {
	images, labels *source.File
	count          int // labels
	part           Part
	given          bool
}

// readIDX imports MNIST-style pairs of image and label files.
func (d *draft) readIDX(files []*source.File) error {
	d.m.Kind, d.m.Task = KindImage, ImageClassification
	if err := d.onlyTask(ImageClassification, "IDX images"); err != nil {
		return err
	}
	pairs, err := d.pairIDX(files)
	if err != nil {
		return err
	}
	if err := d.idxLabels(pairs); err != nil {
		return err
	}
	d.entries = make([]entry, len(d.samples))
	prints := make([]imagefile.Print, len(d.samples))
	sizes := map[[2]int]int{}
	channels := 1
	err = d.pack(func(w io.Writer) error {
		at := 0
		var offset uint64
		for _, p := range pairs {
			n, c, err := d.copyPixels(w, p, at, &offset, prints, sizes)
			if err != nil {
				return err
			}
			at, channels = at+n, max(channels, c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.dropEmptyClasses()
	d.m.Image = describeImages(sizes, channels == 1)
	d.groupDuplicates(prints)
	return nil
}

// pairIDX matches label files to image files by their names.
func (d *draft) pairIDX(files []*source.File) ([]idxPair, error) {
	var images []*source.File
	labels := map[string]*source.File{}
	for _, f := range files {
		head, err := f.Head(headOfIDX)
		if err != nil {
			return nil, fileFault(f.Path, err)
		}
		switch {
		case !idx.Is(head):
			return nil, fault.Errorf(fault.Invalid, "%s is named like an IDX file but is not one of unsigned bytes.", f.Path)
		case head[3] == 1:
			labels[idxStem(f.Path)] = f
		default:
			images = append(images, f)
		}
	}
	var pairs []idxPair
	for _, f := range images {
		l := labels[idxStem(f.Path)]
		if l == nil && len(images) == 1 && len(labels) == 1 {
			for _, l = range labels {
			}
		}
		if l == nil {
			return nil, fault.Errorf(fault.Invalid, "There are no labels for %s; they are expected in a file such as %s.", f.Path, expectedLabels(f.Path))
		}
		p := idxPair{images: f, labels: l}
		if len(images) > 1 {
			p.part, p.given = idxPart(f.Path)
		}
		pairs = append(pairs, p)
	}
	if len(pairs) == 0 {
		return nil, fault.Errorf(fault.Invalid, "%s holds IDX labels but no images.", d.path)
	}
	return pairs, nil
}

const headOfIDX = 20

var idxWords = regexp.MustCompile(`(?i)(images|image|labels|label|data|x|y)?[-._]?(idx[1-4])?[-._]?(ubyte|idx[1-4]?)?$`)

// idxStem is what the names of images and labels have in common.
func idxStem(name string) string {
	return strings.ToLower(path.Dir(name) + "/" + idxWords.ReplaceAllString(path.Base(name), ""))
}

func expectedLabels(name string) string {
	return strings.NewReplacer("images", "labels", "image", "label", "idx3", "idx1", "idx4", "idx1").Replace(path.Base(name))
}

func idxPart(name string) (Part, bool) {
	base := strings.ToLower(path.Base(name))
	for _, p := range []struct {
		word string
		part Part
	}{{"t10k", Test}, {"test", Test}, {"val", Validation}, {"dev", Validation}, {"train", Train}} {
		if strings.Contains(base, p.word) {
			return p.part, true
		}
	}
	return partOf(path.Base(path.Dir(name)))
}

// idxLabels reads the labels of all pairs; classes are the values that occur.
func (d *draft) idxLabels(pairs []idxPair) error {
	var seen [256]bool
	for k := range pairs {
		p := &pairs[k]
		labels, err := readLabels(p.labels)
		if err != nil {
			return fault.Errorf(fault.Invalid, "%s cannot be read: %w.", p.labels.Path, err)
		}
		p.count = len(labels)
		for i, l := range labels {
			seen[l] = true
			d.samples = append(d.samples, Sample{Path: fmt.Sprintf("%s#%d", p.images.Path, i), Label: int32(l), Part: p.part})
			d.given = append(d.given, p.given)
		}
	}
	var class [256]int32
	for v, ok := range seen {
		if ok {
			class[v] = int32(len(d.m.Classes))
			d.m.Classes = append(d.m.Classes, fmt.Sprint(v))
		}
	}
	for i := range d.samples {
		d.samples[i].Label = class[d.samples[i].Label]
	}
	return nil
}

func readLabels(f *source.File) ([]uint8, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return idx.Labels(bufio.NewReader(r))
}

// copyPixels writes the pixels of a pair's images to w; they belong to the
// samples from at on. It returns the number of images and of channels.
func (d *draft) copyPixels(w io.Writer, p idxPair, at int, offset *uint64, prints []imagefile.Print, sizes map[[2]int]int) (n, channels int, err error) {
	f, err := p.images.Open()
	if err != nil {
		return 0, 0, fileFault(p.images.Path, err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	dims, err := idx.Header(r)
	if err != nil {
		return 0, 0, fault.Errorf(fault.Invalid, "%s cannot be read: %w.", p.images.Path, err)
	}
	if err := checkDims(p, dims); err != nil {
		return 0, 0, err
	}
	n, channels = dims[0], 1
	if len(dims) == 4 {
		channels = dims[3]
	}
	height, width := dims[1], dims[2]
	sizes[[2]int{width, height}] += n
	size := height * width * channels
	kind := codedGrey
	if channels == 3 {
		kind = codedColour
	}
	chunk := max(1, min(n, 4<<20/size))
	buf := make([]byte, chunk*size)
	for first := 0; first < n; first += chunk {
		if err := d.ctx.Err(); err != nil {
			return 0, 0, err
		}
		part := buf[:min(chunk, n-first)*size]
		if _, err := io.ReadFull(r, part); err != nil {
			return 0, 0, fault.Errorf(fault.Invalid, "%s ends too early: it says that it holds %d images of %dx%d and is cut off.", p.images.Path, n, width, height)
		}
		parallel(len(part)/size, func(k int) {
			i := at + first + k
			pix := part[k*size : (k+1)*size]
			sum := sha256.Sum256(pix)
			d.samples[i].Hash = hex.EncodeToString(sum[:])
			prints[i] = imagefile.PrintOf(&imagefile.Image{Width: width, Height: height, Channels: channels, Pix: pix})
			d.entries[i] = entry{offset: *offset + uint64((first+k)*size), length: uint32(size), width: uint32(width), height: uint32(height), coding: kind}
		})
		if _, err := w.Write(part); err != nil {
			return 0, 0, err
		}
	}
	*offset += uint64(n * size)
	return n, channels, nil
}

func checkDims(p idxPair, dims []int) error {
	switch {
	case len(dims) < 3 || len(dims) == 4 && dims[3] != 1 && dims[3] != 3:
		return fault.Errorf(fault.Invalid, "%s has the dimensions %v; images have [count, height, width] or [count, height, width, 1 or 3].", p.images.Path, dims)
	case dims[0] != p.count:
		return fault.Errorf(fault.Invalid, "%s holds %d images but %s holds %d labels.", p.images.Path, dims[0], p.labels.Path, p.count)
	case dims[1] < 1 || dims[2] < 1 || dims[1] > maxSide || dims[2] > maxSide:
		return fault.Errorf(fault.Invalid, "%s holds images of %dx%d pixels; they must be 1 to %d wide and high.", p.images.Path, dims[2], dims[1], maxSide)
	}
	return nil
}

// maxSide is the widest and highest IDX image.
const maxSide = 4096
