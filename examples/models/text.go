package main

import (
	"cmp"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// reader is PP-OCRv4: one network finds lines of text, one tells whether a line
// is upside down, one reads it. Source: PaddleOCR, github.com/PaddlePaddle/PaddleOCR.
type reader struct {
	detect, turn, read *network
	letters            []string // by class; 0 stands for none
}

func openReader(folder string) (*reader, error) {
	r := &reader{}
	for file, to := range map[string]**network{
		"ch_PP-OCRv4_det_infer.onnx": &r.detect, "ch_ppocr_mobile_v2.0_cls_infer.onnx": &r.turn, "ch_PP-OCRv4_rec_infer.onnx": &r.read,
	} {
		var err error
		if *to, err = open(filepath.Join(folder, file)); err != nil {
			r.close()
			return nil, err
		}
	}
	raw, err := os.ReadFile(filepath.Join(folder, "ppocr_keys_v1.txt"))
	if err != nil {
		r.close()
		return nil, err
	}
	r.letters = append([]string{""}, strings.Split(strings.TrimRight(strings.ReplaceAll(string(raw), "\r", ""), "\n"), "\n")...)
	r.letters = append(r.letters, " ")
	return r, nil
}

func (r *reader) close() {
	for _, s := range []*network{r.detect, r.turn, r.read} {
		if s != nil {
			s.Close()
		}
	}
}

// findText gives the lines of a picture, from top to bottom.
func findText(folder string, img image.Image) ([]Found, error) {
	r, err := openReader(folder)
	if err != nil {
		return nil, err
	}
	defer r.close()
	lines, err := r.lines(img)
	if err != nil {
		return nil, err
	}
	var found []Found
	for _, f := range lines {
		if f.What, f.Score, err = r.line(upright(img, f.Corners)); err != nil {
			return nil, err
		}
		if f.What != "" && f.Score > 0.5 {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b Found) int { return cmp.Compare(a.bounds().top, b.bounds().top) })
	return found, nil
}

// lines finds text: the network gives each pixel's probability of lying within the
// shrunk region of a line, which is grown again (Liao et al. 2020, arXiv:1911.08947).
func (r *reader) lines(img image.Image) ([]Found, error) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	scale := min(1, 960/float64(max(w, h)))
	tw, th := whole(int(float64(w)*scale), 32), whole(int(float64(h)*scale), 32)
	mean, deviation := [3]float32{0.485 * 255, 0.456 * 255, 0.406 * 255}, [3]float32{1 / (0.229 * 255), 1 / (0.224 * 255), 1 / (0.225 * 255)}
	y, err := r.detect.runOne(planes(img, tw, th, bgr, mean, deviation))
	if err != nil {
		return nil, err
	}
	var found []Found
	for _, region := range regions(y.Float32s(), tw, th, 0.3) {
		box := smallestRectangle(hull(region.pixels))
		a, b := distance(box[0], box[1]), distance(box[1], box[2])
		if region.mean < 0.6 || min(a, b) < 3 {
			continue
		}
		box = grown(box, 1.6*a*b/(2*(a+b)))
		for i := range box {
			box[i] = Point{box[i].X * float64(w) / float64(tw), box[i].Y * float64(h) / float64(th)}
		}
		found = append(found, Found{Score: region.mean, Corners: box})
	}
	return found, nil
}

// line reads a picture of one line.
func (r *reader) line(img *image.RGBA) (string, float64, error) {
	y, err := r.turn.runOne(fitted(img, 48, 192))
	if err != nil {
		return "", 0, err
	}
	if p := y.Float32s(); p[1] > 0.9 {
		img = turned(img)
	}
	size := img.Bounds()
	width := max(320, (48*size.Dx()+size.Dy()-1)/size.Dy())
	if y, err = r.read.runOne(fitted(img, 48, width)); err != nil {
		return "", 0, err
	}
	steps, classes := y.Shape()[1], y.Shape()[2]
	if classes > len(r.letters) {
		return "", 0, fmt.Errorf("the network tells %d letters, the list has %d", classes, len(r.letters))
	}
	var text strings.Builder
	sum, n, last := 0.0, 0, 0
	for t := range steps {
		row := y.Float32s()[t*classes : (t+1)*classes]
		best := 0
		for k, p := range row {
			if p > row[best] {
				best = k
			}
		}
		if best != 0 && best != last { // letters follow each other through the class of none
			text.WriteString(r.letters[best])
			sum, n = sum+float64(row[best]), n+1
		}
		last = best
	}
	return strings.TrimSpace(text.String()), sum / float64(max(n, 1)), nil
}

// fitted scales img to height, at most width wide, and fills up with grey.
func fitted(img *image.RGBA, height, width int) *tensor.Tensor {
	size := img.Bounds()
	w := min(width, max(1, (height*size.Dx()+size.Dy()-1)/size.Dy()))
	part := planes(img, w, height, bgr, all(127.5), all(1/127.5)).Float32s()
	t := tensor.New(tensor.Float32, 1, 3, height, width)
	for row := range 3 * height {
		copy(t.Float32s()[row*width:], part[row*w:(row+1)*w])
	}
	return t
}
