package produce

import (
	"context"
	"math"
	"strconv"
	"sync"

	"github.com/macaw-ai/macaw/data"
	"github.com/macaw-ai/macaw/model"
)

// reader gives raw samples of a version, as a user would send them.
type reader struct {
	images *data.Images
	table  *data.Table
	texts  []string
}

func newReader(v *data.Version) (*reader, error) {
	r := &reader{}
	var err error
	switch v.Kind {
	case data.KindImage:
		r.images, err = v.Images()
	case data.KindTable:
		r.table, err = v.Table()
	case data.KindText:
		r.texts, err = v.Texts()
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (r *reader) close() {
	if r.images != nil {
		r.images.Close()
	}
}

func (r *reader) sample(i int) (model.Sample, error) {
	switch {
	case r.images != nil:
		m, err := r.images.Decode(i)
		return model.Sample{Image: m}, err
	case r.table != nil:
		row := make(map[string]string, len(r.table.Columns))
		for _, c := range r.table.Columns {
			row[c.Name] = cellText(c, i)
		}
		return model.Sample{Row: row}, nil
	}
	return model.Sample{Text: r.texts[i]}, nil
}

// cellText writes a cell so that reading it gives the same value.
func cellText(s *data.Series, row int) string {
	if s.Floats == nil {
		return s.Strings[row]
	}
	v := s.Floats[row]
	if v != v {
		return ""
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 32)
}

// read gives several samples; images are decoded side by side.
func (r *reader) read(samples []int, threads int) ([]model.Sample, error) {
	out := make([]model.Sample, len(samples))
	errs := make([]error, max(1, threads))
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for k := w; k < len(samples) && errs[w] == nil; k += len(errs) {
				out[k], errs[w] = r.sample(samples[k])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// chunk is how many samples are in memory at once.
const chunk = 512

// predict runs the packaged model on raw samples, by the code that serves. A
// sample that gets no answer counts as one of no class, or as the value missing.
func predict(ctx context.Context, pr *model.Predictor, r *reader, samples []int, classes, threads int, missing float32) ([]float32, error) {
	var out []float32
	for from := 0; from < len(samples); from += chunk {
		raw, err := r.read(samples[from:min(from+chunk, len(samples))], threads)
		if err != nil {
			return nil, err
		}
		answers, err := pr.Predict(ctx, raw)
		if err != nil {
			return nil, err
		}
		for _, a := range answers {
			switch {
			case classes == 0 && a.Err != nil:
				out = append(out, missing)
			case classes == 0:
				out = append(out, a.Value)
			case a.Err != nil:
				for range classes {
					out = append(out, 1/float32(classes))
				}
			default:
				out = append(out, a.Probabilities...)
			}
		}
	}
	return out, nil
}

// differ returns the largest difference of predictions.
func differ(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	most := 0.0
	for i := range a {
		most = max(most, math.Abs(float64(a[i])-float64(b[i])))
	}
	return most
}
