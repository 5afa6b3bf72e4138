package imagefile

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

func encode(t testing.TB, f func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	return encode(t, func(b *bytes.Buffer) error { return png.Encode(b, m) })
}

// colours is a 2×1 image of a colour at half opacity and an opaque one.
func colours() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	m.SetNRGBA(0, 0, color.NRGBA{200, 100, 0, 128})
	m.SetNRGBA(1, 0, color.NRGBA{10, 20, 30, 255})
	return m
}

func TestDecodeFormats(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 2, 1))
	grey.Pix = []byte{7, 250}
	deep := image.NewGray16(image.Rect(0, 0, 2, 1))
	deep.SetGray16(0, 0, color.Gray16{0x8000})
	deep.SetGray16(1, 0, color.Gray16{0xffff})
	deepColour := image.NewNRGBA64(image.Rect(0, 0, 1, 1))
	deepColour.SetNRGBA64(0, 0, color.NRGBA64{0xffff, 0x8080, 0, 0xffff})
	palette := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.Black, color.RGBA{1, 2, 3, 255}})
	palette.Pix = []byte{0, 1}
	greyPalette := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.Gray{9}, color.Gray{90}})
	greyPalette.Pix = []byte{0, 1}
	opaque := image.NewRGBA(image.Rect(0, 0, 2, 1))
	draw.Draw(opaque, opaque.Rect, image.NewUniform(color.RGBA{9, 8, 7, 255}), image.Point{}, draw.Src)

	for _, c := range []struct {
		name     string
		file     []byte
		channels int
		pix      []uint8
	}{
		{"PNG grey", asPNG(t, grey), 1, []uint8{7, 250}},
		{"PNG grey 16 bit", asPNG(t, deep), 1, []uint8{128, 255}},
		{"PNG colour 16 bit", asPNG(t, deepColour), 3, []uint8{255, 128, 0}},
		{"PNG alpha over white", asPNG(t, colours()), 3, []uint8{227, 177, 127, 10, 20, 30}},
		{"PNG palette", asPNG(t, palette), 3, []uint8{0, 0, 0, 1, 2, 3}},
		{"PNG grey palette", asPNG(t, greyPalette), 1, []uint8{9, 90}},
		{"GIF", encode(t, func(b *bytes.Buffer) error { return gif.Encode(b, palette, nil) }), 3, []uint8{0, 0, 0, 1, 2, 3}},
		{"BMP", encode(t, func(b *bytes.Buffer) error { return bmp.Encode(b, opaque) }), 3, []uint8{9, 8, 7, 9, 8, 7}},
		{"P2", []byte("P2\n# made by hand\n2 1\n15\n0 15\n"), 1, []uint8{0, 255}},
		{"P5", []byte("P5 2 1 255\n\x07\xfa"), 1, []uint8{7, 250}},
		{"P5 16 bit", []byte("P5 2 1 65535\n\x80\x00\xff\xff"), 1, []uint8{128, 255}},
		{"P1", []byte("P1\n2 1\n01\n"), 1, []uint8{255, 0}},
		{"P4", []byte("P4\n2 1\n\x40"), 1, []uint8{255, 0}},
		{"P3", []byte("P3 1 1 255 1 2 3"), 3, []uint8{1, 2, 3}},
		{"P6", []byte("P6 1 1 255\n\x01\x02\x03"), 3, []uint8{1, 2, 3}},
	} {
		m, err := Decode(c.file, Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if m.Channels != c.channels || !slices.Equal(m.Pix, c.pix) {
			t.Errorf("%s: %d channels %v, want %d channels %v", c.name, m.Channels, m.Pix, c.channels, c.pix)
		}
	}
}

