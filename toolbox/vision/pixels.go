package vision

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"sync"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/framework/onnx"
	"github.com/macaw-ai/macaw/toolbox"
)

// pixels are the images of a problem, decoded once and brought to one size.
type pixels struct {
	h, w, c int
	rows    []int   // row of a sample of Data, -1 for those that are not here
	raw     []uint8 // [rows,h,w,c]
}

// load writes the image in a row to dst, [h,w,c], 0 to 255.
func (p *pixels) load(row int, dst []float32) {
	n := p.h * p.w * p.c
	p.copyTo(dst[:n], row*n)
}

// loadRow writes line y of the image in a row to dst, [w,c].
func (p *pixels) loadRow(row, y int, dst []float32) {
	n := p.w * p.c
	p.copyTo(dst[:n], (row*p.h+y)*n)
}

func (p *pixels) copyTo(dst []float32, at int) {
	for i, v := range p.raw[at : at+len(dst)] {
		dst[i] = float32(v)
	}
}

// of gives the rows of samples.
func (p *pixels) of(samples []int) []int {
	out := make([]int, len(samples))
	for i, s := range samples {
		out[i] = p.rows[s]
	}
	return out
}

// pixelsOf decodes the training and validation images of p to h by w, once.
func pixelsOf(ctx context.Context, p *toolbox.Problem, h, w int) (*pixels, error) {
	samples := slices.Concat(p.Train, p.Val)
	slices.Sort(samples)
	samples = slices.Compact(samples) // the last training learns from the validation images too
	key := fmt.Sprintf("vision/%dx%d/%x", h, w, fingerprint(samples))
	return toolbox.Get(p.Shared, key, func() (*pixels, error) { return decode(ctx, p, samples, h, w) })
}

func fingerprint(samples []int) uint64 {
	f := fnv.New64a()
	for _, s := range samples {
		f.Write([]byte{byte(s), byte(s >> 8), byte(s >> 16), byte(s >> 24)})
	}
	return f.Sum64()
}

func decode(ctx context.Context, p *toolbox.Problem, samples []int, h, w int) (*pixels, error) {
	images, err := p.Data.Images()
	if err != nil {
		return nil, err
	}
	defer images.Close()
	info := p.Data.Image
	out := &pixels{h: h, w: w, c: info.Channels, rows: make([]int, p.Data.Count)}
	for i := range out.rows {
		out.rows[i] = -1
	}
	for row, s := range samples {
		out.rows[s] = row
	}
	out.raw = make([]uint8, len(samples)*h*w*out.c)
	return out, parallel(ctx, p.Threads, len(samples), func(row int) error {
		im, err := images.Decode(samples[row])
		if err != nil {
			return fmt.Errorf("decode image %d: %w", samples[row], err)
		}
		out.store(row, im)
		return nil
	})
}

// store puts an image of any size in its row, resized as the exported model does.
func (p *pixels) store(row int, im *data.Image) {
	n := p.h * p.w * p.c
	im = im.To(p.c)
	copy(p.raw[row*n:][:n], onnx.ResizeImage(im.Pix, im.Height, im.Width, im.Channels, p.h, p.w))
}

// parallel calls f for 0..n-1 from several goroutines and returns the first error.
func parallel(ctx context.Context, threads, n int, f func(i int) error) error {
	threads = min(max(threads, 1), n)
	errs := make([]error, threads)
	var wg sync.WaitGroup
	for t := range threads {
		wg.Go(func() {
			for i := t; i < n && errs[t] == nil; i += threads {
				if errs[t] = context.Cause(ctx); errs[t] == nil {
					errs[t] = f(i)
				}
			}
		})
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// look is what augmentation and normalisation must know of the training images.
type look struct {
	mean, std []float32 // of each channel, levels 0 to 255
	fill      []float32 // colour around the image when most borders have it, else nil
}

// options are the preparation of raw images for a network that learns from px.
func (l look) options(px *pixels) onnx.ImageOptions {
	o := onnx.ImageOptions{Height: px.h, Width: px.w, Channels: px.c}
	for c := range px.c {
		o.Mean, o.Std = append(o.Mean, l.mean[c]/255), append(o.Std, l.std[c]/255)
	}
	return o
}

// lookOf measures rows of p.
func lookOf(p *pixels, rows []int) look {
	sum, square := make([]float64, p.c), make([]float64, p.c)
	border := make([][256]int, p.c)
	img := make([]float32, p.h*p.w*p.c)
	for _, row := range rows {
		p.load(row, img)
		for i, v := range img {
			c := i % p.c
			sum[c] += float64(v)
			square[c] += float64(v) * float64(v)
		}
		p.countBorder(img, border)
	}
	n := float64(len(rows) * p.h * p.w)
	l := look{fill: make([]float32, p.c)}
	for c := range p.c {
		mean := sum[c] / n
		l.mean = append(l.mean, float32(mean))
		l.std = append(l.std, float32(math.Sqrt(max(square[c]/n-mean*mean, 1))))
		level, share := mode(border[c][:])
		if share < 0.5 {
			l.fill = nil
		} else if l.fill != nil {
			l.fill[c] = float32(level)
		}
	}
	return l
}

// countBorder counts the levels of the outermost pixels.
func (p *pixels) countBorder(img []float32, counts [][256]int) {
	for y := range p.h {
		step := max(p.w-1, 1)
		if y == 0 || y == p.h-1 {
			step = 1
		}
		for x := 0; x < p.w; x += step {
			for c := range p.c {
				counts[c][uint8(img[(y*p.w+x)*p.c+c])]++
			}
		}
	}
}

// mode returns the most common level, counting its near neighbours, and its share.
func mode(counts []int) (level int, share float64) {
	total, most := 0, -1
	for i, n := range counts {
		total += n
		near := n
		for d := 1; d <= 4; d++ {
			if i-d >= 0 {
				near += counts[i-d]
			}
			if i+d < len(counts) {
				near += counts[i+d]
			}
		}
		if near > most || near == most && n > counts[level] {
			level, most = i, near
		}
	}
	return level, float64(most) / float64(max(total, 1))
}
