package model

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/macaw-ai/macaw/data/cell"
	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/framework/tensor"
)

// Sample is one raw sample: one of the fields, after the model's task.
type Sample struct {
	Image *imagefile.Image  // any size, 1 or 3 channels
	Row   map[string]string // cells by column, as they stand in a file; a missing column is a missing value
	Text  string
}

// Batch is samples in the form of the model's inputs. All tensors have N as
// their first dimension.
type Batch struct {
	N       int
	Index   []int // of each sample in what was encoded
	Tensors map[string]*tensor.Tensor
}

// Encode turns samples into batches of at most limit samples; images of
// different sizes come into different batches. errs is as long as samples and
// holds, for those that are in no batch, what is wrong with them.
func (c *Card) Encode(samples []Sample, limit int) (batches []Batch, errs []error) {
	errs = make([]error, len(samples))
	groups := map[[2]int][]int{}
	var order [][2]int
	for i := range samples {
		if errs[i] = c.check(&samples[i]); errs[i] != nil {
			continue
		}
		var size [2]int
		if m := samples[i].Image; c.Task == ImageClassification {
			size = [2]int{m.Height, m.Width}
		}
		if groups[size] == nil {
			order = append(order, size)
		}
		groups[size] = append(groups[size], i)
	}
	for _, size := range order {
		most := limit
		if pixels := size[0] * size[1]; pixels > 0 {
			most = min(limit, batchPixels/pixels)
		}
		for index := range slices.Chunk(groups[size], max(1, most)) {
			batches = append(batches, c.encode(samples, index))
		}
	}
	return batches, errs
}

// batchPixels bounds the memory of a batch of big images.
const batchPixels = 4 << 20

func (c *Card) check(s *Sample) error {
	switch c.Task {
	case ImageClassification:
		if s.Image == nil {
			return errors.New("the sample has no image")
		}
		if m := s.Image; m.Width < 1 || m.Height < 1 || (m.Channels != 1 && m.Channels != 3) || len(m.Pix) != m.Width*m.Height*m.Channels {
			return errors.New("the image's pixels do not match its size")
		}
	case TabularClassification, TabularRegression:
		if !slices.ContainsFunc(c.Inputs, func(in Input) bool { return !cell.Missing(s.Row[in.Column]) }) {
			return fmt.Errorf("the row has no value for any of the model's columns (%s)", c.columnList(5))
		}
	}
	return nil
}

// Columns are the columns that feed the model, in the order of its inputs.
func (c *Card) Columns() []string {
	var names []string
	for _, in := range c.Inputs {
		if in.Column != "" {
			names = append(names, in.Column)
		}
	}
	return names
}

func (c *Card) columnList(most int) string {
	names := c.Columns()
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("… %d in all", len(c.Inputs)))
	}
	return strings.Join(names, ", ")
}

// CheckColumns compares the columns of a table with those that the model knows:
// missing ones are taken as missing values, unknown ones are not used.
func (c *Card) CheckColumns(have []string) (missing, unknown []string) {
	want := c.Columns()
	for _, name := range want {
		if !slices.Contains(have, name) {
			missing = append(missing, name)
		}
	}
	for _, name := range have {
		if !slices.Contains(want, name) {
			unknown = append(unknown, name)
		}
	}
	return missing, unknown
}

func (c *Card) encode(samples []Sample, index []int) Batch {
	b := Batch{N: len(index), Index: index, Tensors: map[string]*tensor.Tensor{}}
	for _, in := range c.Inputs {
		switch {
		case in.Kind == KindImage:
			b.Tensors[in.Name] = encodeImages(samples, index, in.Channels)
		case c.Task == TextClassification:
			b.Tensors[in.Name] = encodeTexts(samples, index)
		default:
			b.Tensors[in.Name] = encodeColumn(samples, index, in)
		}
	}
	return b
}

// encodeImages packs images of one size: uint8 [N, H, W, channels].
func encodeImages(samples []Sample, index []int, channels int) *tensor.Tensor {
	first := samples[index[0]].Image
	size := first.Width * first.Height * channels
	pix := make([]uint8, 0, len(index)*size)
	for _, i := range index {
		pix = append(pix, samples[i].Image.To(channels).Pix...)
	}
	return tensor.Of(pix, len(index), first.Height, first.Width, channels)
}

func encodeTexts(samples []Sample, index []int) *tensor.Tensor {
	texts := make([]string, len(index))
	for k, i := range index {
		texts[k] = strings.ToValidUTF8(samples[i].Text, "\uFFFD")
	}
	return tensor.Of(texts, len(index))
}

// encodeColumn reads one cell of each row by the rules of the import. A number
// that cannot be read is a missing one.
func encodeColumn(samples []Sample, index []int, in Input) *tensor.Tensor {
	n := len(index)
	switch in.Kind {
	case KindNumber:
		v := make([]float32, n)
		for k, i := range index {
			v[k] = parseNumber(samples[i].Row[in.Column])
		}
		return tensor.Of(v, n, 1)
	case KindDate:
		parts := len(cell.DatePartNames)
		v := make([]float32, 0, n*parts)
		for _, i := range index {
			v = append(v, cell.DateParts(samples[i].Row[in.Column])...)
		}
		return tensor.Of(v, n, parts)
	}
	v := make([]string, n)
	for k, i := range index {
		if s := samples[i].Row[in.Column]; !cell.Missing(s) {
			v[k] = strings.ToValidUTF8(strings.TrimSpace(s), "\uFFFD")
		}
	}
	return tensor.Of(v, n, 1)
}

func parseNumber(s string) float32 {
	v, _, err := cell.ParseNumber(s)
	if err != nil {
		return float32(math.NaN())
	}
	return v
}