func TestDecodeWebP(t *testing.T) {
	file, err := base64.StdEncoding.DecodeString(redWebP)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(file, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Width != 4 || m.Height != 2 || m.Channels != 3 {
		t.Fatalf("%dx%d, %d channels", m.Width, m.Height, m.Channels)
	}
	for i, want := range []uint8{0xc8, 0x32, 0x14} {
		if d := int(m.Pix[i]) - int(want); d < -6 || d > 6 {
			t.Errorf("channel %d is %d, want about %d", i, m.Pix[i], want)
		}
	}
}

// withExif puts an orientation into a JPEG, in either byte order.
func withExif(file []byte, orientation uint16, order binary.ByteOrder) []byte {
	mark := "II*\x00"
	if order == binary.BigEndian {
		mark = "MM\x00*"
	}
	tiff := []byte(mark)
	put16 := func(v uint16) { var b [2]byte; order.PutUint16(b[:], v); tiff = append(tiff, b[:]...) }
	put32 := func(v uint32) { var b [4]byte; order.PutUint32(b[:], v); tiff = append(tiff, b[:]...) }
	put32(8)
	put16(1)
	put16(orientationTag)
	put16(3)
	put32(1)
	put16(orientation)
	put16(0)
	put32(0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	app1 := append([]byte{0xff, 0xe1, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
	return slices.Concat(file[:2], app1, file[2:])
}

// TestOrientation stores an F turned in every way that EXIF knows and expects it
// upright.
func TestOrientation(t *testing.T) {
	const w, h = 16, 24
	upright := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x < 4 || y < 4 || y >= 10 && y < 14 && x < 12 {
				upright.SetGray(x, y, color.Gray{255})
			}
		}
	}
	for o := uint16(1); o <= 8; o++ {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			sw, sh := w, h
			if o >= 5 {
				sw, sh = h, w
			}
			stored := image.NewGray(image.Rect(0, 0, sw, sh))
			for y := range h {
				for x := range w {
					sx, sy := exifStored(int(o), x, y, w, h)
					stored.SetGray(sx, sy, upright.GrayAt(x, y))
				}
			}
			file := encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, stored, &jpeg.Options{Quality: 100}) })
			m, err := Decode(withExif(file, o, order), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if m.Width != w || m.Height != h {
				t.Fatalf("orientation %d: %dx%d, want %dx%d", o, m.Width, m.Height, w, h)
			}
			for i, v := range m.Pix {
				if d := int(v) - int(upright.Pix[i]); d < -40 || d > 40 {
					t.Fatalf("orientation %d: pixel %d is %d, want %d", o, i, v, upright.Pix[i])
				}
			}
		}
	}
}

// exifStored follows the words of EXIF 2.32, §4.6.4: where row 0 and column 0 of
// the stored image are in the upright one.
func exifStored(o, x, y, w, h int) (sx, sy int) {
	switch o {
	case 2: // row 0 top, column 0 right
		return w - 1 - x, y
	case 3: // row 0 bottom, column 0 right
		return w - 1 - x, h - 1 - y
	case 4: // row 0 bottom, column 0 left
		return x, h - 1 - y
	case 5: // row 0 left, column 0 top
		return y, x
	case 6: // row 0 right, column 0 top
		return y, w - 1 - x
	case 7: // row 0 right, column 0 bottom
		return h - 1 - y, w - 1 - x
	case 8: // row 0 left, column 0 bottom
		return h - 1 - y, x
	}
	return x, y
}

func TestDecodeFaults(t *testing.T) {
	file := asPNG(t, colours())
	huge := slices.Clone(file)
	binary.BigEndian.PutUint32(huge[16:], 100_000) // the width; the checksum is not looked at first
	for _, c := range []struct {
		name, want string
		file       []byte
		limits     Limits
	}{
		{"empty", "empty", nil, Limits{}},
		{"no image", "not a JPEG", []byte("hello, world"), Limits{}},
		{"truncated PNG", "ends too early", file[:len(file)-20], Limits{}},
		{"broken PNG", "", append(slices.Clone(file[:40]), 1, 2, 3, 4), Limits{}},
		{"above the limit", "above the limit of 1 pixels", file, Limits{Pixels: 1}},
		{"huge header", "", huge, Limits{}},
		{"huge P5", "above the limit", []byte("P5 100000 100000 255\n"), Limits{}},
		{"P5 with no pixels", "no pixels", []byte("P5 0 4 255\n"), Limits{}},
		{"truncated P5", "ends too early", []byte("P5 2 2 255\nab"), Limits{}},
		{"truncated P2", "ends too early", []byte("P2 3 3 255\n1 2 3 4"), Limits{}},
		{"large P2 without samples", "ends too early", []byte("P2 8000 8000 255\n1"), Limits{}},
		{"P5 with a wrong maximum", "not 1 to 65535", []byte("P5 1 1 70000\n\x00\x00"), Limits{}},
		{"too many bytes", "limit of 10", file, Limits{Bytes: 10}},
	} {
		m, err := Decode(c.file, c.limits)
		if err == nil {
			t.Errorf("%s: decoded to %dx%d", c.name, m.Width, m.Height)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q does not say %q", c.name, err, c.want)
		}
	}
}

