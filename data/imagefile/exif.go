package imagefile

import (
	"bytes"
	"encoding/binary"
)

const orientationTag = 0x0112

// Orientation returns the EXIF orientation of a JPEG, PNG or WebP file, 1 to 8;
// 1, upright, when the file says nothing sensible.
// Source: CIPA DC-008 (EXIF 2.32), §4.6.2 and table 3.
func Orientation(file []byte) int {
	exif := exifOf(file)
	if len(exif) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(exif[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	start := order.Uint32(exif[4:])
	if uint64(start)+2 > uint64(len(exif)) {
		return 1
	}
	entries := exif[start+2:]
	for n := int(order.Uint16(exif[start:])); n > 0 && len(entries) >= 12; n-- {
		if order.Uint16(entries) == orientationTag && order.Uint16(entries[2:]) == 3 {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// exifOf returns the TIFF block that holds EXIF's tags.
func exifOf(file []byte) []byte {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		return jpegExif(file[2:])
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return chunk(file[8:], "eXIf", binary.BigEndian, true)
	case len(file) > 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		return bytes.TrimPrefix(chunk(file[12:], "EXIF", binary.LittleEndian, false), []byte("Exif\x00\x00"))
	}
	return nil
}

// jpegExif finds the APP1 segment before the scan.
func jpegExif(p []byte) []byte {
	for len(p) >= 4 && p[0] == 0xff && p[1] != 0xda {
		n := int(binary.BigEndian.Uint16(p[2:]))
		if n < 2 || len(p) < 2+n {
			return nil
		}
		if body, ok := bytes.CutPrefix(p[4:2+n], []byte("Exif\x00\x00")); ok && p[1] == 0xe1 {
			return body
		}
		p = p[2+n:]
	}
	return nil
}

// chunk finds a PNG chunk (length, name, body, checksum) or a RIFF chunk (name,
// length, body, padded to even).
func chunk(p []byte, name string, order binary.ByteOrder, png bool) []byte {
	for len(p) >= 8 {
		length, tag, tail := order.Uint32(p), string(p[4:8]), uint64(4)
		if !png {
			length, tag = order.Uint32(p[4:]), string(p[:4])
			tail = uint64(length & 1)
		}
		if uint64(len(p)) < 8+uint64(length) {
			return nil
		}
		if tag == name {
			return p[8 : 8+length]
		}
		if uint64(len(p)) < 8+uint64(length)+tail {
			return nil
		}
		p = p[8+uint64(length)+tail:]
	}
	return nil
}
