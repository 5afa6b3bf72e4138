package cpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/macaw-ai/macaw/chip"
)

// resnetLayer is a 3×3 or 1×1 convolution of ResNet-18 for images of 32×32.
type resnetLayer struct{ side, in, out, kernel, stride, count int }

var resnetLayers = []resnetLayer{
	{32, 3, 64, 3, 1, 1}, {32, 64, 64, 3, 1, 4},
	{32, 64, 128, 3, 2, 1}, {32, 64, 128, 1, 2, 1}, {16, 128, 128, 3, 1, 3},
	{16, 128, 256, 3, 2, 1}, {16, 128, 256, 1, 2, 1}, {8, 256, 256, 3, 1, 3},
	{8, 256, 512, 3, 2, 1}, {8, 256, 512, 1, 2, 1}, {4, 512, 512, 3, 1, 3},
}

// BenchmarkResNetLayers times the convolutions of ResNet-18 inference, one
// after another as in the network, so that their weights are as cold as there.
func BenchmarkResNetLayers(b *testing.B) {
	for _, n := range []int{1, 2, 4, 8, 32} {
		for _, a := range []algorithm{bestAlgorithm, direct, winograd2, winograd4} {
			b.Run(fmt.Sprintf("batch%d/%s", n, []string{"best", "direct", "F2", "F4"}[a]), func(b *testing.B) {
				benchResNetLayers(b, n, a)
			})
		}
	}
}

func benchResNetLayers(b *testing.B, n int, a algorithm) {
	d := New(Options{Threads: *threads}).(*Device)
	defer d.Close()
	d.algorithm = a
	p := &stepBuilder{}
	fill := func(data []float32) {
		for i := range data {
			data[i] = float32(i%17)/17 - 0.4
		}
	}
	var ofLayer []int
	for i, l := range resnetLayers {
		pad := l.kernel / 2
		g := chip.Window{KH: l.kernel, KW: l.kernel, StrideH: l.stride, StrideW: l.stride, PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad, DilationH: 1, DilationW: 1}
		rows, cols := g.Out(l.side, l.side)
		for range l.count {
			x, y := p.temp(n, l.side, l.side, l.in), p.temp(n, rows, cols, l.out)
			weights, bias := make([]float32, l.kernel*l.kernel*l.in*l.out), make([]float32, l.out)
			fill(weights)
			w, c := p.value(chip.Constant, chip.Float32, l.kernel, l.kernel, l.in, l.out), p.value(chip.Constant, chip.Float32, l.out)
			p.Values[w].Data, p.Values[c].Data = weights, bias
			p.do(&chip.Conv{Window: g, Groups: 1, Bias: true, Act: chip.ReLU}, []int{y}, x, w, c)
			ofLayer = append(ofLayer, i)
		}
	}
	c, err := d.Compile(&p.Program)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	x := c.(*executable)
	times := make([][]int64, len(resnetLayers))
	for b.Loop() {
		nanos := make([]int64, len(x.kernels))
		if err := x.RunTimed(nil, nil, nil, nanos); err != nil {
			b.Fatal(err)
		}
		sums := make([]int64, len(resnetLayers))
		for i, t := range nanos {
			sums[ofLayer[i]] += t
		}
		for i, t := range sums {
			times[i] = append(times[i], t)
		}
	}
	all := 0.
	for i, l := range resnetLayers {
		slices.Sort(times[i])
		us := float64(times[i][len(times[i])/2]) / 1e3
		all += us
		b.ReportMetric(us/float64(l.count), fmt.Sprintf("us/%dx%dx%d-%d,%d/%d", l.side, l.side, l.in, l.out, l.kernel, l.stride))
	}
	b.ReportMetric(all/1e3, "ms/all")
	b.ReportMetric(0, "ns/op")
}