// TestShortJPEG takes coded bytes out before the end mark: few are made up for,
// many are not.
func TestShortJPEG(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 256, 256))
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range m.Pix {
		m.Pix[i] = uint8(rng.IntN(256))
	}
	file := encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, nil) })
	whole, err := Decode(file, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	end := len(file) - 2
	got, err := Decode(slices.Concat(file[:end-20], file[end:]), Limits{})
	if err != nil || !slices.Equal(got.Pix[:200*256], whole.Pix[:200*256]) {
		t.Errorf("20 bytes missing: %v", err)
	}
	if _, err := Decode(slices.Concat(file[:end/2], file[end:]), Limits{}); err == nil {
		t.Error("half of the file decodes")
	}
	if _, err := Decode(file[:end-20], Limits{}); err == nil {
		t.Error("a truncated file decodes")
	}
}

func TestTo(t *testing.T) {
	m := &Image{Width: 2, Height: 1, Channels: 3, Pix: []uint8{255, 255, 255, 90, 90, 90}}
	if g := m.To(1); !slices.Equal(g.Pix, []uint8{255, 90}) {
		t.Errorf("grey of equal channels is %v", g.Pix)
	}
	if !m.Grey() {
		t.Error("equal channels are not grey")
	}
	if back := m.To(1).To(3); !slices.Equal(back.Pix, m.Pix) {
		t.Errorf("back in colour: %v", back.Pix)
	}
	m.Pix[5]++
	if m.Grey() {
		t.Error("unequal channels are grey")
	}
}

// TestPrint recompresses a picture, which must stay near, and compares others.
func TestPrint(t *testing.T) {
	picture := func(seed uint64) *image.Gray {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := image.NewGray(image.Rect(0, 0, 64, 64))
		for range 12 {
			c := color.Gray{uint8(rng.IntN(256))}
			r := image.Rect(rng.IntN(64), rng.IntN(64), rng.IntN(64), rng.IntN(64)).Canon()
			draw.Draw(m, r, image.NewUniform(c), image.Point{}, draw.Src)
		}
		return m
	}
	of := func(file []byte) Print {
		m, err := Decode(file, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return PrintOf(m)
	}
	for seed := range uint64(20) {
		m := picture(seed)
		a := of(asPNG(t, m))
		b := of(encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, &jpeg.Options{Quality: 80}) }))
		if !a.Near(&b) {
			t.Errorf("picture %d is not near its own JPEG", seed)
		}
		other := of(asPNG(t, picture(seed+100)))
		if a.Near(&other) {
			t.Errorf("pictures %d and %d are near", seed, seed+100)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("P2\n# c\n2 1\n15\n0 15\n"))
	f.Add([]byte("P5 2 1 65535\n\x80\x00\xff\xff"))
	f.Add([]byte("P1\n2 1\n01\n"))
	f.Add([]byte("P4\n9 1\n\x40\x80"))
	small := asPNG(f, colours())
	f.Add(small)
	f.Add(withExif(encode(f, func(b *bytes.Buffer) error { return jpeg.Encode(b, colours(), nil) }), 6, binary.LittleEndian))
	f.Add(encode(f, func(b *bytes.Buffer) error { return gif.Encode(b, colours(), nil) }))
	f.Add(encode(f, func(b *bytes.Buffer) error { return bmp.Encode(b, colours()) }))
	if webp, err := base64.StdEncoding.DecodeString(redWebP); err == nil {
		f.Add(webp)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Decode(file, Limits{Pixels: 1 << 16})
		if err != nil {
			return
		}
		if len(m.Pix) != m.Width*m.Height*m.Channels || m.Width*m.Height > 1<<16 {
			t.Errorf("%dx%dx%d with %d values", m.Width, m.Height, m.Channels, len(m.Pix))
		}
		PrintOf(m)
	})
}

func ExampleDecode() {
	m, err := Decode([]byte("P2 2 2 9  0 3 6 9"), Limits{})
	fmt.Println(m.Width, m.Height, m.Channels, m.Pix, err)
	// Output: 2 2 1 [0 85 170 255] <nil>
}
