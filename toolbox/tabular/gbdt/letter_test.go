package gbdt_test

import (
	"context"
	"encoding/csv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/macaw-ai/macaw/toolbox/tabular/gbdt"
)

func TestLetterScratch(t *testing.T) {
	f, err := os.Open("/usr/share/doc/opencv-doc/examples/data/letter-recognition.data")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	rows, _ := csv.NewReader(f).ReadAll()
	p := rand.New(rand.NewPCG(1, 2)).Perm(len(rows))
	var x [2][]float32
	var y [2][]float32
	for i, r := range p {
		k := 0
		if i >= 16000 {
			k = 1
		}
		y[k] = append(y[k], float32(rows[r][0][0]-'A'))
		for _, c := range rows[r][1:] {
			v, _ := strconv.ParseFloat(c, 32)
			x[k] = append(x[k], float32(v))
		}
	}
	start := time.Now()
	b := gbdt.Quantise(x[0], 16, 255, 2)
	t.Log("bins", time.Since(start))
	m, err := gbdt.Train(context.Background(), b, y[0], gbdt.Data{}, gbdt.Options{Loss: gbdt.Softmax, Classes: 26, Threads: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("train", time.Since(start), m.Nodes())
	out := m.Predict(x[1], 2)
	ok := 0
	for r, v := range y[1] {
		best := 0
		for c := range 26 {
			if out[r*26+c] > out[r*26+best] {
				best = c
			}
		}
		if best == int(v) {
			ok++
		}
	}
	t.Log("acc", float64(ok)/float64(len(y[1])), time.Since(start))
}
