package main

import (
	"image"
	"math"
	"strings"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// coco names the 80 classes of the COCO data set, in order.
var coco = strings.Split("person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush", ",")

// findObjects runs FastestDet: for each cell of one grid an object's probability,
// its box and the probabilities of the classes.
func findObjects(model string, img image.Image) ([]Found, error) {
	s, err := open(model)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	dims, ok := s.Inputs()[0].Dims()
	if !ok || len(dims) != 4 {
		return nil, s.not("FastestDet")
	}
	side, ok := dims[2].(int)
	if !ok {
		return nil, s.not("FastestDet")
	}
	y, err := s.runOne(planes(img, side, side, bgr, all(0), all(1./255)))
	if err != nil {
		return nil, err
	}
	if shape := y.Shape(); y.DType() != tensor.Float32 || len(shape) != 4 || shape[1] != 5+len(coco) || shape[2] != shape[3] {
		return nil, s.not("FastestDet")
	}
	grid := y.Shape()[2]
	cells := grid * grid
	v := func(channel, cell int) float64 { return float64(y.Float32s()[channel*cells+cell]) }
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	var found []Found
	for cell := range cells {
		class, best := 0, 0.0
		for k := range coco {
			if p := v(5+k, cell); p > best {
				class, best = k, p
			}
		}
		score := math.Pow(v(0, cell), 0.6) * math.Pow(best, 0.4)
		if score < 0.5 {
			continue
		}
		x, y := (math.Tanh(v(1, cell))+float64(cell%grid))/float64(grid)*w, (math.Tanh(v(2, cell))+float64(cell/grid))/float64(grid)*h
		bw, bh := w/2/(1+math.Exp(-v(3, cell))), h/2/(1+math.Exp(-v(4, cell)))
		found = append(found, Found{What: coco[class], Score: score, Corners: corners(max(0, x-bw), max(0, y-bh), min(w, x+bw), min(h, y+bh))})
	}
	return suppress(found, 0.45), nil
}
