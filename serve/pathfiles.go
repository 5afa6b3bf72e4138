package serve

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/macaw-ai/macaw/data/idx"
	"github.com/macaw-ai/macaw/data/imagefile"
	"github.com/macaw-ai/macaw/data/source"
	"github.com/macaw-ai/macaw/data/table"
	"github.com/macaw-ai/macaw/model"
)

// maxText is the most bytes of a text that are read, as in an import.
const maxText = 1 << 20

// fileSource is files of one sample each.
type fileSource struct {
	files []*source.File
	read  func(f *source.File) (model.Sample, error)
}

// imageSources are the images of an argument; a single IDX file holds many.
func imageSources(tree *source.Tree, files []*source.File) []pathSource {
	if tree.Single {
		if head, err := files[0].Head(8); err == nil && idx.Is(head) {
			return []pathSource{&idxSource{file: files[0]}}
		}
	} else {
		files = slices.DeleteFunc(files, func(f *source.File) bool { return !imagefile.Is(f.Path) })
	}
	if len(files) == 0 {
		return nil
	}
	return []pathSource{&fileSource{files: files, read: readImageFile}}
}

// predict reads and predicts a batch of files at a time.
func (s *fileSource) predict(ctx context.Context, job *pathJob) error {
	for files := range slices.Chunk(s.files, job.p.BatchLimit()) {
		samples := make([]model.Sample, len(files))
		errs := make([]error, len(files))
		var wg sync.WaitGroup
		workers := runtime.GOMAXPROCS(0)
		for w := range workers {
			wg.Go(func() {
				for i := w; i < len(files) && ctx.Err() == nil; i += workers {
					samples[i], errs[i] = s.read(files[i])
				}
			})
		}
		wg.Wait()
		if err := job.predict(ctx, samples, errs, func(i int) string { return files[i].Path }); err != nil {
			return err
		}
	}
	return nil
}

// predict predicts the samples that could be read and writes a row for each.
func (j *pathJob) predict(ctx context.Context, samples []model.Sample, errs []error, name func(i int) string) error {
	var good []model.Sample
	for i := range samples {
		if errs[i] == nil {
			good = append(good, samples[i])
		}
	}
	predictions, err := j.p.Predict(ctx, good)
	if err != nil {
		return err
	}
	for i := range samples {
		p := model.Prediction{Err: errs[i]}
		if errs[i] == nil {
			p, predictions = predictions[0], predictions[1:]
		}
		j.summary.Samples++
		if p.Err != nil {
			j.summary.Failed = append(j.summary.Failed, Failure{name(i), p.Err})
		}
		if err := j.w.row(name(i), p); err != nil {
			return err
		}
	}
	return nil
}

func readImageFile(f *source.File) (model.Sample, error) {
	r, err := f.Open()
	if err != nil {
		return model.Sample{}, err
	}
	defer r.Close()
	p, err := imagefile.Read(r, imagefile.Limits{})
	if err != nil {
		return model.Sample{}, err
	}
	img, err := imagefile.Decode(p, imagefile.Limits{})
	return model.Sample{Image: img}, err
}

func readTextFile(f *source.File) (model.Sample, error) {
	r, err := f.Open()
	if err != nil {
		return model.Sample{}, err
	}
	defer r.Close()
	p, err := io.ReadAll(io.LimitReader(r, maxText))
	if err != nil {
		return model.Sample{}, err
	}
	text, err := textOf(p)
	if err != nil {
		return model.Sample{}, errors.New("the file is no text")
	}
	if strings.TrimSpace(text) == "" {
		return model.Sample{}, errors.New("the file is empty")
	}
	return model.Sample{Text: text}, nil
}

// tableSource is a table of one sample per row.
type tableSource struct {
	file   *source.File
	prefix string // of the row numbers, when there are several tables
}

func (s *tableSource) predict(ctx context.Context, job *pathJob) error {
	card := &job.p.Card
	frame, err := s.read(card)
	if err != nil {
		return err
	}
	if err := job.compare(frame, s.file.Path); err != nil {
		return err
	}
	for from := 0; from < frame.Rows(); from += job.p.BatchLimit() {
		n := min(job.p.BatchLimit(), frame.Rows()-from)
		samples := make([]model.Sample, n)
		for i := range samples {
			samples[i].Row = frame.Row(from + i)
			if card.Task == model.TextClassification {
				name, _ := textColumn(card, frame.Names) // compare has found it
				samples[i] = model.Sample{Text: samples[i].Row[name]}
			}
		}
		if err := job.predict(ctx, samples, make([]error, n), func(i int) string { return s.prefix + itoa(from+i) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *tableSource) read(card *model.Card) (*table.Frame, error) {
	r, err := s.file.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return table.Read(r, s.file.Path, table.Options{Expect: card.Columns()})
}
