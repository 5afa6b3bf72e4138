// Command digits writes examples/digits: the 1,797 handwritten digits of
// scikit-learn as 8×8 grey PNG files in one folder per digit. Run it from the
// module's root with the path of digits.csv.gz:
//
//	go run ./examples/internal/digits /usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz examples/digits
package main

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"image"
	"image/png"
	"log"
	"os"
	"path/filepath"
	"strconv"
)

const (
	side    = 8
	brights = 16 // the source counts 0 to 16 inked pixels of a 4×4 block
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: digits digits.csv.gz FOLDER")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		return err
	}
	for i, row := range rows {
		if err := write(to, i, row); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}

// write makes one image of a row of 64 brightnesses and the digit. Digits are
// white on black, as in the source.
func write(to string, i int, row []string) error {
	if len(row) != side*side+1 {
		return fmt.Errorf("%d cells, not %d", len(row), side*side+1)
	}
	m := image.NewGray(image.Rect(0, 0, side, side))
	for k := range m.Pix {
		v, err := strconv.ParseFloat(row[k], 64)
		if err != nil {
			return err
		}
		m.Pix[k] = uint8(v*255/brights + 0.5)
	}
	digit, err := strconv.ParseFloat(row[side*side], 64)
	if err != nil {
		return err
	}
	dir := filepath.Join(to, strconv.Itoa(int(digit)))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%04d.png", i)))
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(f, m); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
