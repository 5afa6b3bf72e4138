package main

import (
	"fmt"
	"image"
	"math"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// findFaces runs YuNet: for each cell of three grids the probabilities of a face
// and of its being well placed, a box and five landmarks, relative to the cell.
// Source: Wu et al. 2023, doi:10.1007/s11633-023-1423-y.
func findFaces(model string, img image.Image) ([]Found, error) {
	s, err := open(model)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	tw, th := whole(w, 32), whole(h, 32)
	in := s.Inputs()[0]
	if dims, ok := in.Dims(); ok && len(dims) == 4 {
		if n, fixed := dims[2].(int); fixed {
			tw, th = n, n
		}
	}
	out, err := s.run(map[string]*tensor.Tensor{in.Name: planes(img, tw, th, bgr, all(0), all(1))})
	if err != nil {
		return nil, err
	}
	sx, sy := float64(w)/float64(tw), float64(h)/float64(th)
	var found []Found
	for _, stride := range []int{8, 16, 32} {
		var parts [4][]float32
		for i, p := range []struct {
			name  string
			width int
		}{{"cls", 1}, {"obj", 1}, {"bbox", 4}, {"kps", 10}} {
			t := out[fmt.Sprintf("%s_%d", p.name, stride)]
			if t == nil || t.DType() != tensor.Float32 || t.Len() != (tw/stride)*(th/stride)*p.width {
				return nil, s.not("YuNet")
			}
			parts[i] = t.Float32s()
		}
		class, object, box, marks := parts[0], parts[1], parts[2], parts[3]
		for i := range class {
			score := math.Sqrt(float64(class[i]) * float64(object[i]))
			if score < 0.6 {
				continue
			}
			size := float64(stride)
			column, row := float64(i%(tw/stride)), float64(i/(tw/stride))
			x, y := (column+float64(box[4*i]))*size, (row+float64(box[4*i+1]))*size
			bw, bh := math.Exp(float64(box[4*i+2]))*size/2, math.Exp(float64(box[4*i+3]))*size/2
			f := Found{What: "face", Score: score, Corners: corners((x-bw)*sx, (y-bh)*sy, (x+bw)*sx, (y+bh)*sy)}
			for k := range 5 {
				f.Points = append(f.Points, Point{(column + float64(marks[10*i+2*k])) * size * sx, (row + float64(marks[10*i+2*k+1])) * size * sy})
			}
			found = append(found, f)
		}
	}
	return suppress(found, 0.3), nil
}
