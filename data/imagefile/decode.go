package imagefile

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // formats that image.Decode knows
	_ "image/jpeg"
	_ "image/png"
	"io"
	"path"
	"slices"
	"strings"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"
)

// Is reports whether a file name ends like an image we read.
func Is(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".pgm", ".ppm", ".pbm", ".pnm":
		return true
	}
	return false
}

// Type returns the media type of a file's first bytes, "" for no image we read.
func Type(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(head, []byte("GIF8")):
		return "image/gif"
	case bytes.HasPrefix(head, []byte("BM")) && len(head) >= 14:
		return "image/bmp"
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return "image/webp"
	case isNetpbm(head):
		return "image/x-portable-anymap"
	}
	return ""
}

// Decode decodes a whole file: JPEG, PNG, GIF (first frame), BMP, WebP, or PBM,
// PGM and PPM. EXIF's rotation is applied, alpha lies over white, 16 bits become
// 8, and the image has one channel when the file's colour model is grey, else
// three. The size is checked from the header before any pixel is decoded.
func Decode(file []byte, limits Limits) (m *Image, err error) {
	limits = limits.withDefaults()
	defer func() { // outside bytes must not be able to end the process
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("the image cannot be decoded: %v", r)
		}
	}()
	if int64(len(file)) > limits.Bytes {
		return nil, fmt.Errorf("the file has %d bytes, above the limit of %d", len(file), limits.Bytes)
	}
	if len(file) == 0 {
		return nil, errors.New("the file is empty")
	}
	if isNetpbm(file) {
		return decodeNetpbm(file, limits)
	}
	if Type(file) == "" {
		return nil, errors.New("the file is not a JPEG, PNG, GIF, BMP, WebP or PGM image")
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, explain(err)
	}
	if err := limits.checkSize(config.Width, config.Height); err != nil {
		return nil, err
	}
	src, _, err := image.Decode(bytes.NewReader(file))
	if err != nil && strings.HasSuffix(err.Error(), "missing 0xff00 sequence") {
		src, _, err = image.Decode(bytes.NewReader(padJPEG(file)))
	}
	if err != nil {
		return nil, explain(err)
	}
	if err := limits.checkSize(src.Bounds().Dx(), src.Bounds().Dy()); err != nil {
		return nil, err
	}
	return pixels(src).Orient(Orientation(file)), nil
}

// padJPEG puts zeros before the end mark of a JPEG whose last coded bits are
// missing, as some cameras write it. libjpeg fills in zeros too, and warns; we
// allow for a few blocks only, so that a file cut in the middle stays broken.
func padJPEG(file []byte) []byte {
	end := bytes.LastIndex(file, []byte{0xff, 0xd9})
	if end < 0 {
		return file
	}
	return slices.Concat(file[:end], make([]byte, 256), file[end:])
}

func explain(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || strings.HasSuffix(err.Error(), io.ErrUnexpectedEOF.Error()) {
		return errShort
	}
	return err
}

// Read reads a file under the limits.
func Read(r io.Reader, limits Limits) ([]byte, error) {
	limits = limits.withDefaults()
	file, err := io.ReadAll(io.LimitReader(r, limits.Bytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(file)) > limits.Bytes {
		return nil, fmt.Errorf("the file is above the limit of %d bytes", limits.Bytes)
	}
	return file, nil
}
