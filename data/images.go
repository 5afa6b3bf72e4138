package data

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"

	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/internal/fault"
)

// Image is decoded pixels: Pix is [Height, Width, Channels] uint8.
type Image = imagefile.Image

// ImageLimits bounds what DecodeImage takes; its zero value means the defaults.
type ImageLimits = imagefile.Limits

// DecodeImage decodes a JPEG, PNG, GIF, BMP, WebP or PGM (PPM, PBM) image upright,
// over white and in 8 bits, into 1 or 3 channels; 0 keeps those of the file. It
// is what the import uses. What cannot be decoded is fault.Invalid.
func DecodeImage(r io.Reader, channels int, limits ImageLimits) (*Image, error) {
	file, err := imagefile.Read(r, limits)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "The image cannot be read: %w.", err)
	}
	m, err := imagefile.Decode(file, limits)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "The image cannot be decoded: %w.", err)
	}
	if channels == 0 {
		return m, nil
	}
	return m.To(channels), nil
}

// Images gives the images of a version by sample index. It is safe for
// concurrent use.
type Images struct {
	channels int
	entries  []entry
	pack     *os.File
}

// Images opens the images; every one is decoded when it is asked for.
func (v *Version) Images() (*Images, error) {
	if v.Kind != KindImage {
		return nil, fmt.Errorf("%s is of kind %s, not image", v.Ref(), v.Kind)
	}
	_, entries, err := v.index()
	if err != nil {
		return nil, err
	}
	pack, err := v.blobs.Open(v.Pack)
	if err != nil {
		return nil, fmt.Errorf("open the images of %s: %w", v.Ref(), err)
	}
	return &Images{channels: max(1, v.Image.Channels), entries: entries, pack: pack}, nil
}

// Len returns the number of images.
func (im *Images) Len() int { return len(im.entries) }

// Size returns width and height of image i without decoding it.
func (im *Images) Size(i int) (width, height int) {
	return int(im.entries[i].width), int(im.entries[i].height)
}

// Decode returns the pixels of image i in the dataset's number of channels.
func (im *Images) Decode(i int) (*Image, error) {
	e := &im.entries[i]
	p, err := im.read(e)
	if err != nil {
		return nil, err
	}
	if e.coding == codedFile {
		m, err := imagefile.Decode(p, imagefile.Limits{})
		if err != nil {
			return nil, fmt.Errorf("decode image %d: %w", i, err)
		}
		return m.To(im.channels), nil
	}
	return e.bare(p).To(im.channels), nil
}

// bare gives pixels that are stored as they are.
func (e *entry) bare(p []byte) *Image {
	channels := 1
	if e.coding == codedColour {
		channels = 3
	}
	return &Image{Width: int(e.width), Height: int(e.height), Channels: channels, Pix: p}
}

// Bytes returns image i as a file: the original bytes, or a PNG where the source
// held bare pixels.
func (im *Images) Bytes(i int) ([]byte, error) {
	e := &im.entries[i]
	p, err := im.read(e)
	if err != nil || e.coding == codedFile {
		return p, err
	}
	return encodePNG(e.bare(p))
}

// PNG returns image i as a PNG, decoded and upright, for browsers.
func (im *Images) PNG(i int) ([]byte, error) {
	m, err := im.Decode(i)
	if err != nil {
		return nil, err
	}
	return encodePNG(m)
}

func encodePNG(m *Image) ([]byte, error) {
	var buf bytes.Buffer
	rect := image.Rect(0, 0, m.Width, m.Height)
	var src image.Image = &image.Gray{Pix: m.Pix, Stride: m.Width, Rect: rect}
	if m.Channels == 3 {
		rgba := image.NewNRGBA(rect)
		for k := range m.Width * m.Height {
			copy(rgba.Pix[4*k:], m.Pix[3*k:3*k+3])
			rgba.Pix[4*k+3] = 255
		}
		src = rgba
	}
	err := png.Encode(&buf, src)
	return buf.Bytes(), err
}

func (im *Images) read(e *entry) ([]byte, error) {
	p := make([]byte, e.length)
	if _, err := im.pack.ReadAt(p, int64(e.offset)); err != nil {
		return nil, fmt.Errorf("read the pack: %w", err)
	}
	return p, nil
}

// Close gives the pack's file back. A later Decode fails.
func (im *Images) Close() error { return im.pack.Close() }
